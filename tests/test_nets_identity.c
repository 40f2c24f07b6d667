/* SPDX-License-Identifier: MIT
 * DeepID2 and DeepID2+ at toy size: every verification signal, at every depth, learns what it says; the net without
 * branches computes the code that the net with branches computed. */
#include <math.h>

#include "tests/kit.h"

#include "nets/internal.h"
#include "nets/layers/layers.h"
#include "nets/models/models.h"

enum { BATCH = 8, PEOPLE = 4 };

static struct deepid2_options toy(const struct model *m, int verify)
{
    struct deepid2_options o;
    option_defaults(m->options, &o);
    o.maps = 3;
    o.code = 8;
    o.people = PEOPLE;
    o.verify = verify;
    o.pair_weight = 2;
    o.pair_margin = 2;
    o.branches = m == &model_deepid2plus;
    return o;
}

/* Pairs 0 and 1 are of one person each, pairs 2 and 3 of two. */
static void fill(struct net_run *r)
{
    static const float who[BATCH] = { 0, 0, 1, 1, 2, 3, 0, 2 };
    int face, label;
    assert_ok(net_find(r->net, "face", &face));
    assert_ok(net_find(r->net, "who", &label));
    kit_random(net_run_at(r, face).at, shape_count(net_run_at(r, face).shape), 4);
    memcpy(net_run_at(r, label).at, who, sizeof who);
}

static double loss_of(struct net_run *r)
{
    net_run_learn(r);
    return net_run_total_loss(r);
}

/* Along its own gradient g a small step (smaller than to the next kink of a relu) changes the loss by the step times
 * |g|^2. */
static void check_slope(struct net *n, struct net_run *r)
{
    size_t count = n->n_weights;
    float *g = test_malloc(count * sizeof *g), *was = test_malloc(count * sizeof *was);
    double square = 0;
    memset(r->gradients, 0, count * sizeof(float));
    loss_of(r);
    memcpy(was, n->weights, count * sizeof(float));
    for (int p = 0; p < n->n_params; p++)
        for (size_t k = 0; k < n->params[p].n; k++) {
            size_t at = n->params[p].at + k;
            g[at] = n->params[p].as.role <= PARAM_BIAS ? r->gradients[at] : 0;
            square += (double)g[at] * (double)g[at];
        }
    double step = 1e-4 / sqrt(square);
    double side[2];
    for (int s = 0; s < 2; s++) {
        for (int p = 0; p < n->n_params; p++)
            for (size_t k = 0; k < n->params[p].n; k++) {
                size_t at = n->params[p].at + k;
                n->weights[at] = was[at] + (float)(n->params[p].as.role <= PARAM_BIAS ? (s ? step : -step) * g[at] : 0);
            }
        side[s] = loss_of(r);
    }
    memcpy(n->weights, was, count * sizeof(float));
    double slope = (side[1] - side[0]) / (2 * step);
    assert_true(square > 0);
    assert_near(slope / square, 1, 0.01);
    test_free(g);
    test_free(was);
}

static void every_signal_has_its_gradient(void **state)
{
    (void)state;
    static const struct model *const models[] = { &model_deepid2, &model_deepid2plus };
    for (int m = 0; m < 2; m++)
        for (int variant = 0; variant < 4 * (VERIFY_NONE + 1); variant++) {
            struct deepid2_options o = toy(models[m], variant / 4);
            struct net *n = NULL;
            struct net_run *r = NULL;
            o.unit = variant & 1;
            o.identify = !(variant & 2);
            if (!o.identify && o.verify == VERIFY_NONE)
                continue;
            assert_ok(net_create(&n, models[m], &o, 2));
            assert_ok(net_run_create(&r, n, BATCH, NET_LEARN));
            fill(r);
            check_slope(n, r);
            net_run_free(&r);
            net_free(&n);
        }
}

static void attributes_have_their_gradient(void **state)
{
    (void)state;
    struct anet_options o;
    struct net *n = NULL;
    struct net_run *r = NULL;
    int face, truth, counts;
    option_defaults(model_anet.options, &o);
    o.maps = 3;
    o.code = 8;
    o.attributes = 5;
    assert_ok(net_create(&n, &model_anet, &o, 2));
    assert_ok(net_run_create(&r, n, BATCH, NET_LEARN));
    assert_ok(net_find(n, "face", &face));
    assert_ok(net_find(n, "truth", &truth));
    assert_ok(net_find(n, "counts", &counts));
    kit_random(net_run_at(r, face).at, shape_count(net_run_at(r, face).shape), 4);
    for (int i = 0; i < 5 * BATCH; i++) {
        net_run_at(r, truth).at[i] = (float)(i % 3 == 0);
        net_run_at(r, counts).at[i] = (float)(i % 4) / 3; /* some are not known */
    }
    check_slope(n, r);
    net_run_free(&r);
    net_free(&n);
}

static double distance(const float *a, const float *b, int n, bool one)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += one ? fabs((double)a[i] - (double)b[i]) : ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return one ? sum : sqrt(sum);
}

/* The printed formulas, from the codes that the net computed. */
static double wanted(const float *code, int size, int verify, double margin)
{
    double loss = 0;
    for (int i = 0; i < BATCH / 2; i++) {
        const float *a = code + (size_t)(2 * i * size);
        bool same = i < 2;
        double d = distance(a, a + size, size, verify == VERIFY_L1);
        if (verify == VERIFY_L2_SAME ? !same : verify == VERIFY_L2_DIFFERENT && same)
            continue;
        double r = same ? d : margin > d ? margin - d : 0;
        loss += r * r / 2;
    }
    return loss;
}

static void signals_are_the_printed_formulas(void **state)
{
    (void)state;
    for (int verify = VERIFY_L2; verify <= VERIFY_L1; verify++) {
        struct deepid2_options o = toy(&model_deepid2plus, verify);
        struct net *n = NULL;
        struct net_run *r = NULL;
        assert_ok(net_create(&n, &model_deepid2plus, &o, 2));
        assert_ok(net_run_create(&r, n, BATCH, NET_LEARN));
        fill(r);
        net_run_learn(r);
        for (int depth = 0; depth < 4; depth++) {
            static const char *const names[][2] = { { "code", "verify" }, { "code1", "verify1" }, { "code2", "verify2" },
                                                    { "code3", "verify3" } };
            int code, loss;
            assert_ok(net_find(n, names[depth][0], &code));
            assert_ok(net_find(n, names[depth][1], &loss));
            double want = (double)o.pair_weight / BATCH * wanted(net_run_at(r, code).at, o.code, verify, 2);
            assert_near(net_run_loss(r, loss), want, 1e-4 * (1 + want));
        }
        net_run_free(&r);
        net_free(&n);
    }
}

static void without_branches_the_code_is_the_same(void **state)
{
    (void)state;
    struct deepid2_options o = toy(&model_deepid2plus, VERIFY_L2);
    struct net *with = NULL, *without = NULL;
    struct net_run *a = NULL, *b = NULL;
    const char *path = kit_path("branches.safetensors");
    int taken, code, other;
    assert_ok(net_create(&with, &model_deepid2plus, &o, 6));
    assert_ok(net_save(with, path, NULL, 0));
    o.people = 0;
    o.branches = false;
    assert_ok(net_create(&without, &model_deepid2plus, &o, 7));
    assert_ok(net_borrow(without, path, &taken));
    assert_int_equal(taken, 10); /* five layers, weight and bias */
    assert_ok(net_run_create(&a, with, 2, NET_INFER));
    assert_ok(net_run_create(&b, without, 2, NET_INFER));
    kit_random(net_run_at(a, 0).at, shape_count(net_run_at(a, 0).shape), 8);
    memcpy(net_run_at(b, 0).at, net_run_at(a, 0).at, shape_count(net_run_at(a, 0).shape) * sizeof(float));
    net_run_forward(a, 0);
    net_run_forward(b, 0);
    assert_ok(net_find(with, "code", &code));
    assert_ok(net_find(without, "code", &other));
    assert_memory_equal(net_run_at(a, code).at, net_run_at(b, other).at, 2 * (size_t)o.code * sizeof(float));
    net_run_free(&a);
    net_run_free(&b);
    net_free(&with);
    net_free(&without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_signal_has_its_gradient),
        cmocka_unit_test(attributes_have_their_gradient),
        cmocka_unit_test(signals_are_the_printed_formulas),
        cmocka_unit_test(without_branches_the_code_is_the_same),
    };
    return cmocka_run_group_tests_name("nets identity", tests, NULL, NULL);
}
