/* SPDX-License-Identifier: MIT
 * Winograd's convolution (nets/layers/conv_winograd.c) and kernels at every place (conv_unshared.c) against plain loops:
 * outputs and all gradients, shared and in regions, with and without zeros around. */
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

#define AT(field) offsetof(struct toy, field)
static const struct option toy_options[] = {
    { "channels", OPTION_INT, AT(channels), "16", 1, 300, NULL, "of the input" },
    { "maps", OPTION_INT, AT(maps), "16", 1, 300, NULL, "of the output" },
    { "h", OPTION_INT, AT(h), "8", 1, 300, NULL, "of the input" },
    { "w", OPTION_INT, AT(w), "8", 1, 300, NULL, "of the input" },
    { "pad", OPTION_INT, AT(pad), "0", 0, 1, NULL, "zeros around the input" },
    { "grid", OPTION_INT, AT(grid), "0", -1, 4, NULL, "regions along an axis; -1: each place" },
    { .name = NULL },
};
#undef AT

/* Two readers of x: its gradient is once written by a convolution, once added to. */
static void build_toy(struct net_builder *b, const void *options)
{
    const struct toy *o = options;
    struct shape out = { 1, o->maps, o->h + 2 * o->pad - 2, o->w + 2 * o->pad - 2 };
    int x = net_scale(b, "stem", net_input(b, "x", (struct shape){ 1, o->channels, o->h, o->w }));
    int y = net_conv(b, "conv", x, .maps = o->maps, .kernel = 3, .pad = o->pad, .grid = o->grid);
    int z = net_conv(b, "again", x, .maps = o->maps, .kernel = 3, .pad = o->pad, .grid = o->grid);
    net_square_loss(b, "loss", net_sum(b, y, z), net_input(b, "target", out), net_input(b, "mask", out), .weight = 0.7f);
}

static const struct model toy = { "toy", "two convolutions", toy_options, sizeof(struct toy), build_toy };

static void near(const char *what, const struct toy *o, const float *have, const double *want, size_t n)
{
    double size = 0, apart = 0;
    for (size_t i = 0; i < n; i++) {
        size += want[i] * want[i];
        apart += (want[i] - (double)have[i]) * (want[i] - (double)have[i]);
    }
    if (!(size > 0 && apart < 1e-10 * size))
        fail_msg("%s of %d to %d maps, %dx%d, pad %d, grid %d: %g apart, of %g", what, o->channels, o->maps, o->w, o->h,
                 o->pad, o->grid, sqrt(apart), sqrt(size));
}

static int cells(int n, int grid)
{
    return grid < 0 ? n : grid ? grid : 1;
}

static int region(int at, int n, int grid)
{
    int g = 0;
    while (grid > 1 && conv_cut(n, grid, g + 1) <= at)
        g++;
    return g;
}

struct sums { double *out, *in_grad, *weight_grad, *bias_grad; };

/* One convolution, term by term. */
static void by_hand(struct sums *to, const struct toy *o, const float *x, const float *weight, const float *bias,
                    const float *grad, int batch)
{
    int oh = o->h + 2 * o->pad - 2, ow = o->w + 2 * o->pad - 2, c = o->channels;
    for (int at = 0; at < batch * o->maps * oh * ow; at++) {
        int i = at % ow, y = at / ow % oh, m = at / (ow * oh) % o->maps, s = at / (ow * oh * o->maps);
        int down = cells(oh, o->grid), across = cells(ow, o->grid);
        int map = (region(y, oh, down) * across + region(i, ow, across)) * o->maps + m;
        to->out[at] = bias[map];
        to->bias_grad[map] += grad[at];
        for (int k = 0; k < 9 * c; k++) {
            int iy = y + k / 3 % 3 - o->pad, ix = i + k % 3 - o->pad;
            if (iy < 0 || ix < 0 || iy >= o->h || ix >= o->w)
                continue;
            int from = ((s * c + k / 9) * o->h + iy) * o->w + ix;
            to->out[at] += (double)weight[map * 9 * c + k] * x[from];
            to->in_grad[from] += (double)weight[map * 9 * c + k] * grad[at];
            to->weight_grad[map * 9 * c + k] += (double)grad[at] * x[from];
        }
    }
}

/* The value of the loss without learning: with factors of the weights made in each pass, and kept. */
static void keeps_factors(struct net *n, struct net_run *learnt)
{
    struct net_run *r = NULL;
    int loss;
    assert_int_equal(net_find(n, "loss", &loss), OK);
    assert_int_equal(net_run_create(&r, n, learnt->batch, NET_INFER), OK);
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < n->n_nodes; i++)
            if (!n->nodes[i].kind)
                memcpy(r->nodes[i].out.at, net_run_at(learnt, i).at, shape_count(r->nodes[i].out.shape) * sizeof(float));
        net_run_forward(r, 0);
        double apart = fabs(net_run_loss(r, loss) - net_run_loss(learnt, loss));
        assert_true(net_run_loss(learnt, loss) > 0 && apart <= 1e-6 * net_run_loss(learnt, loss));
        net_run_prepare(r);
    }
    net_run_free(&r);
}

static void compare(const struct toy *o, int batch)
{
    struct net *n = NULL;
    struct net_run *r = NULL;
    struct conv c = { .maps = o->maps, .kernel = 3, .pad = o->pad, .grid = o->grid };
    struct patches p = conv_patches(&c, (struct shape){ 1, o->channels, o->h, o->w }, NULL);
    assert_true(conv_winograd_pays(&c, &p, batch) || conv_unshared_pays(&c, batch) || batch == 1);
    if (net_create(&n, &toy, o, 3) || net_run_create(&r, n, batch, NET_LEARN))
        fail_msg("%s", fail_message());
    uint64_t seed = 5;
    for (size_t k = 0; k < n->n_weights; k++)
        n->weights[k] += 0.1f * random_normal(&seed);
    for (int i = 0; i < n->n_nodes; i++) {
        struct tensor t = net_run_at(r, i);
        for (size_t k = 0; !n->nodes[i].kind && k < shape_count(t.shape); k++)
            t.at[k] = strcmp(n->nodes[i].name, "mask") ? random_normal(&seed) : 1;
    }
    net_run_learn(r);
    int stem = -1, at;
    assert_int_equal(net_find(n, "stem", &stem), OK);
    struct tensor x = net_run_at(r, stem);
    double *in_grad = test_calloc(shape_count(x.shape), sizeof *in_grad);
    static const char *const names[] = { "conv", "again" };
    for (int k = 0; k < 2; k++) {
        assert_int_equal(net_find(n, names[k], &at), OK);
        const struct param *weight = &n->params[n->nodes[at].first_param], *bias = weight + 1;
        struct tensor out = net_run_at(r, at);
        size_t n_out = shape_count(out.shape);
        struct sums sums = { test_calloc(n_out, sizeof(double)), in_grad, test_calloc(weight->n, sizeof(double)),
                             test_calloc(bias->n, sizeof(double)) };
        by_hand(&sums, o, x.at, n->weights + weight->at, n->weights + bias->at, r->nodes[at].grad.at, batch);
        near("outputs", o, out.at, sums.out, n_out);
        near("weights' gradient", o, r->gradients + weight->at, sums.weight_grad, weight->n);
        near("bias's gradient", o, r->gradients + bias->at, sums.bias_grad, bias->n);
        test_free(sums.out);
        test_free(sums.weight_grad);
        test_free(sums.bias_grad);
    }
    near("inputs' gradient", o, r->nodes[stem].grad.at, in_grad, shape_count(x.shape));
    keeps_factors(n, r);
    test_free(in_grad);
    net_run_free(&r);
    net_free(&n);
}

static void equals_plain_loops(void **state)
{
    (void)state;
    static const struct toy cases[] = {
        { 16, 16, 6, 6, 0, 0 },  { 17, 19, 9, 7, 0, 0 },   { 32, 20, 8, 11, 1, 0 }, { 20, 40, 26, 22, 0, 0 }, { 48, 16, 4, 5, 1, 0 },
        { 33, 50, 13, 6, 1, 0 }, { 40, 60, 12, 10, 0, 2 }, { 16, 18, 15, 14, 0, 3 },
        { 12, 10, 6, 5, 0, -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int batch = 1; batch <= 33; batch += 16) /* too few to pay, whole and broken products */
            compare(&cases[i], batch);
    compare(&(struct toy){ 90, 88, 14, 14, 1, 0 }, 7); /* products large enough for BLAS */
    compare(&(struct toy){ 3, 5, 5, 4, 0, -1 }, 140); /* two products a place */
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(equals_plain_loops) };
    return cmocka_run_group_tests_name("winograd", tests, NULL, NULL);
}
