/* SPDX-License-Identifier: MIT
 * Winograd's convolution (nets/layers/conv_winograd.c) against the same convolution from patches, which a grid of one
 * region takes: outputs and all gradients. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "nets/internal.h"
#include "nets/layers/conv.h"
#include "nets/layers/layers.h"

#include <cmocka.h>

struct toy { int channels, maps, h, w, pad, grid; };

static const struct option toy_options[] = {
    { "channels", OPTION_INT, offsetof(struct toy, channels), "16", 1, 300, NULL, "of the input" },
    { "maps", OPTION_INT, offsetof(struct toy, maps), "16", 1, 300, NULL, "of the output" },
    { "h", OPTION_INT, offsetof(struct toy, h), "8", 1, 300, NULL, "of the input" },
    { "w", OPTION_INT, offsetof(struct toy, w), "8", 1, 300, NULL, "of the input" },
    { "pad", OPTION_INT, offsetof(struct toy, pad), "0", 0, 1, NULL, "zeros around the input" },
    { "grid", OPTION_INT, offsetof(struct toy, grid), "0", 0, 1, NULL, "1: from patches" },
    { .name = NULL },
};

static void build_toy(struct net_builder *b, const void *options)
{
    const struct toy *o = options;
    int out_h = o->h + 2 * o->pad - 2, out_w = o->w + 2 * o->pad - 2;
    int x = net_scale(b, "stem", net_input(b, "x", (struct shape){ 1, o->channels, o->h, o->w }));
    /* a second reader of x: its gradient is once written by the convolution, once added to */
    int y = net_conv(b, "conv", x, .maps = o->maps, .kernel = 3, .pad = o->pad, .grid = o->grid);
    int z = net_relu(b, net_conv(b, "again", x, .maps = o->maps, .kernel = 3, .pad = o->pad, .grid = o->grid));
    int sum = net_sum(b, y, z);
    struct shape s = { 1, o->maps, out_h, out_w };
    int target = net_input(b, "target", s), mask = net_input(b, "mask", s);
    net_square_loss(b, "loss", sum, target, mask, .weight = 0.7f);
    net_keep(b, sum);
}

static const struct model toy = { "toy", "two convolutions", toy_options, sizeof(struct toy), build_toy };

struct learnt { struct net *net; struct net_run *run; };

static struct learnt learn(struct toy o, int batch)
{
    struct learnt l = { NULL, NULL };
    if (net_create(&l.net, &toy, &o, 3) || net_run_create(&l.run, l.net, batch, NET_LEARN))
        fail_msg("%s", fail_message());
    for (int i = 0; i < l.net->n_nodes; i++) {
        uint64_t seed = 5 + (uint64_t)i;
        struct tensor t = net_run_at(l.run, i);
        for (size_t k = 0; !l.net->nodes[i].kind && k < shape_count(t.shape); k++)
            t.at[k] = strcmp(l.net->nodes[i].name, "mask") ? random_normal(&seed) : 1;
    }
    net_run_learn(l.run);
    return l;
}

static void near(const char *what, const struct toy *o, const float *a, const float *b, size_t n)
{
    double size = 0, apart = 0;
    for (size_t i = 0; i < n; i++) {
        size += (double)a[i] * (double)a[i];
        apart += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    }
    if (!(size > 0 && apart < 1e-10 * size))
        fail_msg("%s of %d to %d maps, %dx%d, pad %d: %g apart, of %g", what, o->channels, o->maps, o->w, o->h, o->pad,
                 sqrt(apart), sqrt(size));
}

static void equals_patches(void **state)
{
    (void)state;
    static const struct toy cases[] = {
        { 16, 16, 6, 6, 0, 0 },   { 17, 19, 9, 7, 0, 0 },  { 32, 20, 8, 11, 1, 0 }, { 20, 40, 26, 22, 0, 0 },
        { 48, 16, 4, 5, 1, 0 },   { 33, 50, 13, 6, 1, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int batch = 1; batch <= 13; batch += 6) { /* whole and broken products */
            struct toy o = cases[i];
            struct conv c = { .maps = o.maps, .kernel = 3, .pad = o.pad };
            struct patches p = conv_patches(&c, (struct shape){ 1, o.channels, o.h, o.w }, NULL);
            assert_true(conv_winograd_fits(&c, &p));
            struct learnt a = learn(o, batch);
            o.grid = 1;
            struct learnt b = learn(o, batch);
            assert_int_equal(a.net->n_weights, b.net->n_weights);
            assert_memory_equal(a.net->weights, b.net->weights, a.net->n_weights * sizeof(float));
            int last = a.net->nodes[a.net->n_nodes - 1].from[0];
            struct tensor have = net_run_at(a.run, last), want = net_run_at(b.run, last);
            near("outputs", &o, want.at, have.at, shape_count(have.shape));
            for (int k = 0; k < a.net->n_params; k++)
                near(a.net->params[k].name, &o, b.run->gradients + b.net->params[k].at, a.run->gradients + a.net->params[k].at,
                     a.net->params[k].n);
            net_run_free(&a.run);
            net_free(&a.net);
            net_run_free(&b.run);
            net_free(&b.net);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(equals_patches) };
    return cmocka_run_group_tests_name("winograd", tests, NULL, NULL);
}
