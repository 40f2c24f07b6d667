/* SPDX-License-Identifier: MIT
 * The models have the papers' shapes; live buffers never overlap; running allocates nothing. */
#include "tests/kit.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "nets/internal.h"
#include "nets/layers/layers.h"
#include "nets/models/models.h"

static void shape_is(const struct net *n, const char *layer, int c, int h, int w)
{
    int i;
    assert_ok(net_find(n, layer, &i));
    assert_int_equal(n->nodes[i].shape.c, c);
    assert_int_equal(n->nodes[i].shape.h, h);
    assert_int_equal(n->nodes[i].shape.w, w);
}

/* papers.md section 3: sizes and counts of the published net. */
static void deepid2_is_as_published(void **state)
{
    (void)state;
    struct net *n = NULL;
    assert_ok(net_create(&n, &model_deepid2, NULL, 1));
    shape_is(n, "conv1", 20, 52, 44);
    shape_is(n, "pool1", 20, 26, 22);
    shape_is(n, "conv2", 40, 24, 20);
    shape_is(n, "conv3", 60, 10, 8);
    shape_is(n, "pool3", 60, 5, 4);
    shape_is(n, "conv4", 80, 4, 3);
    shape_is(n, "code", 160, 1, 1);
    /* 980 + 7,240 + 86,640 (four sets) + 231,360 + 345,760 */
    assert_int_equal(net_weights(n), 671980);
    net_free(&n);
}

/* papers.md section 6: the net that runs, and the branches it learns with. */
static void deepid2plus_is_as_published(void **state)
{
    (void)state;
    struct net *n = NULL;
    struct deepid2_options o;
    int layer;
    assert_ok(net_create(&n, &model_deepid2plus, NULL, 1));
    shape_is(n, "conv1", 128, 52, 44);
    shape_is(n, "conv2", 128, 24, 20);
    shape_is(n, "conv3", 128, 10, 8);
    shape_is(n, "conv4", 128, 4, 3);
    shape_is(n, "code", 512, 1, 1);
    /* 6,272 + 147,584 + 590,336 (four sets) + 787,968 + 2,097,664 */
    assert_int_equal(net_weights(n), 3629824);
    assert_fails(net_find(n, "code1", &layer), BAD_MATCH, "code1");
    int64_t adds = 0;
    for (int i = 0; i < n->n_nodes; i++)
        adds += n->nodes[i].multiply_adds;
    assert_true(adds > 99400000 && adds < 99600000); /* 99.5 million */
    net_free(&n);
    option_defaults(model_deepid2plus.options, &o);
    o.branches = true;
    assert_ok(net_build(&n, &model_deepid2plus, &o)); /* fifty million weights need not be drawn */
    shape_is(n, "code1", 512, 1, 1);
    shape_is(n, "code2", 512, 1, 1);
    shape_is(n, "code3", 512, 1, 1);
    /* FC-3 1,311,232; FC-2 7,864,832; FC-1 37,487,104 */
    assert_int_equal(net_weights(n), 3629824 + 1311232 + 7864832 + 37487104);
    net_free(&n);
}

/* papers.md section 8, on DeepID2's crop: the same layers under the same names, and 40 logits. */
static void anet_begins_as_deepid2(void **state)
{
    (void)state;
    struct net *from = NULL, *n = NULL;
    const char *path = kit_path("deepid2.safetensors");
    int taken = 0;
    size_t count;
    assert_ok(net_create(&n, &model_anet, NULL, 1));
    shape_is(n, "conv3", 60, 10, 8);
    shape_is(n, "conv4", 80, 4, 3);
    shape_is(n, "feature", 160, 1, 1);
    shape_is(n, "attributes", 40, 1, 1);
    assert_int_equal(net_weights(n), 671980 + 160 * 40 + 40);
    assert_ok(net_create(&from, &model_deepid2, NULL, 2));
    assert_ok(net_save(from, path, NULL, 0));
    assert_ok(net_borrow(n, path, &taken));
    assert_int_equal(taken, 10); /* weights and biases of four convolutions and the full layer */
    const float *mine = net_weight(n, "conv4.weight", &count), *theirs = net_weight(from, "conv4.weight", &count);
    assert_memory_equal(mine, theirs, count * sizeof(float));
    net_free(&from);
    net_free(&n);
}

static int last_reader(const struct net_run *r, int layer)
{
    int last = layer;
    if (r->net->nodes[layer].keep)
        return r->net->n_nodes;
    for (int i = layer + 1; i < r->net->n_nodes; i++)
        for (int k = 0; r->nodes[i].needed && k < r->net->nodes[i].n_from; k++)
            if (r->net->nodes[i].from[k] == layer)
                last = r->nodes[i].in_place ? last_reader(r, i) : i;
    return last;
}

static void live_buffers_are_apart(void **state)
{
    (void)state;
    for (int m = 0; m < model_count(); m++) {
        struct net *n = NULL;
        struct net_run *r = NULL;
        assert_ok(net_create(&n, model_at(m), NULL, 1));
        assert_ok(net_run_create(&r, n, 2, NET_INFER));
        for (int i = 0; i < n->n_nodes; i++)
            for (int k = 0; k < i; k++) {
                if (!r->nodes[i].needed || !r->nodes[k].needed || r->nodes[i].in_place)
                    continue;
                const float *a = r->nodes[i].out.at, *b = r->nodes[k].out.at;
                bool overlap = a < b + shape_count(r->nodes[k].out.shape) && b < a + shape_count(r->nodes[i].out.shape);
                if (overlap && !r->nodes[k].in_place && last_reader(r, k) >= i)
                    print_error("%s: %s overwrites %s, which is still read\n", model_at(m)->name, n->nodes[i].name,
                                n->nodes[k].name);
                assert_false(overlap && !r->nodes[k].in_place && last_reader(r, k) >= i);
            }
        net_run_free(&r);
        net_free(&n);
    }
}

static void runs_without_allocating(void **state)
{
    (void)state;
    for (int m = 0; m < model_count(); m++) {
        struct net *n = NULL;
        struct net_run *r = NULL;
        assert_ok(net_create(&n, model_at(m), NULL, 1));
        assert_ok(net_run_create(&r, n, 2, NET_INFER));
        uint64_t before = memory_allocations();
        for (int i = 0; i < 3; i++)
            net_run_forward(r, 1 + i % 2);
        assert_int_equal(memory_allocations(), before);
        net_run_free(&r);
        net_free(&n);
    }
}

/* A fully convolutional net at another size says of the same pixels what it said before. */
static void sized_runs_agree(void **state)
{
    (void)state;
    struct net *n = NULL;
    struct net_run *small = NULL, *large = NULL;
    int layer;
    assert_ok(net_create(&n, &model_lnet, NULL, 1));
    assert_ok(net_find(n, "response8", &layer));
    assert_ok(net_run_create_sized(&small, n, 1, 256, 256, NET_INFER));
    assert_ok(net_run_create_sized(&large, n, 1, 256, 512, NET_INFER));
    struct tensor a = net_run_at(small, 0), b = net_run_at(large, 0);
    kit_random(a.at, shape_count(a.shape), 5);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 256; y++)
            for (int x = 0; x < 512; x++)
                b.at[(c * 256 + y) * 512 + x] = a.at[(c * 256 + y) * 256 + x % 256];
    net_run_forward(small, 0);
    net_run_forward(large, 0);
    struct tensor s = net_run_at(small, layer), l = net_run_at(large, layer);
    assert_int_equal(l.shape.w, 2 * s.shape.w);
    /* the left edge of both sees the same, as far as the right neighbourhood does not reach */
    for (int y = 0; y < s.shape.h; y++)
        assert_near(s.at[y * s.shape.w], l.at[y * l.shape.w], 1e-3);
    net_run_free(&small);
    net_run_free(&large);
    net_free(&n);
}

/* Small batches go other ways through the layers than large ones. */
static void any_number_of_samples_agrees(void **state)
{
    (void)state;
    enum { ALL = 20 };
    struct deepid2_options o;
    struct net *n = NULL;
    struct net_run *r = NULL;
    float codes[ALL * 40], most = 0;
    int face, code;
    option_defaults(model_deepid2.options, &o);
    o.maps = 8;
    o.code = 40;
    o.people = 0;
    o.normalize = false;
    assert_ok(net_create(&n, &model_deepid2, &o, 1));
    assert_ok(net_find(n, "face", &face));
    assert_ok(net_find(n, "code", &code));
    assert_ok(net_run_create(&r, n, ALL, NET_INFER));
    struct tensor in = net_run_at(r, face);
    kit_random(in.at, shape_count(in.shape), 5);
    net_run_forward(r, 0);
    memcpy(codes, net_run_at(r, code).at, sizeof codes);
    for (int i = 0; i < ALL * 40; i++)
        most = fmaxf(most, fabsf(codes[i]));
    assert_true(most > 0.1f);
    for (int few = 1; few < ALL; few++) {
        net_run_forward(r, few);
        for (int i = 0; i < few * 40; i++)
            assert_true(fabsf(net_run_at(r, code).at[i] - codes[i]) < 1e-4f * most);
    }
    net_run_free(&r);
    net_free(&n);
}

/* LNet's boxes, read where they are asked for, and all of them as a learning run makes them. */
static void places_are_as_the_whole_layer(void **state)
{
    (void)state;
    const struct lnet_options options = { .maps = 8, .size = 64, .tag_weight = 0 };
    struct net *n = NULL;
    struct net_run *whole = NULL, *r = NULL;
    int input, boxes;
    uint64_t seed = 1;
    assert_ok(net_create(&n, &model_lnet, &options, 1));
    assert_ok(net_find(n, "picture", &input));
    assert_ok(net_find(n, "boxes16", &boxes));
    assert_ok(net_run_create(&whole, n, 2, NET_LEARN));
    assert_ok(net_run_create(&r, n, 2, NET_INFER));
    for (size_t i = 0; i < shape_count(net_run_at(r, input).shape); i++)
        net_run_at(r, input).at[i] = net_run_at(whole, input).at[i] = random_normal(&seed);
    net_run_forward(whole, 0);
    net_run_forward(r, 0);
    struct tensor all = net_run_at(whole, boxes);
    assert_int_equal(all.shape.w, 4);
    for (int sample = 0; sample < 2; sample++)
        for (int x = 0; x < 4; x++) {
            float out[4], largest = 0;
            net_run_place(r, boxes, sample, x, 3 - x, out);
            for (int c = 0; c < 4; c++) {
                float want = all.at[((sample * 4 + c) * 4 + 3 - x) * 4 + x];
                assert_float_equal(out[c], want, 1e-5 * (1 + fabs((double)want)));
                largest = fmaxf(largest, fabsf(want));
            }
            assert_true(largest > 1e-3f);
        }
    net_run_free(&whole);
    net_run_free(&r);
    net_free(&n);
}

/* A batch normalised, rectified and pooled, by one layer; or, when somebody else reads what the relu gives, by three. */
struct pooled { bool by_three; };
static const struct option pooled_options[] = {
    { "by_three", OPTION_BOOL, offsetof(struct pooled, by_three), "no", 0, 0, NULL, "another reader" },
    { .name = NULL },
};

static void build_pooled(struct net_builder *b, const void *options)
{
    const struct shape out = { 1, 4, 1, 1 }, other = { 1, 1, 9, 36 };
    int x = net_conv(b, "conv", net_input(b, "x", (struct shape){ 1, 2, 11, 38 }), .maps = 3, .kernel = 3);
    x = net_rectified(b, true, "conv", x);
    int y = net_full(b, "full", net_pool(b, "pool", x, .kernel = 2), .units = 4);
    net_square_loss(b, "loss", y, net_input(b, "target", out), net_input(b, "mask", out), .weight = 0.7f);
    if (((const struct pooled *)options)->by_three) /* whose mask is zero */
        net_square_loss(b, "none", net_average(b, "mean", x), net_input(b, "nothing", other), net_input(b, "never", other));
}

static const struct model pooled = { "pooled", "norm, relu, pool", pooled_options, sizeof(struct pooled), build_pooled };

static void pools_without_storing_what_is_pooled(void **state)
{
    (void)state;
    enum { BATCH = 5 };
    struct net *n[2] = { NULL };
    struct net_run *r[2] = { NULL };
    for (int i = 0; i < 2; i++) {
        uint64_t seed = 9;
        assert_ok(net_create(&n[i], &pooled, &(struct pooled){ i == 1 }, 3));
        assert_ok(net_run_create(&r[i], n[i], BATCH, NET_LEARN));
        assert_true(n[i]->n_weights == n[0]->n_weights);
        for (size_t k = 0; k < n[i]->n_weights; k++) /* scales of both signs */
            n[i]->weights[k] += 0.8f * random_normal(&seed);
        for (int k = 0; k < n[0]->n_nodes; k++)
            for (size_t v = 0; !n[0]->nodes[k].kind && v < shape_count(net_run_at(r[i], k).shape); v++)
                net_run_at(r[i], k).at[v] = random_normal(&seed);
        net_run_learn(r[i]);
    }
    assert_true(net_run_bytes(r[0]) + 2 * 3 * 9 * 36 * BATCH * sizeof(float) < net_run_bytes(r[1]));
    assert_true(net_run_total_loss(r[0]) > 0);
    assert_true(net_run_total_loss(r[0]) == net_run_total_loss(r[1]));
    double size = 0;
    for (size_t k = 0; k < n[0]->n_weights; k++) {
        size += fabs((double)r[0]->gradients[k]);
        assert_float_equal(r[0]->gradients[k], r[1]->gradients[k], 1e-5 * (1 + fabs((double)r[1]->gradients[k])));
    }
    assert_true(size > 1);
    for (int i = 0; i < 2; i++) {
        net_run_free(&r[i]);
        net_free(&n[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_samples_agrees),
        cmocka_unit_test(deepid2_is_as_published),
        cmocka_unit_test(deepid2plus_is_as_published),
        cmocka_unit_test(anet_begins_as_deepid2),
        cmocka_unit_test(live_buffers_are_apart),
        cmocka_unit_test(runs_without_allocating),
        cmocka_unit_test(sized_runs_agree),
        cmocka_unit_test(places_are_as_the_whole_layer),
        cmocka_unit_test(pools_without_storing_what_is_pooled),
    };
    return cmocka_run_group_tests_name("nets plan", tests, NULL, NULL);
}
