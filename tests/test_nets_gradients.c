/* SPDX-License-Identifier: MIT
 * Backward belongs to forward, for every kind of layer: analytic gradients against differences of the loss. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "nets/internal.h"
#include "nets/layers/layers.h"

#include <cmocka.h>

struct toy { int which; };
static const struct option toy_options[] = {
    { "which", OPTION_INT, offsetof(struct toy, which), "0", 0, 1000, NULL, "which net of the table" },
    { .name = NULL },
};

static int square(struct net_builder *b, int x, struct shape s)
{
    int target = net_input(b, "target", s), mask = net_input(b, "mask", s);
    return net_square_loss(b, "loss", x, target, mask, .weight = 0.7f);
}

static int stem(struct net_builder *b, int c, int h, int w)
{
    return net_scale(b, "stem", net_input(b, "x", (struct shape){ 1, c, h, w }));
}

static void conv_plain(struct net_builder *b)
{
    square(b, net_conv(b, "conv", stem(b, 3, 7, 6), .maps = 4, .kernel = 3), (struct shape){ 1, 4, 5, 4 });
}
static void conv_strided(struct net_builder *b)
{
    square(b, net_conv(b, "conv", stem(b, 2, 7, 9), .maps = 3, .kernel = 3, .stride = 2, .pad = 1),
           (struct shape){ 1, 3, 4, 5 });
}
static void conv_strided_even(struct net_builder *b)
{
    square(b, net_conv(b, "conv", stem(b, 3, 11, 14), .maps = 5, .kernel = 6, .stride = 4, .pad = 1),
           (struct shape){ 1, 5, 2, 3 });
}
static void conv_point(struct net_builder *b)
{
    square(b, net_conv(b, "conv", stem(b, 3, 4, 5), .maps = 2, .kernel = 1, .no_bias = true), (struct shape){ 1, 2, 4, 5 });
}
static void conv_grid(struct net_builder *b)
{
    square(b, net_conv(b, "conv", stem(b, 2, 7, 6), .maps = 3, .kernel = 3, .grid = 2), (struct shape){ 1, 3, 5, 4 });
}
static void conv_unshared(struct net_builder *b)
{
    square(b, net_conv(b, "conv", stem(b, 2, 4, 5), .maps = 3, .kernel = 2, .grid = -1), (struct shape){ 1, 3, 3, 4 });
}
static void conv_depthwise(struct net_builder *b)
{
    square(b, net_conv(b, "conv", stem(b, 3, 6, 7), .maps = 3, .kernel = 3, .pad = 1, .groups = -1),
           (struct shape){ 1, 3, 6, 7 });
}
static void conv_depthwise_strided(struct net_builder *b)
{
    square(b, net_conv(b, "conv", stem(b, 3, 6, 9), .maps = 3, .kernel = 3, .pad = 1, .stride = 2, .groups = -1),
           (struct shape){ 1, 3, 3, 5 });
}
static void pool(struct net_builder *b)
{
    square(b, net_pool(b, "pool", stem(b, 2, 5, 6), .kernel = 2), (struct shape){ 1, 2, 2, 3 });
}
static void pool_over(struct net_builder *b)
{
    square(b, net_pool(b, "pool", stem(b, 2, 7, 7), .kernel = 3, .stride = 2), (struct shape){ 1, 2, 3, 3 });
}
static void activations(struct net_builder *b)
{
    int x = net_relu(b, stem(b, 2, 3, 4));
    x = net_scale(b, "again", x);
    x = net_sigmoid(b, "sigmoid", x);
    x = net_scale(b, "more", x);
    x = net_add(b, &layer_tanh, "tanh", NULL, 1, &x);
    square(b, x, (struct shape){ 1, 2, 3, 4 });
}
static void full(struct net_builder *b)
{
    square(b, net_full(b, "full", stem(b, 2, 3, 2), .units = 5), (struct shape){ 1, 5, 1, 1 });
}
static void full_unit(struct net_builder *b)
{
    int x = net_unit(b, stem(b, 2, 3, 2), .scale = 2);
    square(b, net_full(b, "full", x, .units = 5, .unit_rows = true, .no_bias = true), (struct shape){ 1, 5, 1, 1 });
}
static void combine(struct net_builder *b)
{
    int x = stem(b, 2, 4, 4);
    int small = net_pool(b, "pool", x, .kernel = 2);
    int sum = net_sum(b, x, net_upsample(b, small, .factor = 2));
    int mean = net_average(b, "mean", sum);
    square(b, net_join(b, net_join(b, sum, mean), small), (struct shape){ 1, 3 * 16 + 8, 1, 1 });
}
static void normalize(struct net_builder *b)
{
    int x = net_conv(b, "conv", stem(b, 2, 4, 5), .maps = 3, .kernel = 1);
    square(b, net_normalize(b, "norm", x), (struct shape){ 1, 3, 4, 5 });
}
static void pooled(struct net_builder *b) /* all three by the first while it learns */
{
    int x = net_relu(b, net_normalize(b, "norm", net_conv(b, "conv", stem(b, 2, 5, 6), .maps = 3, .kernel = 1)));
    square(b, net_pool(b, "pool", x, .kernel = 2), (struct shape){ 1, 3, 2, 3 });
}
static void fused(struct net_builder *b) /* relus that inference does within the layer before */
{
    int x = net_relu(b, net_conv(b, "conv", stem(b, 2, 6, 5), .maps = 2, .kernel = 3, .pad = 1));
    x = net_relu(b, net_normalize(b, "norm", x));
    x = net_relu(b, net_conv(b, "deep", x, .maps = 2, .kernel = 3, .pad = 1, .groups = -1));
    x = net_relu(b, net_conv(b, "grid", x, .maps = 2, .kernel = 3, .grid = 2, .pad = 1));
    x = net_relu(b, net_sum(b, x, net_relu(b, net_scale(b, "scale", x))));
    square(b, net_relu(b, net_full(b, "full", x, .units = 9)), (struct shape){ 1, 9, 1, 1 });
}
static void sum_of_relus(struct net_builder *b) /* the sum may be written over its first part only where no mask of a relu is lost */
{
    int x = stem(b, 2, 4, 4);
    int fine = net_relu(b, net_normalize(b, "norm", net_conv(b, "fine", x, .maps = 3, .kernel = 1)));
    int coarse = net_conv(b, "coarse", net_pool(b, "pool", x, .kernel = 2), .maps = 3, .kernel = 1);
    square(b, net_sum(b, fine, net_upsample(b, net_relu(b, coarse), .factor = 2)), (struct shape){ 1, 3, 4, 4 });
}
static void dropout(struct net_builder *b)
{
    square(b, net_dropout(b, stem(b, 2, 4, 5), .rate = 0.4f), (struct shape){ 1, 2, 4, 5 });
}
static void softmax(struct net_builder *b)
{
    int who = net_input(b, "who", (struct shape){ 1, 1, 1, 1 });
    net_softmax_loss(b, "loss", net_full(b, "full", stem(b, 4, 1, 1), .units = 6), who, .weight = 1.5f, .margin = 0.1f,
                     .scale = 2);
}
static void pairs(struct net_builder *b, int form, int side)
{
    int who = net_input(b, "who", (struct shape){ 1, 1, 1, 1 });
    net_pair_loss(b, "loss", net_full(b, "full", stem(b, 4, 1, 1), .units = 6), who, .weight = 1.5f, .margin = 3,
                  .form = form, .side = side);
}
static void pair_l2(struct net_builder *b)
{
    pairs(b, PAIR_L2, PAIR_BOTH);
}
static void pair_l1(struct net_builder *b)
{
    pairs(b, PAIR_L1, PAIR_BOTH);
}
static void pair_cosine(struct net_builder *b)
{
    pairs(b, PAIR_COSINE, PAIR_BOTH);
}
static void pair_same(struct net_builder *b)
{
    pairs(b, PAIR_L2, PAIR_SAME);
}
static void pair_different(struct net_builder *b)
{
    pairs(b, PAIR_L2, PAIR_DIFFERENT);
}
static void logistic(struct net_builder *b)
{
    struct shape s = { 1, 2, 3, 2 };
    int target = net_input(b, "target01", s), mask = net_input(b, "mask", s);
    net_logistic_loss(b, "loss", stem(b, 2, 3, 2), target, mask, .weight = 0.6f);
}
static void logistic_focal(struct net_builder *b)
{
    struct shape s = { 1, 2, 3, 2 };
    int target = net_input(b, "target01", s), mask = net_input(b, "mask", s);
    net_logistic_loss(b, "loss", stem(b, 2, 3, 2), target, mask, .weight = 0.6f, .focus = 2);
}
static void huber(struct net_builder *b)
{
    struct shape s = { 1, 2, 3, 2 };
    int target = net_input(b, "target", s), mask = net_input(b, "mask", s);
    net_square_loss(b, "loss", stem(b, 2, 3, 2), target, mask, .weight = 0.6f, .huber = true);
}
static void boxes(struct net_builder *b)
{
    int target = net_input(b, "target4", (struct shape){ 1, 4, 3, 2 });
    int mask = net_input(b, "mask", (struct shape){ 1, 1, 3, 2 });
    net_box_loss(b, "loss", stem(b, 4, 3, 2), target, mask, .weight = 1.1f);
}
static void hinge(struct net_builder *b)
{
    int target = net_input(b, "target", (struct shape){ 1, 3, 1, 1 });
    net_hinge_loss(b, "loss", net_full(b, "full", stem(b, 4, 1, 1), .units = 3), target, .weight = 0.8f);
}

static const struct { const char *name; void (*build)(struct net_builder *b); } nets[] = {
    { "conv", conv_plain }, { "conv strided", conv_strided }, { "conv 1x1", conv_point }, { "conv grid", conv_grid },
    { "conv unshared", conv_unshared }, { "depthwise", conv_depthwise }, { "depthwise strided", conv_depthwise_strided },
    { "pool", pool }, { "pool overlapping", pool_over }, { "activations", activations }, { "full", full },
    { "full unit rows", full_unit }, { "combine", combine }, { "normalize", normalize }, { "fused", fused }, { "dropout", dropout },
    { "softmax", softmax }, { "pair L2", pair_l2 }, { "pair L1", pair_l1 }, { "pair cosine", pair_cosine },
    { "pair same", pair_same }, { "pair different", pair_different }, { "logistic", logistic },
    { "logistic focal", logistic_focal }, { "huber", huber }, { "boxes", boxes }, { "hinge", hinge },
    { "conv strided, even", conv_strided_even }, { "sum of relus", sum_of_relus }, { "pooled", pooled },
};

static void build_toy(struct net_builder *b, const void *options)
{
    nets[((const struct toy *)options)->which].build(b);
}

static const struct model toy = { "toy", "one layer", toy_options, sizeof(struct toy), build_toy };

static void fill_inputs(struct net_run *run, const struct net *n, const uint64_t *random)
{
    for (int i = 0; i < n->n_nodes; i++) {
        if (n->nodes[i].kind)
            continue;
        uint64_t own = *random + (uint64_t)i, *random_of = &own;
        struct tensor t = net_run_at(run, i);
        if (!t.at) /* inference does not need it */
            continue;
        const char *name = n->nodes[i].name;
        for (size_t k = 0; k < shape_count(t.shape); k++) {
            float v = random_normal(random_of);
            if (strcmp(name, "mask") == 0)
                v = random_unit(random_of) < 0.3f ? 0 : random_unit(random_of) + 0.2f;
            else if (strcmp(name, "target01") == 0)
                v = random_unit(random_of) < 0.5f ? 0 : 1;
            else if (strcmp(name, "target4") == 0)
                v = 0.3f + 3 * random_unit(random_of);
            else if (strcmp(name, "who") == 0) /* the first half of the pairs agree */
                v = (float)(k < 4 ? k / 2 : k) - (k == 7 ? 2 : 0);
            t.at[k] = v;
        }
    }
}

static double loss_at(struct net_run *run)
{
    net_run_set_random(run, 7);
    net_run_learn(run);
    return net_run_total_loss(run);
}

static void gradients_match(void **state)
{
    (void)state;
    int bad = 0;
    for (size_t t = 0; t < sizeof nets / sizeof nets[0]; t++) {
        struct toy options = { (int)t };
        struct net *n = NULL;
        struct net_run *run = NULL;
        uint64_t random = 100 + t;
        if (net_create(&n, &toy, &options, 3) || net_run_create(&run, n, 8, NET_LEARN))
            fail_msg("%s: %s", nets[t].name, fail_message());
        for (int p = 0; p < n->n_params; p++)
            for (size_t k = 0; n->params[p].as.role == PARAM_BIAS && k < n->params[p].n; k++)
                n->weights[n->params[p].at + k] += 0.3f * random_normal(&random);
        fill_inputs(run, n, &random);
        double at = loss_at(run);
        if (!(isfinite(at) && at > 0))
            fail_msg("%s: the loss is %g", nets[t].name, at);
        memset(run->gradients, 0, n->n_weights * sizeof(float));
        loss_at(run);
        float *kept = test_malloc(n->n_weights * sizeof(float) + 4);
        memcpy(kept, run->gradients, n->n_weights * sizeof(float));
        for (int p = 0; p < n->n_params; p++) {
            if (n->params[p].as.role > PARAM_BIAS)
                continue;
            for (size_t k = 0; k < n->params[p].n; k += 1 + n->params[p].n / 24) {
                float *w = n->weights + n->params[p].at + k, was = *w, h = nets[t].build == fused ? 2e-4f : 2e-3f;
                *w = was + h;
                double up = loss_at(run);
                *w = was - h;
                double down = loss_at(run);
                *w = was;
                double want = (up - down) / (2 * h), have = kept[n->params[p].at + k];
                if (fabs(want - have) > (nets[t].build == fused ? 2e-2 : 2e-3) + 0.03 * fabs(want)) {
                    print_error("%s: %s[%zu]: %g by differences, %g by backward\n", nets[t].name, n->params[p].name, k,
                                want, have);
                    bad++;
                }
            }
        }
        test_free(kept);
        net_run_free(&run);
        net_free(&n);
    }
    assert_int_equal(bad, 0);
}

static void every_kind_is_tested(void **state)
{
    (void)state;
    for (int k = 0; layer_kinds[k]; k++) {
        bool seen = false;
        for (size_t t = 0; t < sizeof nets / sizeof nets[0]; t++) {
            struct toy options = { (int)t };
            struct net *n = NULL;
            assert_int_equal(net_create(&n, &toy, &options, 3), OK);
            for (int i = 0; i < n->n_nodes; i++)
                seen |= n->nodes[i].kind == layer_kinds[k];
            net_free(&n);
        }
        if (!seen)
            fail_msg("no net in the table has a layer of kind %s", layer_kinds[k]->name);
    }
}

/* Inference shares buffers and fuses relus: it must say what the learning run says. */
static void infer_equals_learn(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof nets / sizeof nets[0]; t++) {
        struct toy options = { (int)t };
        struct net *n = NULL;
        struct net_run *learn = NULL, *infer = NULL;
        uint64_t random = 9;
        assert_int_equal(net_create(&n, &toy, &options, 5), OK);
        assert_int_equal(net_run_create(&learn, n, 8, NET_LEARN), OK);
        fill_inputs(learn, n, &random);
        int last = n->nodes[n->n_nodes - 1].from[0];
        n->nodes[last].keep = true;
        assert_int_equal(net_run_create(&infer, n, 8, NET_INFER), OK);
        random = 9;
        fill_inputs(infer, n, &random);
        net_run_forward(learn, 0);
        net_run_forward(infer, 0);
        struct tensor a = net_run_at(learn, last), b = net_run_at(infer, last);
        for (size_t k = 0; k < shape_count(a.shape); k++)
            if (fabsf(a.at[k] - b.at[k]) > 1e-5f * (1 + fabsf(a.at[k])))
                fail_msg("%s: output %zu is %g in inference, %g in learning", nets[t].name, k, (double)b.at[k],
                         (double)a.at[k]);
        net_run_free(&learn);
        net_run_free(&infer);
        net_free(&n);
    }
}

static void gradients_of(struct net_run *run, const struct net *n, bool half, float *to)
{
    uint64_t random = 11;
    memset(run->gradients, 0, n->n_weights * sizeof(float));
    fill_inputs(run, n, &random);
    net_run_set_random(run, 12);
    run->half = half; /* on any processor: the plain twin will do */
    net_run_learn(run);
    memcpy(to, run->gradients, n->n_weights * sizeof(float));
}

/* Rounded factors: the gradient points the same way and is as long, to the rounding. */
static void half_comes_close(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof nets / sizeof nets[0]; t++) {
        struct toy options = { (int)t };
        struct net *n = NULL;
        struct net_run *run = NULL;
        assert_int_equal(net_create(&n, &toy, &options, 3), OK);
        assert_int_equal(net_run_create(&run, n, 8, NET_LEARN), OK);
        float *a = test_malloc(n->n_weights * sizeof(float) + 4), *b = test_malloc(n->n_weights * sizeof(float) + 4);
        gradients_of(run, n, false, a);
        gradients_of(run, n, true, b);
        double size = 0, apart = 0;
        for (size_t k = 0; k < n->n_weights; k++) {
            size += (double)a[k] * (double)a[k];
            apart += ((double)a[k] - (double)b[k]) * ((double)a[k] - (double)b[k]);
        }
        if (apart > 4e-4 * size)
            fail_msg("%s: gradients are %g apart, of %g", nets[t].name, sqrt(apart), sqrt(size));
        test_free(a);
        test_free(b);
        net_run_free(&run);
        net_free(&n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_match),
        cmocka_unit_test(every_kind_is_tested),
        cmocka_unit_test(infer_equals_learn),
        cmocka_unit_test(half_comes_close),
    };
    return cmocka_run_group_tests_name("nets gradients", tests, NULL, NULL);
}
