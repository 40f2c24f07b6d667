/* SPDX-License-Identifier: MIT
 * Every fast loop on this machine against its plain twin, on odd sizes; `--bench` times them instead. */
#include "tests/kit.h"

#include <math.h>

#include "base/clock.h"
#include "base/kernels.h"

enum { ROOM = 160 * 160, TABLES = 8 };
static float a[ROOM], b[ROOM], c[ROOM], want[ROOM], have[ROOM], want2[ROOM], have2[ROOM];
static const struct kernels *tables[TABLES];

static void fill(float *x, uint64_t seed)
{
    for (int i = 0; i < ROOM; i++)
        x[i] = random_normal(&seed);
}

/* Tolerance scaled with the size of the terms that were summed. */
static void compare(const char *what, const struct kernels *k, const float *x, const float *y, int n, float terms)
{
    int i = 0;
    while (i < n && fabsf(x[i] - y[i]) <= 4e-6f * terms * (1 + fabsf(x[i])))
        i++;
    if (i < n)
        print_error("%s %s: [%d] is %g, the reference says %g\n", k->name, what, i, (double)y[i], (double)x[i]);
    assert_int_equal(i, n);
}

static int prepare(void **state)
{
    (void)state;
    fill(a, 1);
    fill(b, 2);
    fill(c, 3);
    return 0;
}

#define FOR_EACH_TABLE(k)                                                                                              \
    const struct kernels *ref = NULL;                                                                                  \
    for (int t = 1, n_tables = kernels_all(tables, TABLES); t < n_tables; t++)                                         \
        for (const struct kernels *k = tables[t]; k && (ref = tables[0]); k = NULL)

static void along_a_row(void **state)
{
    (void)state;
    static const int sizes[] = { 1, 2, 15, 16, 17, 31, 33, 64, 1000 };
    static const struct kernels_gate gates[] = { { 0, 1 }, { -0.7f, 0.1f } };
    kernels_all(tables, TABLES);
    FOR_EACH_TABLE(k)
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        size_t n = (size_t)sizes[s];
        struct { float *to; const struct kernels *k; } sides[] = { { want, ref }, { have, k } };
        for (int i = 0; i < 2; i++) {
            float *to = sides[i].to;
            const struct kernels *by = sides[i].k;
            memcpy(to, c, sizeof c);
            by->affine(to, a, 1.5f, 0.2f, true, n);
            by->add(to, b, n);
            by->axpy(to, 0.3f, a, n);
            by->normalize_backward(to, a, b, gates[s % 2], 0.5f, -0.25f, 0.1f, s % 3 == 0, n);
            by->relu(to, n / 2);
            by->relu_backward(to, b, n);
            to[n] = by->sum(a, n);
            to[n + 1] = by->dot(a, b, n);
            by->moments(a, n, &to[n + 2], &to[n + 3]);
            by->normalize_sums(a, b, gates[0], n, &to[n + 4], &to[n + 5]);
            by->normalize_sums(a, b, gates[1], n, &to[n + 6], &to[n + 7]);
            memcpy(to + 2000, b, n * sizeof *b);
            for (size_t at = 0; at < n; at++)
                to[2000 + at] *= s % 2 ? 5 : 60; /* shares down to nothing */
            to[n + 8] = by->softmax(to + 2000, n);
        }
        compare("rows", k, want, have, (int)n, 8);
        compare("sums", k, want + n, have + n, 9, sqrtf((float)n));
        compare("softmax", k, want + 2000, have + 2000, (int)n, 1);
    }
}

static void planes(void **state)
{
    (void)state;
    kernels_all(tables, TABLES);
    FOR_EACH_TABLE(k)
    for (int w = 1; w < 90; w += w < 5 ? 1 : w == 32 ? 32 : 9) /* 32 and 64 among them */
        for (int h = 1; h < 20; h += h < 5 ? 1 : 7)
            for (int stride = 1; stride <= 2; stride++) {
                int n = w * h, on = ((w - 1) / stride + 1) * ((h - 1) / stride + 1);
                struct kernels_rows r = { w, h, stride, 0, (h - 1) / stride + 1 };
                ref->depthwise3(want, a, r, b, 0.3f, true);
                k->depthwise3(have, a, r, b, 0.3f, true);
                compare("depthwise3", k, want, have, on, 9);
                memset(have, 0, sizeof have);
                for (int oh = r.n; r.first < oh; r.first += r.n) { /* the same in parts, row by row at first */
                    r.n = r.first < 3 ? 1 : oh - r.first;
                    k->depthwise3(have + r.first * ((w - 1) / stride + 1), a, r, b, 0.3f, true);
                }
                compare("depthwise3 in parts", k, want, have, on, 9);
                memcpy(want, b, sizeof b);
                memcpy(have, b, sizeof b);
                memset(want2, 0, sizeof want2);
                memset(have2, 0, sizeof have2);
                bool set = h % 2;
                ref->depthwise3_backward(want, want2, a, c, w, h, stride, b + 50, set);
                k->depthwise3_backward(have, have2, a, c, w, h, stride, b + 50, set);
                compare("depthwise3_backward", k, want, have, n, 9);
                compare("depthwise3_backward weights", k, want2, have2, 9, (float)on);
                ref->max_pool2(want, a, w, h);
                k->max_pool2(have, a, w, h);
                compare("max_pool2", k, want, have, (w / 2) * (h / 2), 1);
                memcpy(want, b, sizeof b);
                memcpy(have, b, sizeof b);
                ref->max_pool2_backward(want, a, c, w, h, set);
                k->max_pool2_backward(have, a, c, w, h, set);
                compare("max_pool2_backward", k, want, have, n, 1);
            }
}

static void equal_values_pool_once(void **state)
{
    (void)state;
    static const float flat[4] = { 1, 1, 1, 1 }, one = 3;
    kernels_all(tables, TABLES);
    FOR_EACH_TABLE(k)
    {
        float grad[4] = { 0 };
        k->max_pool2_backward(grad, flat, &one, 2, 2, false);
        assert_true(grad[0] == 3 && grad[1] == 0 && grad[2] == 0 && grad[3] == 0);
    }
}

static void bits(void **state)
{
    (void)state;
    kernels_all(tables, TABLES);
    uint64_t x[9], y[9], seed = 5;
    for (int i = 0; i < 9; i++) {
        x[i] = random_next(&seed);
        y[i] = random_next(&seed);
    }
    FOR_EACH_TABLE(k)
    for (size_t n = 0; n <= 9; n++)
        assert_int_equal(ref->hamming(x, y, n), k->hamming(x, y, n));
    assert_int_equal(tables[0]->hamming(x, x, 9), 0);
}

static int distance_of(const uint64_t *groups, size_t i, const uint64_t *code, size_t n_words)
{
    int distance = 0;
    for (size_t w = 0; w < n_words; w++)
        distance += tables[0]->hamming(groups + (i / KERNELS_GROUP * n_words + w) * KERNELS_GROUP + i % KERNELS_GROUP,
                                       code + w, 1);
    return distance;
}

/* Every length of code, whole and broken groups, from no code to all of them. */
static void near_codes(void **state)
{
    (void)state;
    enum { CODES = 5 * KERNELS_GROUP, WORDS = 8 };
    static uint64_t groups[CODES * WORDS], code[WORDS];
    static struct kernels_near reference[CODES], other[CODES];
    uint64_t seed = 9;
    kernels_all(tables, TABLES);
    for (int i = 0; i < CODES * WORDS; i++)
        groups[i] = random_next(&seed);
    for (int i = 0; i < WORDS; i++)
        code[i] = random_next(&seed);
    FOR_EACH_TABLE(k)
    for (size_t words = 1; words <= WORDS; words++)
        for (size_t n = 0; n <= CODES; n += n % 3 ? 1 : 21)
            for (int most = -1; most <= 64 * WORDS; most += 8) {
                size_t found = ref->hamming_near(reference, groups, code, words, n, most);
                assert_int_equal(k->hamming_near(other, groups, code, words, n, most), found);
                assert_memory_equal(reference, other, found * sizeof *other);
                size_t by_hand = 0;
                for (size_t i = 0; i < n; i++)
                    by_hand += distance_of(groups, i, code, words) <= most;
                assert_int_equal(found, by_hand);
            }
}

static void steps(void **state)
{
    (void)state;
    kernels_all(tables, TABLES);
    FOR_EACH_TABLE(k)
    {
        float *weights[2] = { want, have }, *velocity[2] = { want2, have2 };
        static float grad[2][100];
        for (int i = 0; i < 2; i++) {
            memcpy(weights[i], a, sizeof a);
            memcpy(velocity[i], b, sizeof b);
            memcpy(grad[i], c, sizeof grad[i]);
            (i ? k : ref)->momentum_step(weights[i], velocity[i], grad[i], 100, 0.1f, 0.9f, 0.01f, 0.5f);
            assert_true(grad[i][99] == 0);
        }
        compare("momentum_step", k, want, have, 100, 4);
        compare("momentum_step velocity", k, want2, have2, 100, 4);
    }
}

/* Every way a product may begin and end. */
static const struct kernels_ends ends[] = { { .add = false }, { .add = true }, { .bias = b + 7 }, { .bias = b + 9, .relu = true } };

static void products_of_rows(void **state)
{
    (void)state;
    static float packed[64 * 64];
    int32_t offsets[40];
    kernels_all(tables, TABLES);
    for (int i = 0; i < 40; i++)
        offsets[i] = i * 37 % 200;
    FOR_EACH_TABLE(k)
    for (int m = 1; m < 24; m += m < 11 ? 1 : 6)
        for (int taps = 1; taps < 40; taps += 5)
            for (int n = 1; n < 300; n += n < 36 ? 5 : 113) {
                kernels_pack(packed, b, (size_t)taps, 1, m, taps);
                for (int e = 0; e < 4; e++) {
                    memcpy(want, c, sizeof c);
                    memcpy(have, c, sizeof c);
                    ref->rows_product(want, 310, packed, a, offsets, m, taps, n, ends[e]);
                    k->rows_product(have, 310, packed, a, offsets, m, taps, n, ends[e]);
                    compare("rows_product", k, want, have, 310 * m, (float)taps);
                }
                memcpy(want2, c, sizeof c);
                for (int i = 0; i < m; i++)
                    memset(want2 + 320 * i + n, 0, (size_t)(320 - n) * sizeof(float));
                memset(want, 0, sizeof want);
                memset(have, 0, sizeof have);
                ref->rows_outer(want, want2, 320, a, offsets, m, taps, n);
                k->rows_outer(have, want2, 320, a, offsets, m, taps, n);
                compare("rows_outer", k, want, have, m * taps, (float)n);
            }
}

/* Products as they lie: the left side by rows and by columns, written and added, blocks of every size and more than one of them. */
static void products_of_small_matrices(void **state)
{
    (void)state;
    kernels_all(tables, TABLES);
    FOR_EACH_TABLE(k)
    for (int m = 1; m < 70; m += m < 14 ? 1 : 11)
        for (int taps = 1; taps < 90; taps += 29)
            for (int n = 16; n < 100; n += 16)
                for (int how = 0; how < 4; how++) {
                    size_t row = how & 1 ? 1 : 91, column = how & 1 ? 71 : 1;
                    memcpy(want, c, sizeof c);
                    memcpy(have, c, sizeof c);
                    ref->product(want, 112, a, row, column, b, 112, m, taps, n, how & 2);
                    k->product(have, 112, a, row, column, b, 112, m, taps, n, how & 2);
                    compare("product", k, want, have, 112 * m, (float)taps);
                }
}

static void words_are_split(void **state)
{
    (void)state;
    kernels_all(tables, TABLES);
    FOR_EACH_TABLE(k)
    for (int parts = 1; parts < 6; parts++)
        for (int n = 1; n < 70; n += 3) {
            memset(want, 0, sizeof want);
            memset(have, 0, sizeof have);
            ref->split((uint32_t *)(void *)want, 80, (const uint32_t *)(const void *)a, parts, n);
            k->split((uint32_t *)(void *)have, 80, (const uint32_t *)(const void *)a, parts, n);
            assert_memory_equal(want, have, sizeof want);
            assert_true(want[80 * (parts - 1) + n - 1] == a[parts * n - 1]);
        }
}

/* All six transforms, and the turning of planes into pixels, written and added. */
static void tiles_are_transformed(void **state)
{
    (void)state;
    kernels_all(tables, TABLES);
    FOR_EACH_TABLE(k)
    for (int add = 0; add < 2; add++) {
        for (int how = WINOGRAD_INPUT; how <= WINOGRAD_WEIGHTS_BACK; how++) {
            memcpy(want, c, sizeof c);
            memcpy(have, c, sizeof c);
            ref->winograd((enum kernels_winograd)how, want, 450, 50, a, 360, 60, 48, add);
            k->winograd((enum kernels_winograd)how, have, 450, 50, a, 360, 60, 48, add);
            compare("winograd", k, want, have, ROOM, 40);
        }
        for (int rows = 1; rows < 23; rows++)
            for (int columns = 1; columns < 23; columns += 3) {
                memcpy(want, c, sizeof c);
                memcpy(have, c, sizeof c);
                ref->transpose(want, 40, a, 37, rows, columns, add);
                k->transpose(have, 40, a, 37, rows, columns, add);
                compare("transpose", k, want, have, ROOM, 1);
            }
    }
}

/* Halves: the rounding is the same everywhere, and the sums of products agree. */
static void products_of_halves(void **state)
{
    (void)state;
    enum { STEP = 352, IN = 1024, SAMPLES = 3 };
    static uint32_t packed[24 * 40], pairs[IN], want_pairs[IN];
    static uint16_t grad[SAMPLES * 24 * STEP], in[SAMPLES * IN], want_half[IN];
    int32_t offsets[40];
    for (int i = 0; i < 40; i++)
        offsets[i] = i * 37 % 200;
    kernels_all(tables, TABLES);
    FOR_EACH_TABLE(k)
    {
        memset(pairs, 0, sizeof pairs);
        memset(want_pairs, 0, sizeof want_pairs);
        memset(want_half, 0, sizeof want_half);
        for (int odd = 0; odd < 2; odd++) {
            ref->half_pairs(want_pairs, 31, a, odd ? b : NULL, 29, 27, 30);
            k->half_pairs(pairs, 31, a, odd ? b : NULL, 29, 27, 30);
            assert_memory_equal(pairs, want_pairs, sizeof pairs);
        }
        memset(in, 0, sizeof in);
        ref->half_rows(want_half, 31, a, 29, 27, 30);
        k->half_rows(in, 31, a, 29, 27, 30);
        assert_memory_equal(in, want_half, sizeof want_half);
        ref->half_pairs(pairs, 0, a, b, 0, IN, 1);
        for (int m = 1; m < 24; m += m < 11 ? 3 : 6)
            for (int taps = 2; taps < 40; taps += 6)
                for (int n = 1; n < 300; n += n < 36 ? 5 : 113) {
                    kernels_pack_pairs(packed, c, (size_t)(2 * taps), (size_t)taps, m, 2, taps);
                    for (int e = 0; e < 4; e++) {
                        memcpy(want, c, sizeof c);
                        memcpy(have, c, sizeof c);
                        ref->pairs_product(want, 310, packed, pairs, offsets, m, taps, n, ends[e]);
                        k->pairs_product(have, 310, packed, pairs, offsets, m, taps, n, ends[e]);
                        compare("pairs_product", k, want, have, 310 * m, (float)taps);
                    }
                    memset(grad, 0, sizeof grad);
                    for (int i = 0; i < SAMPLES * m; i++)
                        ref->half_rows(grad + i * STEP, 0, b + 3 * i, 0, n, 1);
                    ref->half_rows(in, 0, a, 0, SAMPLES * IN, 1);
                    struct kernels_outer o = { grad, in, STEP, (size_t)(m * STEP), IN, offsets, SAMPLES };
                    memset(want, 0, sizeof want);
                    memset(have, 0, sizeof have);
                    ref->half_outer(want, &o, m, taps, n);
                    k->half_outer(have, &o, m, taps, n);
                    compare("half_outer", k, want, have, m * taps, (float)(SAMPLES * n));
                }
    }
}

/* A million codes of 160 bits, of which few are near. */
static void bench_near(const struct kernels *k)
{
    enum { CODES = 1 << 20, WORDS = 3, TIMES = 10 };
    static uint64_t groups[CODES * WORDS];
    static struct kernels_near found[CODES];
    uint64_t seed = 1;
    for (int i = 0; i < CODES * WORDS; i++)
        groups[i] = random_next(&seed);
    int64_t start = clock_us();
    for (int i = 0; i < TIMES; i++)
        k->hamming_near(found, groups, groups + i, WORDS, CODES, 50);
    printf("hamming_near 1048576x192,%s,%.0f\n", k->name, (double)(clock_us() - start) * 1e3 / TIMES);
}

static void bench(void)
{
    int n = kernels_all(tables, TABLES);
    prepare(NULL);
    printf("kernel,table,ns\n");
    for (int t = 0; t < n; t++) {
        const struct kernels *k = tables[t];
        int64_t start = clock_us();
        for (int i = 0; i < 2000; i++)
            k->depthwise3(have, a, (struct kernels_rows){ 80, 60, 1, 0, 60 }, b, 0, true);
        printf("depthwise3 80x60,%s,%.0f\n", k->name, (double)(clock_us() - start) / 2);
        start = clock_us();
        for (int i = 0; i < 2000; i++)
            k->max_pool2(have, a, 80, 60);
        printf("max_pool2 80x60,%s,%.0f\n", k->name, (double)(clock_us() - start) / 2);
        start = clock_us();
        for (int i = 0; i < 2000; i++)
            want[0] += k->dot(a, b, 4800);
        printf("dot 4800,%s,%.0f\n", k->name, (double)(clock_us() - start) / 2);
        bench_near(k);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(along_a_row), cmocka_unit_test(planes), cmocka_unit_test(equal_values_pool_once),
        cmocka_unit_test(bits),        cmocka_unit_test(near_codes), cmocka_unit_test(steps), cmocka_unit_test(products_of_rows),
        cmocka_unit_test(products_of_halves), cmocka_unit_test(tiles_are_transformed),
        cmocka_unit_test(products_of_small_matrices), cmocka_unit_test(words_are_split),
    };
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) {
        bench();
        return 0;
    }
    return cmocka_run_group_tests_name("kernels", tests, prepare, NULL);
}
