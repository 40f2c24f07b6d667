/* SPDX-License-Identifier: MIT
 * The products of full layers with rounded factors, part by part, against BLAS on the same rounded factors. */
#include "tests/kit.h"

#include <math.h>

#include "base/memory.h"
#include "nets/gemm.h"
#include "nets/layers/full_half.h"

enum { N = 7, UNITS = 1030, D = 2100 }; /* parts of each loop, whole ones and what is left, odd numbers of pairs */

static float *rounded_random(size_t n, uint64_t seed)
{
    float *at = memory_alloc(n, sizeof *at);
    assert_non_null(at);
    kit_random(at, n, seed);
    for (size_t i = 0; i < n; i++) {
        union { uint32_t bits; float f; } u = { (uint32_t)kernels_half(at[i]) << 16 };
        at[i] = u.f;
    }
    return at;
}

static void assert_same(const float *got, const float *wanted, size_t n)
{
    double most = 0, apart = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs((double)wanted[i]));
        apart = fmax(apart, fabs((double)got[i] - (double)wanted[i])); /* not a number stays unseen: */
        assert_true(isfinite(got[i]));
    }
    assert_true(most > 0 && apart < 1e-4 * most);
}

static void compare(const struct kernels *k, int n, int units, int d)
{
    const size_t in_size = (size_t)n * (size_t)d, w_size = (size_t)units * (size_t)d, out_size = (size_t)n * (size_t)units;
    float *in = rounded_random(in_size, 1), *w = rounded_random(w_size, 2), *grad = rounded_random(out_size, 3);
    float *wanted = memory_alloc(w_size + in_size + out_size, sizeof *wanted), *got = memory_alloc(w_size + in_size + out_size, sizeof *got);
    const size_t room = full_half_scratch(n, units);
    float *scratch = memory_alloc(room, sizeof *scratch);
    assert_true(wanted && got && scratch);
    for (size_t i = 0; i < room; i++)
        scratch[i] = NAN; /* what lay there before counts for nothing */
    const struct full_half f = { k, n, units, d, scratch };

    gemm(false, true, n, units, d, 1, in, d, w, d, 0, wanted, units);
    full_half_forward(&f, got, in, w);
    assert_same(got, wanted, out_size);

    gemm(false, false, n, d, units, 1, grad, units, w, d, 0, wanted, d);
    full_half_inputs(&f, got, grad, w, false);
    assert_same(got, wanted, in_size);
    gemm(false, false, n, d, units, 1, grad, units, w, d, 1, wanted, d);
    full_half_inputs(&f, got, grad, w, true);
    assert_same(got, wanted, in_size);

    for (size_t i = 0; i < w_size; i++)
        wanted[i] = got[i] = 1;
    gemm(true, false, units, d, n, 1, grad, units, in, d, 1, wanted, d);
    full_half_weights(&f, got, grad, in);
    assert_same(got, wanted, w_size);
    float *all[] = { in, w, grad, wanted, got, scratch };
    for (int i = 0; i < 6; i++)
        memory_free(&all[i]);
}

static void products_are_blas(void **state)
{
    (void)state;
    const struct kernels *tables[8];
    const int n_tables = kernels_all(tables, 8);
    for (int t = 0; t < n_tables; t++) {
        compare(tables[t], 5, 25, 33);
        compare(tables[t], 6, 10, 2080);
        if (tables[t]->fast_half || t == 0)
            compare(tables[t], N, UNITS, D);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(products_are_blas) };
    return cmocka_run_group_tests_name("nets full half", tests, NULL, NULL);
}
