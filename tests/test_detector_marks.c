/* SPDX-License-Identifier: MIT
 * The second look, with a net that says nothing (its last layers are zero), so that every answer is known. */
#include "tests/kit.h"

#include <string.h>

#include "base/memory.h"
#include "detector/marks.h"
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

/* Saves a net whose outputs are `bias` everywhere. */
static const char *write_net(float mark, float face)
{
    static const char *const layers[] = { "marks.weight", "face.weight", "marks.bias", "face.bias" };
    const float value[] = { 0, 0, mark, face };
    struct marks_options o;
    struct net *n;
    const char *path = kit_path("marks.safetensors");
    option_defaults(model_marks.options, &o);
    o.normalize = false;
    assert_int_equal(net_create(&n, &model_marks, &o, 1), OK);
    for (int i = 0; i < 4; i++) {
        size_t count;
        float *w = net_weight(n, layers[i], &count);
        assert_non_null(w);
        for (size_t k = 0; k < count; k++) {
            w[k] = value[i];
        }
    }
    assert_int_equal(net_save(n, path, NULL, 0), OK);
    net_free(&n);
    return path;
}

static struct window turned(float a, float b, float x, float y)
{
    struct window w = { .score = 0.5f };
    for (int i = 0; i < FACE_MARKS; i++) {
        const struct point p = marks_canonical[i];
        w.marks[i] = (struct point){ a * p.x - b * p.y + x, b * p.x + a * p.y + y };
    }
    return w;
}

static void crop_is_where_the_marks_are(void **state)
{
    (void) state;
    const struct window w = turned(1.5f, 0.4f, 30, 12);
    const struct warp to_picture = marks_warp(w.marks);
    assert_float_equal(to_picture.a, 1.5, 1e-3);
    assert_float_equal(to_picture.c, 0.4, 1e-3);
    const struct point at = marks_to_picture(to_picture, marks_canonical[2]);
    assert_float_equal(at.x, w.marks[2].x, 1e-2);
    assert_float_equal(at.y, w.marks[2].y, 1e-2);
    const struct point back = marks_to_crop(warp_inverse(to_picture), at);
    assert_float_equal(back.x, marks_canonical[2].x, 1e-2);
    assert_float_equal(back.y, marks_canonical[2].y, 1e-2);
}

/* Marks count from the edges of pixels, as boxes do, the crop's places from their middles: a picture that is the crop has
 * its marks half a pixel farther. */
static void marks_count_from_edges(void **state)
{
    (void) state;
    const struct window w = turned(1, 0, 0.5f, 0.5f);
    const struct warp same = marks_warp(w.marks);
    assert_float_equal(same.a, 1, 1e-5);
    assert_float_equal(same.tx, 0, 1e-4);
    assert_float_equal(same.ty, 0, 1e-4);
}

/* A net that finds every mark where it usually is leaves marks alone that lie so, however turned; 40 windows are
 * more than one batch. */
static void usual_marks_stay(void **state)
{
    enum { N = 40 };
    struct window w[N];
    struct window before[N];
    float logits[N];
    struct marks_net *m;
    (void) state;
    assert_int_equal(marks_open(&m, write_net(0, 2), true), OK);
    for (int i = 0; i < N; i++) {
        before[i] = w[i] = turned(0.5f + 0.03f * (float) i, 0.02f * (float) (i - 20), (float) i, 10);
    }
    marks_refine(m, picture, w, N, logits);
    for (int i = 0; i < N; i++) {
        assert_float_equal(logits[i], 2, 1e-5);
        for (int j = 0; j < FACE_MARKS; j++) {
            assert_float_equal(w[i].marks[j].x, before[i].marks[j].x, 0.25); /* usual marks are not quite even */
            assert_float_equal(w[i].marks[j].y, before[i].marks[j].y, 0.25);
        }
    }
    marks_close(&m);
    assert_null(m);
}

/* What the net says counts in crop pixels, turned and scaled with the face. It looks twice, the second time at the mirror
 * image too, where what lies to the right lies to the left: half of right and left is where it was. */
static void marks_move_with_the_face(void **state)
{
    struct window w = turned(2, 0, 5, 7);
    float logit;
    struct marks_net *m;
    (void) state;
    assert_int_equal(marks_open(&m, write_net(0.1f, -1), true), OK);
    marks_refine(m, picture, &w, 1, &logit);
    for (int j = 0; j < FACE_MARKS; j++) {
        assert_float_equal(w.marks[j].x, 2 * (marks_canonical[j].x + 0.1f * MARKS_UNIT) + 5, 0.25);
        assert_float_equal(w.marks[j].y, 2 * (marks_canonical[j].y + 2 * 0.1f * MARKS_UNIT) + 7, 0.25);
    }
    assert_float_equal(logit, -1, 1e-5);
    assert_true(0.1f * MARKS_UNIT > 0.5f); /* the tolerances tell one look from two */
    marks_close(&m);
}

static void other_nets_are_refused(void **state)
{
    struct net *n;
    struct marks_net *m;
    (void) state;
    assert_int_equal(net_create(&n, &model_deepid2, NULL, 1), OK);
    assert_int_equal(net_save(n, kit_path("other.safetensors"), NULL, 0), OK);
    net_free(&n);
    assert_int_equal(marks_open(&m, kit_path("other.safetensors"), true), BAD_MATCH);
    assert_null(m);
    assert_int_not_equal(marks_open(&m, kit_path("missing.safetensors"), true), OK);
    assert_null(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crop_is_where_the_marks_are),
        cmocka_unit_test(marks_count_from_edges),
        cmocka_unit_test(usual_marks_stay),
        cmocka_unit_test(marks_move_with_the_face),
        cmocka_unit_test(other_nets_are_refused),
    };
    return cmocka_run_group_tests(tests, make_picture, free_picture);
}
