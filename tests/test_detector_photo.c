/* SPDX-License-Identifier: MIT
 * The shipped weights on photographs that Debian ships; skipped where they are not installed. */
#include "tests/kit.h"

#include <math.h>
#include <stdatomic.h>

#include "base/file.h"
#include "base/frame.h"
#include "base/memory.h"
#include "capture/capture.h"
#include "detector/closer.h"
#include "detector/detector.h"

enum { MOST = 256 };
static const char solvay[] = "/usr/share/visp-images-data/ViSP-images/faces/1280px-Solvay_conference_1927.png";
static const char hopper[] = "/usr/share/matplotlib/mpl-data/sample_data/grace_hopper.jpg";

struct photo {
    struct frame_pool *pool;
    struct frame *frame;
    struct detector *detector;
    struct face faces[MOST];
};
static struct photo at;

static void look_at(const char *path)
{
    char weights[4096];
    struct capture_options c;
    struct detector_options d;
    struct capture *capture;
    atomic_bool stop = false;
    if (!file_exists(path)) {
        kit_skip(path);
    }
    if (file_find_weights(weights, sizeof weights, "lnet")) {
        kit_skip("no weights of the detector");
    }
    option_defaults(capture_option_table, &c);
    option_defaults(detector_option_table, &d);
    c.width = c.height = c.picture_width = 0;
    assert_ok(frame_pool_create(&at.pool, 1, 1));
    at.frame = frame_get(at.pool);
    assert_ok(capture_open(&capture, path, &c, &stop));
    assert_ok(capture_read(capture, at.frame));
    capture_close(&capture);
    assert_ok(detector_open(&at.detector, &d));
}

static int look_away(void **state)
{
    (void) state;
    detector_close(&at.detector);
    if (at.frame) {
        frame_put(at.pool, at.frame);
    }
    at.frame = NULL;
    frame_pool_free(&at.pool);
    return 0;
}

static bool inside(struct box b, struct point p)
{
    return p.x > b.x && p.x < b.x + b.w && p.y > b.y && p.y < b.y + b.h;
}

static void twenty_nine_faces(void **state)
{
    (void) state;
    int n;
    look_at(solvay);
    assert_ok(detector_run(at.detector, at.frame->source, 0, at.faces, MOST, &n));
    assert_true(n >= 26 && n <= 32);
    for (int i = 0; i < n; i++) {
        const struct face *f = &at.faces[i];
        assert_true(f->has & FACE_MARKED);
        assert_true(i == 0 || f->score <= at.faces[i - 1].score); /* best first */
        for (int j = 0; j < FACE_MARKS && f->score > 0.7f; j++) {
            assert_true(inside(f->box, f->marks[j]));
        }
        assert_true(f->marks[0].x < f->marks[1].x); /* the viewer's left eye is left */
        assert_true(f->marks[0].y < f->marks[3].y);
    }
}

static void small_ones_are_left_out_and_room_is_kept(void **state)
{
    (void) state;
    int all;
    int n;
    look_at(solvay);
    assert_ok(detector_run(at.detector, at.frame->source, 0, at.faces, MOST, &all));
    assert_ok(detector_run(at.detector, at.frame->source, 200, at.faces, MOST, &n));
    assert_int_equal(n, 0);
    assert_ok(detector_run(at.detector, at.frame->source, 0, at.faces, 5, &n));
    assert_int_equal(n, 5);
    assert_true(all > 5);
}

static void the_second_picture_takes_no_memory(void **state)
{
    (void) state;
    int n;
    look_at(hopper);
    assert_ok(detector_run(at.detector, at.frame->source, 0, at.faces, MOST, &n));
    const uint64_t before = memory_allocations();
    for (int i = 0; i < 3; i++) {
        assert_ok(detector_run(at.detector, at.frame->source, 0, at.faces, MOST, &n));
    }
    assert_true(memory_allocations() == before);
    assert_int_equal(n, 1);
}

/* The same face, whatever the picture's size: also when it fills it. */
static void one_face_at_any_size(void **state)
{
    (void) state;
    look_at(hopper);
    const struct image whole = at.frame->source;
    for (int w = 96; w <= whole.w; w = w * 3 / 2) {
        struct image small = { NULL, w, w * whole.h / whole.w, w * IMAGE_PIXEL };
        int n;
        small.pixels = memory_alloc((size_t) small.h, (size_t) small.stride);
        image_resize(small, whole);
        assert_ok(detector_run(at.detector, small, 0, at.faces, MOST, &n));
        assert_int_equal(n, 1);
        const float scale = (float) w / (float) whole.w;
        assert_near(box_centre(at.faces[0].box).x / scale, 0.5f * (float) whole.w, 0.15f * (float) whole.w);
        memory_free(&small.pixels);
    }
}

/* A photograph that is all face is halved until LNet can see it. */
static void a_face_that_fills_a_large_photograph(void **state)
{
    (void) state;
    int n;
    look_at(hopper);
    assert_ok(detector_run(at.detector, at.frame->source, 0, at.faces, MOST, &n));
    assert_int_equal(n, 1);
    const struct box b = at.faces[0].box;
    const struct image face = image_view(at.frame->source, (int) b.x, (int) b.y, (int) b.w, (int) b.h);
    struct image large = { NULL, 1536, 1536 * face.h / face.w, 1536 * IMAGE_PIXEL };
    large.pixels = memory_alloc((size_t) large.h, (size_t) large.stride);
    image_resize(large, face);
    assert_ok(detector_run(at.detector, large, 0, at.faces, MOST, &n));
    memory_free(&large.pixels);
    assert_int_equal(n, 1);
    assert_true(at.faces[0].box.h > 0.8f * (float) large.h);
}

/* Faces of a dozen pixels and less: most are seen only by a closer look, at their own places, and without any memory. */
static void a_closer_look_finds_small_faces(void **state)
{
    (void) state;
    struct detector_options o;
    struct detector *without;
    int n;
    int more;
    look_at(solvay);
    option_defaults(detector_option_table, &o);
    o.closer = false;
    assert_ok(detector_open(&without, &o));
    const struct image whole = at.frame->source;
    struct image small = { NULL, 256, 256 * whole.h / whole.w, 256 * IMAGE_PIXEL };
    small.pixels = memory_alloc((size_t) small.h, (size_t) small.stride);
    image_resize(small, whole);
    assert_ok(detector_run(without, small, 0, at.faces, MOST, &n));
    assert_ok(detector_run(at.detector, small, CLOSER_BELOW, at.faces, MOST, &more));
    assert_true(more <= n); /* nobody wants small ones */
    assert_ok(detector_run(at.detector, small, 0, at.faces, MOST, &more));
    const uint64_t before = memory_allocations();
    assert_ok(detector_run(at.detector, small, 0, at.faces, MOST, &more));
    assert_true(memory_allocations() == before);
    detector_close(&without);
    memory_free(&small.pixels);
    assert_true(more >= n + 5 && more <= 29);
    for (int i = 0; i < more; i++) {
        const struct box b = at.faces[i].box;
        assert_true(b.x > -b.w && b.y > -b.h && b.x < 256 && b.y < (float) small.h && b.h < 40);
    }
}

/* More windows than there is room for: those of real faces stay. */
static void a_crowd_has_room(void **state)
{
    (void) state;
    static struct face faces[2048];
    struct detector_options o;
    struct detector *d;
    int n;
    int all;
    int sure = 0;
    look_at(solvay);
    const struct image whole = at.frame->source;
    const int w = 256;
    const int h = w * whole.h / whole.w;
    struct image crowd = { NULL, 5 * w, 6 * h, 5 * w * IMAGE_PIXEL };
    crowd.pixels = memory_alloc((size_t) crowd.h, (size_t) crowd.stride);
    for (int i = 0; i < 30; i++) {
        image_resize(image_view(crowd, i % 5 * w, i / 5 * h, w, h), whole);
    }
    option_defaults(detector_option_table, &o);
    o.marks = "none";
    for (int i = 0; i < 2; i++, o.score = 0.01f) {
        assert_ok(detector_open(&d, &o));
        assert_ok(detector_run(d, crowd, 0, faces, 2048, i ? &all : &n));
        detector_close(&d);
    }
    for (int i = 0; i < all; i++) {
        sure += faces[i].score >= 0.5f;
    }
    memory_free(&crowd.pixels);
    assert_true(n > 500);
    assert_true(sure > 0.97f * (float) n);
}

static void no_picture_is_refused(void **state)
{
    (void) state;
    int n;
    look_at(hopper);
    assert_fails(detector_run(at.detector, (struct image){ 0 }, 0, at.faces, MOST, &n), BAD_USAGE, "0 x 0");
    assert_int_equal(n, 0);
}

static void other_weights_are_refused(void **state)
{
    (void) state;
    struct detector *d = NULL;
    struct detector_options o;
    option_defaults(detector_option_table, &o);
    const char *path = kit_path("text.safetensors");
    kit_write_text(path, "this is not a net");
    o.weights = path;
    assert_fails(detector_open(&d, &o), BAD_DATA, "text.safetensors");
    assert_null(d);
    o.weights = kit_path("missing.safetensors");
    assert_fails(detector_open(&d, &o), NO_RESOURCE, "missing.safetensors");
    assert_null(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(twenty_nine_faces, look_away),
        cmocka_unit_test_teardown(small_ones_are_left_out_and_room_is_kept, look_away),
        cmocka_unit_test_teardown(the_second_picture_takes_no_memory, look_away),
        cmocka_unit_test_teardown(one_face_at_any_size, look_away),
        cmocka_unit_test_teardown(a_face_that_fills_a_large_photograph, look_away),
        cmocka_unit_test_teardown(a_closer_look_finds_small_faces, look_away),
        cmocka_unit_test_teardown(a_crowd_has_room, look_away),
        cmocka_unit_test_teardown(no_picture_is_refused, look_away),
        cmocka_unit_test(other_weights_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
