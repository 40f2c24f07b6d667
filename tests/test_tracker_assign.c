/* SPDX-License-Identifier: MIT
 * The assignment is the best one: against all permutations for small tables, and by hand. */
#include "tests/kit.h"

#include <math.h>

#include "tracker/assign.h"

/* The least sum over all ways, by trying them. */
static double try_all(const float *cost, int stride, int row, int rows, int columns, float alone,
                      unsigned taken)
{
    if (row == rows)
        return 0;
    double best = alone + try_all(cost, stride, row + 1, rows, columns, alone, taken);
    for (int j = 0; j < columns; j++) {
        if (taken >> j & 1 || isinf(cost[row * stride + j]))
            continue;
        double sum = (double)cost[row * stride + j] +
                     try_all(cost, stride, row + 1, rows, columns, alone, taken | 1u << j);
        best = sum < best ? sum : best;
    }
    return best;
}

static void test_best_of_all(void **state)
{
    (void)state;
    enum { MAX = 6, STRIDE = 7 };
    struct arena *memory = arena_create();
    struct assign a;
    assign_create(&a, memory, MAX);
    assert_int_equal(arena_seal(memory), 0);
    uint64_t seed = 7;
    for (int round = 0; round < 2000; round++) {
        int rows = random_below(&seed, MAX + 1), columns = random_below(&seed, MAX + 1);
        int out[MAX];
        float cost[MAX * STRIDE];
        for (int i = 0; i < MAX * STRIDE; i++)
            cost[i] = random_below(&seed, 3) == 0 ? INFINITY : random_between(&seed, -1, 2);
        assign_solve(&a, cost, STRIDE, rows, columns, 0.8f, out);
        double sum = 0;
        unsigned taken = 0;
        for (int i = 0; i < rows; i++) {
            assert_in_range(out[i] + 1, 0, columns);
            sum += out[i] < 0 ? 0.8f : cost[i * STRIDE + out[i]];
            if (out[i] >= 0) {
                assert_false(taken >> out[i] & 1);
                taken |= 1u << out[i];
            }
        }
        double best = try_all(cost, STRIDE, 0, rows, columns, 0.8f, 0);
        assert_true(fabs(sum - best) < 1e-5);
    }
    arena_free(&memory);
}

static void test_greed_is_wrong(void **state)
{
    (void)state;
    struct arena *memory = arena_create();
    struct assign a;
    assign_create(&a, memory, 2);
    assert_int_equal(arena_seal(memory), 0);
    const float cost[] = {0.1f, 0.2f, 0.15f,
                          1.0f}; /* taking 0.1 first costs 1.1, the best is 0.35 */
    int out[2];
    assign_solve(&a, cost, 2, 2, 2, 5, out);
    assert_int_equal(out[0], 1);
    assert_int_equal(out[1], 0);
    arena_free(&memory);
}

static void test_large(void **state)
{
    (void)state;
    enum { N = 256 };
    static float cost[N * N];
    static int out[N];
    struct arena *memory = arena_create();
    struct assign a;
    assign_create(&a, memory, N);
    assert_int_equal(arena_seal(memory), 0);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            cost[i * N + j] = fabsf((float)(i - (N - 1 - j))); /* the anti-diagonal is free */
    assign_solve(&a, cost, N, N, N, 1000, out);
    for (int i = 0; i < N; i++)
        assert_int_equal(out[i], N - 1 - i);
    arena_free(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_best_of_all),
        cmocka_unit_test(test_greed_is_wrong),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
