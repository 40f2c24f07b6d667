/* SPDX-License-Identifier: MIT
 * Boxes, random numbers, clocks, attribute words. */
#include "tests/kit.h"

#include <math.h>

#include "base/box.h"
#include "base/clock.h"
#include "base/face.h"

/* All boxes on a small grid against counting cells. */
static int cells(struct box a, struct box b, bool both)
{
    int n = 0;
    for (int y = 0; y < 6; y++)
        for (int x = 0; x < 6; x++) {
            bool in_a = x >= a.x && x < a.x + a.w && y >= a.y && y < a.y + a.h;
            bool in_b = x >= b.x && x < b.x + b.w && y >= b.y && y < b.y + b.h;
            n += both ? in_a && in_b : in_a || in_b;
        }
    return n;
}

static void overlap_counts_cells(void **state)
{
    (void)state;
    const struct box a = {1, 2, 3, 2};
    for (int x = 0; x < 6; x++)
        for (int y = 0; y < 6; y++)
            for (int w = 0; w <= 6 - x; w++)
                for (int h = 0; h <= 6 - y; h++) {
                    struct box b = {(float)x, (float)y, (float)w, (float)h};
                    int both = cells(a, b, true), any = cells(a, b, false);
                    assert_true(box_intersection(a, b) == (float)both);
                    assert_true(box_area(b) == (float)(w * h));
                    assert_near(box_overlap(a, b), (double)both / any, 1e-6);
                    assert_true(box_overlap(a, b) == box_overlap(b, a));
                }
    assert_true(box_overlap((struct box){0}, (struct box){0}) == 0);
    assert_true(box_area((struct box){0, 0, -2, -3}) == 0);
}

static void clip_stays_inside(void **state)
{
    (void)state;
    for (int x = -4; x < 9; x++)
        for (int w = 0; w < 12; w++) {
            struct box c = box_clip((struct box){(float)x, (float)-x, (float)w, 3}, 5, 4);
            assert_true(c.x >= 0 && c.y >= 0 && c.w >= 0 && c.h >= 0 && c.x + c.w <= 5 && c.y + c.h <= 4);
            int left = x < 0 ? 0 : x, right = x + w > 5 ? 5 : x + w;
            assert_true(c.w == (float)(right > left ? right - left : 0));
        }
}

static void box_words(void **state)
{
    (void)state;
    struct box b = box_scale((struct box){1, 2, 3, 4}, 2);
    assert_true(b.x == 2 && b.y == 4 && b.w == 6 && b.h == 8);
    assert_true(box_centre(b).x == 5 && box_centre(b).y == 8);
    assert_true(box_is_finite(b));
    b.h = NAN;
    assert_false(box_is_finite(b));
    b.h = INFINITY;
    assert_false(box_is_finite(b));
}

static void random_is_splitmix(void **state)
{
    uint64_t s = 1234567; /* the generator's published test vector */
    (void)state;
    assert_true(random_next(&s) == UINT64_C(6457827717110365317));
    assert_true(random_next(&s) == UINT64_C(3203168211198807973));
    assert_true(random_next(&s) == UINT64_C(9817491932198370423));
}

static void random_has_its_moments(void **state)
{
    enum { N = 200000 };
    double sum = 0, squares = 0, unit = 0;
    int count[7] = {0};
    uint64_t s = 7;
    (void)state;
    for (int i = 0; i < N; i++) {
        float u = random_unit(&s), n = random_normal(&s), b = random_between(&s, -3, 5);
        assert_true(u >= 0 && u < 1 && b >= -3 && b <= 5 && isfinite(n));
        unit += u;
        sum += n;
        squares += n * n;
        count[random_below(&s, 7)]++;
    }
    assert_near(unit / N, 0.5, 0.005);
    assert_near(sum / N, 0, 0.01);
    assert_near(squares / N, 1, 0.02);
    for (int i = 0; i < 7; i++)
        assert_near(count[i], N / 7.0, N / 100.0);
    assert_int_equal(random_below(&s, 1), 0);
    int low = 0, yes = 0;
    for (int i = 0; i < 10000; i++) {
        float d = random_doubling(&s, 10, 40);
        assert_true(d >= 10 && d < 40);
        low += d < 20; /* one of two doublings */
        yes += random_chance(&s, 0.3f);
    }
    assert_near(low, 5000, 200);
    assert_near(yes, 3000, 200);
}

static void shuffle_keeps_all(void **state)
{
    int items[100], again[100], seen[100] = {0}, moved = 0;
    uint64_t s = 3, t = 3;
    (void)state;
    for (int i = 0; i < 100; i++)
        items[i] = again[i] = i;
    random_shuffle(&s, items, 100);
    random_shuffle(&t, again, 100);
    assert_memory_equal(items, again, sizeof items);
    for (int i = 0; i < 100; i++) {
        seen[items[i]]++;
        moved += items[i] != i;
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    assert_true(moved > 80);
    random_shuffle(&s, items, 0);
}

static void clocks_go_forward(void **state)
{
    (void)state;
    int64_t start = clock_us(), cpu = clock_thread_us();
    clock_sleep_us(20000);
    assert_true(clock_us() - start >= 20000);
    assert_true(clock_thread_us() - cpu < 20000); /* sleeping costs no processor time */
    clock_sleep_us(-5);
    assert_true(clock_peak_memory_kb() > 500);
}

static void attributes_have_words(void **state)
{
    (void)state;
    for (int i = 0; i < FACE_ATTRIBUTES; i++)
        assert_non_null(face_attribute_names[i]);
    assert_string_equal(face_attribute_names[20], "Male");
    assert_string_equal(face_attribute_names[31], "Smiling");
    assert_string_equal(face_attribute_names[39], "Young");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlap_counts_cells), cmocka_unit_test(clip_stays_inside),
        cmocka_unit_test(box_words),            cmocka_unit_test(random_is_splitmix),
        cmocka_unit_test(random_has_its_moments), cmocka_unit_test(shuffle_keeps_all),
        cmocka_unit_test(clocks_go_forward),    cmocka_unit_test(attributes_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
