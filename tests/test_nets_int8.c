/* SPDX-License-Identifier: MIT
 * Products of bytes: the loops against their plain twins, and that LNet computes nearly the same with them, from pixels. */
#include "tests/kit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "nets/internal.h"
#include "nets/models/lnet.h"
#include "nets/models/models.h"

enum { ROOM = 4096, MAPS = 24, TAPS = 40, OUT = 310 };
static float a[ROOM], b[MAPS * TAPS * 4];

static int prepare(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < ROOM; i++)
        a[i] = random_normal(&seed);
    for (size_t i = 0; i < sizeof b / sizeof *b; i++)
        b[i] = random_normal(&seed);
    return 0;
}

/* All but the product are the same to the bit: levels are whole numbers. */
static void levels_are_the_same_everywhere(void **state)
{
    (void)state;
    static uint32_t want[ROOM], have[ROOM];
    const struct kernels *tables[8], *ref;
    int n_tables = kernels_all(tables, 8);
    ref = tables[0];
    for (int t = 1; t < n_tables; t++)
        for (int n = 1; n < 300; n += n < 36 ? 3 : 61) {
            struct kernels_range w = ref->range(a + n, (size_t)n), h = tables[t]->range(a + n, (size_t)n);
            assert_true(w.low == h.low && w.high == h.high && w.low <= 0 && w.high >= 0);
            for (int rows = 1; rows <= 4; rows++) {
                w = ref->range(a, ROOM);
                memset(want, 0, sizeof want);
                memset(have, 0, sizeof have);
                ref->byte_quads(want, a, 301, rows, w.low, 255 / (w.high - w.low), n);
                tables[t]->byte_quads(have, a, 301, rows, w.low, 255 / (w.high - w.low), n);
                assert_memory_equal(want, have, sizeof want);
            }
            memset(want, 0, sizeof want);
            memset(have, 0, sizeof have);
            ref->pack_pixels((uint8_t *)want, (const uint8_t *)a, n);
            tables[t]->pack_pixels((uint8_t *)have, (const uint8_t *)a, n);
            assert_memory_equal(want, have, sizeof want);
            assert_memory_equal((uint8_t *)want + 3 * (n - 1), a + n - 1, 3);
            assert_int_equal(((uint8_t *)want)[3 * n], 0);
        }
}

static void products_are_the_same_everywhere(void **state)
{
    (void)state;
    static uint32_t packed[MAPS * TAPS], levels[ROOM];
    static float factor[MAPS], sums[MAPS], want[MAPS * OUT], have[MAPS * OUT];
    static const struct kernels_ends ends[] = { { .factor = factor },
                                                { .add = true, .factor = factor },
                                                { .bias = a, .factor = factor },
                                                { .bias = a + 7, .relu = true, .factor = factor } };
    const struct kernels *tables[8];
    int n_tables = kernels_all(tables, 8);
    int32_t offsets[TAPS];
    uint64_t seed = 2;
    for (int i = 0; i < TAPS; i++)
        offsets[i] = i * 37 % 200;
    for (int i = 0; i < ROOM; i++)
        levels[i] = (uint32_t)random_next(&seed);
    for (int t = 1; t < n_tables; t++)
        for (int m = 1; m < MAPS; m += m < 11 ? 3 : 6)
            for (int taps = 1; taps < TAPS; taps += 6)
                for (int n = 1; n < 300; n += n < 36 ? 5 : 113) {
                    kernels_pack_quads(packed, factor, sums, b, m, taps, 3 + taps % 2, tables[t]->quad_pair);
                    for (int e = 0; e < 4; e++) {
                        memcpy(want, b, sizeof b);
                        memcpy(have, b, sizeof b);
                        tables[0]->quads_product(want, OUT, packed, levels, offsets, m, taps, n, ends[e]);
                        tables[t]->quads_product(have, OUT, packed, levels, offsets, m, taps, n, ends[e]);
                        for (int i = 0; i < OUT * m; i++)
                            assert_float_equal(have[i], want[i], 1e-5 * (double)taps * (1 + fabs((double)want[i])));
                    }
                }
}

/* Where products of two have 16 bits, the largest inputs with weights of one sign are what could be too much. */
static void largest_levels_do_not_run_over(void **state)
{
    (void)state;
    enum { IN = 12, N = 40 };
    static const float together[IN] = { 1, 1, -1, -1, 0.7f, 0.3f, -0.9f, -0.2f, 1, -1, 0.51f, 0.5f };
    const struct kernels *tables[8];
    const int n_tables = kernels_all(tables, 8);
    const int32_t offsets[] = { 0, 0, 0 };
    uint32_t packed[IN / 4], levels[N + KERNELS_SLACK];
    float factor, sum, out[N];
    memset(levels, 255, sizeof levels);
    for (int t = 0; t < n_tables; t++) {
        kernels_pack_quads(packed, &factor, &sum, together, 1, 1, IN, tables[t]->quad_pair);
        for (int i = 0; i < IN; i += 2) {
            const int one = (int8_t)(packed[i / 4] >> (8 * (i % 4))), two = (int8_t)(packed[i / 4] >> (8 * (i % 4) + 8));
            assert_in_range(abs(one + two), 0, tables[t]->quad_pair);
            assert_in_range(abs(one), 0, 127);
        }
        tables[t]->quads_product(out, N, packed, levels, offsets, 1, IN / 4, N, (struct kernels_ends){ .factor = &factor });
        for (int x = 0; x < N; x++)
            assert_float_equal(out[x], 255 * sum * factor, 1e-3);
        assert_float_equal(sum * factor, 0.91, 0.05);
    }
}

/* What levels say is what the floats say, to half a level each: w in = factor (levels) step + low (sum of w). */
static void levels_mean_what_they_stand_for(void **state)
{
    (void)state;
    enum { IN = 7, N = 50 };
    const struct kernels *k = kernels_best();
    uint32_t packed[2], quads[2 * N + KERNELS_SLACK] = { 0 };
    float factor, sum, out[N];
    int32_t offsets[] = { 0, N };
    struct kernels_range range = k->range(a, IN * N);
    float step = (range.high - range.low) / 255;
    kernels_pack_quads(packed, &factor, &sum, b, 1, 1, IN, k->quad_pair);
    k->byte_quads(quads, a, N, 4, range.low, 1 / step, N);
    k->byte_quads(quads + N, a + 4 * N, N, IN - 4, range.low, 1 / step, N);
    float bias = factor * sum * range.low, worth = factor * step;
    k->quads_product(out, N, packed, quads, offsets, 1, 2, N, (struct kernels_ends){ .bias = &bias, .factor = &worth });
    for (int x = 0; x < N; x++) {
        double exact = 0, slack = 0;
        for (int c = 0; c < IN; c++) {
            exact += (double)b[c] * (double)a[c * N + x];
            slack += 0.51 * ((double)step * fabs((double)b[c]) + (double)factor * fabs((double)a[c * N + x]) + (double)(step * factor));
        }
        assert_true(fabs((double)out[x] - exact) <= slack);
        assert_true(slack < 0.5);
    }
}

static double difference(struct tensor x, struct tensor y)
{
    double apart = 0, length = 0;
    for (size_t i = 0; i < shape_count(x.shape); i++) {
        apart += ((double)x.at[i] - (double)y.at[i]) * ((double)x.at[i] - (double)y.at[i]);
        length += (double)x.at[i] * (double)x.at[i];
    }
    return sqrt(apart / length);
}

/* All places of a layer that is read place by place, map after map. */
static struct tensor all_places(struct net_run *r, int layer, int maps, float *room)
{
    float out[16];
    struct shape in = r->nodes[r->net->nodes[layer].from[0]].out.shape;
    for (int y = 0; y < in.h; y++)
        for (int x = 0; x < in.w; x++) {
            net_run_place(r, layer, 0, x, y, out);
            for (int m = 0; m < maps; m++)
                room[(m * in.h + y) * in.w + x] = out[m];
        }
    return (struct tensor){ { 1, maps, in.h, in.w }, room };
}

/* On any processor: the plain twins will do. The picture does not fill the net's input. */
static void lnet_comes_close(int deeper, double most)
{
    enum { W = 150, H = 90, NET_W = 160, NET_H = 96 };
    static uint8_t pixels[W * H * IMAGE_PIXEL];
    float want[4 * (NET_H / 16) * (NET_W / 16)], have[4 * (NET_H / 16) * (NET_W / 16)];
    const struct lnet_options options = { .maps = 8, .size = 64, .deeper = deeper, .tag_weight = 0 };
    const struct kernels *tables[8];
    int n_tables = kernels_all(tables, 8), input, box;
    uint64_t seed = 3;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)random_next(&seed);
    struct net *n = NULL;
    struct net_run *exact = NULL;
    assert_ok(net_create(&n, &model_lnet, &options, 1));
    assert_ok(net_find(n, "picture", &input));
    assert_ok(net_find(n, "boxes16", &box));
    assert_ok(net_run_create_sized(&exact, n, 1, NET_H, NET_W, NET_INFER));
    net_run_picture(exact, input, (struct image){ pixels, W, H, W * IMAGE_PIXEL });
    net_run_forward(exact, 0);
    for (int t = 0; t < n_tables; t++) {
        struct net_run *r = NULL;
        struct kernels with = *tables[t];
        with.fast_int8 = true;
        assert_ok(net_run_create_sized(&r, n, 1, NET_H, NET_W, NET_INFER));
        r->kernels = &with;
        assert_true(net_run_int8(r, true));
        net_run_picture(r, input, (struct image){ pixels, W, H, W * IMAGE_PIXEL });
        for (size_t i = 0; i < shape_count(net_run_at(r, input).shape); i++)
            net_run_at(r, input).at[i] = 1e9f; /* not looked at: the pixels are */
        net_run_forward(r, 0);
        double apart = difference(all_places(exact, box, 4, want), all_places(r, box, 4, have));
        assert_true(apart > 0 && apart < most);
        assert_false(net_run_int8(r, false));
        net_run_picture(r, input, (struct image){ pixels, W, H, W * IMAGE_PIXEL });
        net_run_forward(r, 0);
        assert_true(difference(all_places(exact, box, 4, want), all_places(r, box, 4, have)) < 1e-5);
        net_run_free(&r);
    }
    net_run_free(&exact);
    net_free(&n);
}

static void shallow_lnet_comes_close(void **state)
{
    (void)state;
    lnet_comes_close(0, 0.04);
}

static void deeper_lnet_comes_close(void **state)
{
    (void)state;
    lnet_comes_close(1, 0.07); /* two more layers at full strength: these weights are random */
}

static struct kernels_range one_range(const float *x, size_t n) /* so that levels do not depend on what is taken together */
{
    (void)x;
    (void)n;
    return (struct kernels_range){ 0, 100 };
}

/* Large pictures some rows at a time: to the bit what whole maps give. */
static void rows_at_a_time_are_the_same(int w, int h, int net_w, int net_h)
{
    uint8_t *pixels = memory_alloc((size_t)(w * h), IMAGE_PIXEL);
    const struct lnet_options options = { .maps = 8, .size = 64, .deeper = 0, .tag_weight = 0 };
    struct kernels with = *kernels_best();
    struct net *n = NULL;
    struct net_run *whole = NULL, *r = NULL;
    int input, response;
    uint64_t seed = 4;
    with.fast_int8 = true;
    with.range = one_range;
    assert_non_null(pixels);
    for (int i = 0; i < w * h * IMAGE_PIXEL; i++)
        pixels[i] = (uint8_t)random_next(&seed);
    assert_ok(net_create(&n, &model_lnet, &options, 1));
    assert_ok(net_find(n, "picture", &input));
    assert_ok(net_find(n, "response8", &response));
    assert_ok(net_run_create_sized(&whole, n, 1, net_h, net_w, NET_INFER));
    assert_ok(net_run_create_sized(&r, n, 1, net_h, net_w, NET_INFER));
    assert_true(r->stream.n > 6);
    for (int i = 0; i < whole->net->n_nodes; i++)
        whole->nodes[i].streamed = false;
    whole->kernels = r->kernels = &with;
    assert_true(net_run_int8(whole, true) && net_run_int8(r, true));
    for (int again = 0; again < 2; again++) {
        net_run_picture(whole, input, (struct image){ pixels, w, h, w * IMAGE_PIXEL });
        net_run_picture(r, input, (struct image){ pixels, w, h, w * IMAGE_PIXEL });
        net_run_forward(whole, 0);
        net_run_forward(r, 0);
        const struct tensor want = net_run_at(whole, response), have = net_run_at(r, response);
        assert_memory_equal(want.at, have.at, shape_count(want.shape) * sizeof *want.at);
        assert_true(want.at[0] != want.at[shape_count(want.shape) / 2]);
        memset(pixels + w * h, 200, (size_t)(w * h)); /* another picture, the windows as the first one left them */
    }
    net_run_free(&whole);
    net_run_free(&r);
    net_free(&n);
    memory_free(&pixels);
}

static void large_pictures_go_by_rows(void **state)
{
    (void)state;
    rows_at_a_time_are_the_same(1280, 736, 1280, 736);
    rows_at_a_time_are_the_same(1303, 675, 1312, 704);
}

static void learning_stays_with_floats(void **state)
{
    (void)state;
    const struct lnet_options options = { .maps = 4, .size = 32, .normalize = true };
    struct net *n = NULL;
    struct net_run *r = NULL;
    assert_ok(net_create(&n, &model_lnet, &options, 1));
    assert_ok(net_run_create(&r, n, 1, NET_LEARN));
    assert_false(net_run_int8(r, true));
    net_run_free(&r);
    net_free(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_are_the_same_everywhere), cmocka_unit_test(products_are_the_same_everywhere),
        cmocka_unit_test(largest_levels_do_not_run_over), cmocka_unit_test(levels_mean_what_they_stand_for), cmocka_unit_test(shallow_lnet_comes_close),
        cmocka_unit_test(deeper_lnet_comes_close), cmocka_unit_test(large_pictures_go_by_rows),
        cmocka_unit_test(learning_stays_with_floats),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
