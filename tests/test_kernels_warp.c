/* SPDX-License-Identifier: MIT
 * Bilinear look-ups of every instruction set of this machine against their plain twin. */
#include "tests/kit.h"

#include <math.h>

#include "base/kernels.h"

enum { WIDE = 40, HIGH = 30, LONG = 64, ROOM = (LONG + 16) * 4, TABLES = 8 };

static void same(const struct kernels *k, const struct kernels *ref, const struct kernels_line *l, int n)
{
    static float want[ROOM], have[ROOM];
    static uint8_t want_bytes[ROOM], have_bytes[ROOM];
    ref->bilinear(want, l, n);
    k->bilinear(have, l, n);
    for (int i = 0; i < 4 * n; i++) /* a place may differ in its last bit */
        if (!(fabsf(want[i] - have[i]) < 0.01f))
            kit_assert_near((double)have[i], (double)want[i], 0.01, k->name, __FILE__, __LINE__);
    ref->bytes(want_bytes, want, (size_t)(4 * n));
    k->bytes(have_bytes, want, (size_t)(4 * n));
    assert_memory_equal(want_bytes, have_bytes, (size_t)(4 * n));
}

/* Steep and flat ones, through the picture and out of it; pictures one pixel wide or high too. */
static void test_lines(void **state)
{
    (void)state;
    static const int sizes[][2] = { { WIDE, HIGH }, { WIDE, 1 }, { 1, HIGH }, { 2, 2 }, { 17, 5 } };
    static uint8_t picture[WIDE * HIGH * 4];
    const struct kernels *tables[TABLES];
    int n_tables = kernels_all(tables, TABLES);
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof picture; i++)
        picture[i] = (uint8_t)random_below(&seed, 256);
    for (int t = 0; t < 400; t++) {
        float at[4];
        for (int i = 0; i < 4; i++)
            at[i] = random_unit(&seed);
        const int *size = sizes[t % 5];
        struct kernels_line l = { picture, WIDE * 4, size[0], size[1], 60 * at[0] - 10, 50 * at[1] - 10, 4 * at[2] - 2,
                                  4 * at[3] - 2 };
        if (t % 50 == 49)
            l.x = l.dy = NAN;
        for (int k = 1; k < n_tables; k++)
            same(tables[k], tables[0], &l, 1 + t % LONG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_lines) };
    return cmocka_run_group_tests_name("kernels_warp", tests, NULL, NULL);
}
