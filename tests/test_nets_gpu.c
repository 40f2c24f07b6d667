/* SPDX-License-Identifier: MIT
 * The layers' twins on an accelerator learn what the CPU's layers learn: the same losses and weights after a few steps
 * of every net that trains there, from the same start and inputs. */
#include <math.h>
#include <stdlib.h>

#include "tests/kit.h"

#include "nets/gpu/learner.h"
#include "nets/internal.h"
#include "nets/layers/layers.h"
#include "nets/models/models.h"

enum { BATCH = 8, STEPS = 3, FEEDS = 2 };

/* Labels repeat in pairs; masks are whole, some of them 0; targets of boxes are above 0. */
static void fill_input(const struct node *d, float *to, size_t n, int step)
{
    kit_random(to, n, (uint64_t)(step + 7));
    for (size_t i = 0; i < n; i++) {
        if (strcmp(d->name, "who") == 0)
            to[i] = (float)(i / 2 % 3 + (i % 4 == 3) - (i == 5 ? 2 : 0));
        else if (strncmp(d->name, "mask", 4) == 0)
            to[i] = i % 3 == 0 ? 0 : 1;
        else if (strncmp(d->name, "target", 6) == 0)
            to[i] = fabsf(to[i]);
    }
}

static void assert_close(const float *a, const float *b, size_t n, const char *what)
{
    double square = 0, of = 1e-8 * (double)n; /* a bias before a normalisation is noise around 0 */
    for (size_t i = 0; i < n; i++) {
        square += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        of += (double)b[i] * b[i];
    }
    if (!(sqrt(square / of) < 2e-3))
        print_error("%s: differs by %g of its length\n", what, sqrt(square / of));
    assert_true(sqrt(square / of) < 2e-3);
}

/* Steps of the CPU and of the accelerator, side by side. */
static void compare(const struct model *m, const void *options)
{
    const struct solver_options o = { .rate = 0.05f, .momentum = 0.9f, .decay = 0.001f, .clip = 0.5f, .average = 0.9f };
    struct net *here, *there;
    struct net_run *run;
    struct solver *solver, *other;
    struct learner *l;
    assert_ok(net_create(&here, m, options, 3));
    assert_ok(net_create(&there, m, options, 3));
    assert_ok(solver_create(&solver, here, &o));
    assert_ok(solver_create(&other, there, &o));
    assert_ok(net_run_create(&run, here, BATCH, NET_LEARN));
    assert_ok(learner_create(&l, there, other, BATCH, FEEDS));
    for (int step = 0; step < STEPS; step++) {
        int set = step % LEARNER_SETS;
        for (int i = 0; i < here->n_nodes; i++) {
            if (here->nodes[i].kind)
                continue;
            struct tensor all = net_run_at(run, i);
            size_t part = shape_count(all.shape) / FEEDS;
            fill_input(&here->nodes[i], all.at, shape_count(all.shape), step);
            for (int k = 0; k < FEEDS; k++)
                memcpy(net_run_at(learner_feeds(l, set)[k], i).at, all.at + (size_t)k * part, part * sizeof(float));
        }
        net_run_learn(run);
        assert_ok(learner_start(l, set));
        assert_ok(learner_finish(l, set));
        assert_near(net_run_total_loss(learner_feeds(l, set)[1]), net_run_total_loss(run), 2e-3 * (1 + net_run_total_loss(run)));
        for (int i = 0; i < here->n_nodes; i++)
            if (here->nodes[i].kind && here->nodes[i].keep && !here->nodes[i].loss) {
                struct tensor half = net_run_at(learner_feeds(l, set)[1], i);
                assert_close(half.at, net_run_at(run, i).at + shape_count(half.shape), shape_count(half.shape), here->nodes[i].name);
            }
        solver_step(solver, &run, 1, NULL);
        assert_near(solver_gradient_norm(other), solver_gradient_norm(solver), 2e-3 * solver_gradient_norm(solver));
    }
    assert_ok(learner_fetch(l));
    for (int p = 0; p < here->n_params; p++)
        assert_close(there->weights + here->params[p].at, here->weights + here->params[p].at, here->params[p].n,
                     here->params[p].name);
    assert_close(solver_state(other).velocity, solver_state(solver).velocity, here->n_weights, "momentum");
    assert_close(solver_state(other).shadow, solver_state(solver).shadow, here->n_weights, "average");
    learner_free(&l);
    net_run_free(&run);
    solver_free(&solver);
    solver_free(&other);
    net_free(&here);
    net_free(&there);
}

static struct deepid2_options toy(const struct model *m)
{
    struct deepid2_options o;
    option_defaults(m->options, &o);
    o.maps = 4;
    o.code = 8;
    o.people = 5;
    o.pair_weight = 0.5f;
    o.pair_margin = 2;
    return o;
}

static void deepid2(void **state)
{
    (void)state;
    struct deepid2_options o = toy(&model_deepid2);
    compare(&model_deepid2, &o);
    o.verify = VERIFY_L1;
    o.rectify = false;
    compare(&model_deepid2, &o);
}

static void deepid2plus_with_the_margin_softmax(void **state)
{
    (void)state;
    struct deepid2_options o = toy(&model_deepid2plus);
    o.branches = true;
    o.normalize = o.unit = true;
    o.scale = 8;
    o.margin = 0.2f;
    compare(&model_deepid2plus, &o);
}

/* What LNet is made of, at odd sizes. */
static void build_maps(struct net_builder *b, const void *options)
{
    (void)options;
    int x = net_input(b, "picture", (struct shape){ 1, 3, 26, 34 });
    x = net_relu(b, net_normalize(b, "n1", net_conv(b, "first", x, .maps = 6, .kernel = 6, .stride = 4, .pad = 1, .no_bias = true)));
    int fine = net_conv(b, "deep1", x, .maps = 6, .kernel = 3, .pad = 1, .groups = -1);
    x = net_conv(b, "deep2", fine, .maps = 6, .kernel = 3, .stride = 2, .pad = 1, .groups = -1, .no_bias = true);
    x = net_relu(b, net_conv(b, "point", x, .maps = 6, .kernel = 1));
    x = net_relu(b, net_sum(b, net_pool(b, "pool", fine, .kernel = 3, .stride = 1), net_pool(b, "again", net_upsample(b, x, .factor = 2), .kernel = 3, .stride = 1)));
    int heads = net_scale(b, "says", net_conv(b, "heads", x, .maps = 8, .kernel = 1));
    int box = net_conv(b, "box", heads, .maps = 4, .kernel = 1);
    int mean = net_average(b, "mean", heads);
    net_keep(b, box);
    int h = 4, w = 6; /* 6x8 after the first layer, 4x6 after pooling */
    int in[6];
    static const char *const names[] = { "target1", "mask1", "target2", "mask2", "target3", "mask3" };
    static const int maps[] = { 1, 1, 4, 1, 8, 8 };
    for (int i = 0; i < 6; i++)
        in[i] = net_input(b, names[i], (struct shape){ 1, maps[i], h, w });
    net_logistic_loss(b, "loss1", mean, in[0], in[1], .weight = 1, .focus = 2);
    net_box_loss(b, "loss2", box, in[2], in[3], .weight = 0.5f);
    net_square_loss(b, "loss3", heads, in[4], in[5], .weight = 1, .huber = true);
}

static void maps_and_cells(void **state)
{
    static const struct option none[] = { { 0 } };
    static const struct model maps = { .name = "maps", .paper = "", .options = none, .options_size = 1, .build = build_maps };
    (void)state;
    compare(&maps, "");
}

static void a_layer_without_twin_is_named(void **state)
{
    (void)state;
    struct deepid2_options o = toy(&model_deepid2);
    struct solver_options options = { .rate = 0.1f };
    struct net *n;
    struct solver *s;
    struct learner *l = NULL;
    o.drop = 0.5f;
    assert_ok(net_create(&n, &model_deepid2, &o, 1));
    assert_ok(solver_create(&s, n, &options));
    assert_int_equal(learner_create(&l, n, s, 4, 1), BAD_MATCH);
    assert_non_null(strstr(fail_message(), "dropout"));
    assert_null(l);
    solver_free(&s);
    net_free(&n);
}

int main(void)
{
    setenv("NVIDIA_TF32_OVERRIDE", "0", 1); /* cuBLAS: whole floats, so that only the order of sums differs */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deepid2),
        cmocka_unit_test(deepid2plus_with_the_margin_softmax),
        cmocka_unit_test(maps_and_cells),
        cmocka_unit_test(a_layer_without_twin_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
