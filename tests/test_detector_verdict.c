/* SPDX-License-Identifier: MIT
 * The verdict, with a net that says the same of everything (its last layers are biases only), so that every answer is known. */
#include "tests/kit.h"

#include <math.h>

#include "base/memory.h"
#include "detector/verdict.h"
#include "nets/models/models.h"
#include "nets/net.h"

enum { SIDE = 120 };
static struct image picture;

static int make_picture(void **state)
{
    (void) state;
    picture = (struct image){ memory_alloc(SIDE, SIDE * IMAGE_PIXEL), SIDE, SIDE, SIDE * IMAGE_PIXEL };
    image_fill(picture, 90, 120, 150);
    return 0;
}

static int free_picture(void **state)
{
    (void) state;
    memory_free(&picture.pixels);
    return 0;
}

static void set(struct net *n, const char *weight, const float *value, size_t n_values)
{
    size_t count;
    float *w = net_weight(n, weight, &count);
    assert_non_null(w);
    for (size_t k = 0; k < count; k++) {
        w[k] = value[k % n_values];
    }
}

static struct verdict *open_constant(const float box[4], float face)
{
    const float zero = 0;
    struct verdict_options o;
    struct net *n;
    struct verdict *v;
    const char *path = kit_path("verdict.safetensors");
    option_defaults(model_verdict.options, &o);
    o.normalize = false;
    assert_int_equal(net_create(&n, &model_verdict, &o, 1), OK);
    set(n, "box.weight", &zero, 1);
    set(n, "face.weight", &zero, 1);
    set(n, "box.bias", box, 4);
    set(n, "face.bias", &face, 1);
    assert_int_equal(net_save(n, path, NULL, 0), OK);
    net_free(&n);
    assert_int_equal(verdict_open(&v, path, true), OK);
    return v;
}

static void crop_shows_the_window_and_as_much_again(void **state)
{
    (void) state;
    const struct box window = { 40, 20, 18, 32 }; /* as large as 24 x 24 */
    const struct warp to_picture = verdict_warp(window);
    assert_float_equal(to_picture.a, 1, 1e-6);
    /* the picture's continuous place 49 lies in the middle of the crop, between its pixels 23 and 24 */
    const struct point mid = warp_point(to_picture, (struct point){ 23.5f, 23.5f });
    assert_float_equal(mid.x + 0.5f, 49, 1e-5);
    assert_float_equal(mid.y + 0.5f, 36, 1e-5);
}

static void boxes_that_are_right_stay(void **state)
{
    enum { N = 40 }; /* more than one batch */
    const float nothing[4] = { 0 };
    struct window w[N];
    float logits[N];
    struct verdict *v = open_constant(nothing, 2);
    (void) state;
    for (int i = 0; i < N; i++) {
        w[i] = (struct window){ .box = { (float) i, 10, 20 + (float) i, 30 }, .score = 0.5f };
    }
    verdict_judge(v, picture, w, N, logits);
    for (int i = 0; i < N; i++) {
        assert_float_equal(logits[i], 2, 1e-5);
        assert_float_equal(w[i].box.x, i, 1e-3);
        assert_float_equal(w[i].box.y, 10, 1e-3);
        assert_float_equal(w[i].box.w, 20 + i, 1e-3);
        assert_float_equal(w[i].box.h, 30, 1e-3);
    }
    verdict_close(&v);
    assert_null(v);
}

/* In half sides of the window; what is left in the mirror image is right. */
static void edges_move_in_half_sides(void **state)
{
    const float far[4] = { logf(1.1f), logf(0.8f), logf(1.1f), logf(1.5f) };
    const float one_side[4] = { logf(4), 0, 0, 0 };
    struct window w = { .box = { 30, 40, 20, 30 }, .score = 0.5f };
    float logit;
    struct verdict *v = open_constant(far, -1);
    (void) state;
    verdict_judge(v, picture, &w, 1, &logit);
    assert_float_equal(logit, -1, 1e-5);
    assert_float_equal(w.box.x, 40 - 11, 1e-3);
    assert_float_equal(w.box.w, 22, 1e-3);
    assert_float_equal(w.box.y, 55 - 12, 1e-3);
    assert_float_equal(w.box.h, 12 + 22.5, 1e-3);
    verdict_close(&v);
    v = open_constant(one_side, 0);
    w.box = (struct box){ 30, 40, 20, 30 };
    verdict_judge(v, picture, &w, 1, &logit);
    assert_float_equal(w.box.x, 40 - 20, 1e-3); /* half as far in logarithms, on both sides */
    assert_float_equal(w.box.w, 40, 1e-3);
    verdict_close(&v);
}

static void a_broken_net_leaves_boxes_finite(void **state)
{
    const float wild[4] = { 1e6f, -1e6f, 1e6f, -1e6f };
    struct window w = { .box = { 30, 40, 20, 30 }, .score = 0.5f };
    float logit;
    struct verdict *v = open_constant(wild, 0);
    (void) state;
    verdict_judge(v, picture, &w, 1, &logit);
    assert_true(box_is_finite(w.box));
    assert_true(w.box.w < 200 && w.box.h > 0);
    verdict_close(&v);
}

static void other_nets_are_refused(void **state)
{
    struct net *n;
    struct verdict *v;
    (void) state;
    assert_int_equal(net_create(&n, &model_marks, NULL, 1), OK);
    assert_int_equal(net_save(n, kit_path("other.safetensors"), NULL, 0), OK);
    net_free(&n);
    assert_int_equal(verdict_open(&v, kit_path("other.safetensors"), true), BAD_MATCH);
    assert_null(v);
    assert_int_not_equal(verdict_open(&v, kit_path("missing.safetensors"), true), OK);
    assert_null(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crop_shows_the_window_and_as_much_again),
        cmocka_unit_test(boxes_that_are_right_stay),
        cmocka_unit_test(edges_move_in_half_sides),
        cmocka_unit_test(a_broken_net_leaves_boxes_finite),
        cmocka_unit_test(other_nets_are_refused),
    };
    return cmocka_run_group_tests(tests, make_picture, free_picture);
}
