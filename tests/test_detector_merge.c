/* SPDX-License-Identifier: MIT
 * Windows to faces: suppression, averaging, order. */
#include "tests/kit.h"

#include "base/random.h"
#include "detector/merge.h"

static struct window window(float x, float y, float w, float h, float score)
{
    struct window out = { { x, y, w, h }, score, { { 0, 0 } } };
    for (int i = 0; i < FACE_MARKS; i++) {
        out.marks[i] = (struct point){ x + w / 2, y + (float) i };
    }
    return out;
}

static void nothing_stays_nothing(void **state)
{
    (void) state;
    assert_int_equal(merge_windows(NULL, 0, 0.4f), 0);
}

static void one_face_is_one_window(void **state)
{
    (void) state;
    struct window w[] = { window(10, 10, 20, 30, 0.8f), window(12, 10, 20, 30, 0.8f) };
    assert_int_equal(merge_windows(w, 2, 0.4f), 1);
    assert_float_equal(w[0].box.x, 11, 1e-4); /* equal scores: the middle */
    assert_float_equal(w[0].box.w, 20, 1e-4);
    assert_float_equal(w[0].score, 0.8f, 1e-6);
    assert_float_equal(w[0].marks[2].x, 21, 1e-4);
}

static void the_sure_one_weighs_more(void **state)
{
    (void) state;
    struct window w[] = { window(10, 10, 20, 30, 0.2f), window(12, 10, 20, 30, 0.8f) };
    assert_int_equal(merge_windows(w, 2, 0.4f), 1);
    assert_true(w[0].box.x > 11.5f && w[0].box.x < 12);
    assert_float_equal(w[0].score, 0.8f, 1e-6);
}

static void faces_apart_stay_two_best_first(void **state)
{
    (void) state;
    struct window w[] = { window(0, 0, 20, 20, 0.6f), window(100, 0, 20, 20, 0.9f), window(30, 0, 20, 20, 0.7f) };
    assert_int_equal(merge_windows(w, 3, 0.4f), 3);
    assert_float_equal(w[0].box.x, 100, 1e-4);
    assert_float_equal(w[1].box.x, 30, 1e-4);
    assert_float_equal(w[2].box.x, 0, 1e-4);
}

static void a_poor_fit_is_swallowed_without_a_say(void **state)
{
    (void) state;
    struct window w[] = { window(10, 10, 20, 20, 0.9f), window(17, 10, 20, 20, 0.8f) }; /* IoU 0.48 */
    assert_int_equal(merge_windows(w, 2, 0.4f), 1);
    assert_float_equal(w[0].box.x, 10, 1e-4);
}

static void what_lies_in_a_face_is_no_face(void **state)
{
    (void) state;
    struct window w[] = { window(10, 10, 40, 50, 0.9f), window(20, 40, 20, 18, 0.8f) }; /* a mouth: IoU 0.18 */
    assert_int_equal(merge_windows(w, 2, 0.4f), 1);
    assert_float_equal(w[0].box.h, 50, 1e-4);
}

static void zero_scores_do_not_divide(void **state)
{
    (void) state;
    struct window w[] = { window(10, 10, 20, 20, 0), window(10, 10, 20, 20, 0) };
    assert_int_equal(merge_windows(w, 2, 0.4f), 1);
    assert_true(box_is_finite(w[0].box));
}

/* Any order of the same windows gives the same faces. */
static void order_does_not_matter(void **state)
{
    (void) state;
    enum { N = 60 };
    struct window a[N];
    struct window b[N];
    uint64_t random = 5;
    for (int i = 0; i < N; i++) {
        a[i] = window(random_between(&random, 0, 100), random_between(&random, 0, 100), 30, 40,
                      (float) random_below(&random, 5) / 5);
        b[N - 1 - i] = a[i];
    }
    const int n = merge_windows(a, N, 0.4f);
    assert_int_equal(merge_windows(b, N, 0.4f), n);
    for (int i = 0; i < n; i++) {
        assert_float_equal(a[i].box.x, b[i].box.x, 1e-3);
        assert_float_equal(a[i].score, b[i].score, 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_stays_nothing),
        cmocka_unit_test(one_face_is_one_window),
        cmocka_unit_test(the_sure_one_weighs_more),
        cmocka_unit_test(faces_apart_stay_two_best_first),
        cmocka_unit_test(a_poor_fit_is_swallowed_without_a_say),
        cmocka_unit_test(what_lies_in_a_face_is_no_face),
        cmocka_unit_test(zero_scores_do_not_divide),
        cmocka_unit_test(order_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
