/* SPDX-License-Identifier: MIT
 * The tracker on pictures: textured squares over a textured ground, whose places are known in every
 * frame. */
#include "tests/kit.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "tracker/tracker.h"

enum { W = 640, H = 360, MOST = 32, FRAME_US = 40000 };
static uint8_t pixels[W * H * IMAGE_PIXEL];
static struct image picture = {pixels, W, H, W *IMAGE_PIXEL};

/* Smooth noise: a number for every whole place of a grid, blended between. */
static float grid(int seed, int x, int y)
{
    uint64_t state =
        (uint64_t)seed * 1000003u + (uint64_t)(x + 5000) * 7919u + (uint64_t)(y + 5000) * 104729u;
    return random_unit(&state);
}

static float noise(int seed, float x, float y)
{
    int ix = (int)floorf(x), iy = (int)floorf(y);
    float fx = x - (float)ix, fy = y - (float)iy;
    float top = grid(seed, ix, iy) * (1 - fx) + grid(seed, ix + 1, iy) * fx;
    float bottom = grid(seed, ix, iy + 1) * (1 - fx) + grid(seed, ix + 1, iy + 1) * fx;
    return top * (1 - fy) + bottom * fy;
}

static void paint(int x, int y, float value)
{
    uint8_t *p = pixels + ((size_t)y * W + (size_t)x) * IMAGE_PIXEL;
    p[0] = p[1] = p[2] = (uint8_t)(255 * fminf(fmaxf(value, 0), 1));
}

static void paint_ground(int seed, float pan_x, float pan_y)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            paint(x, y, noise(seed, ((float)x - pan_x) / 23, ((float)y - pan_y) / 23));
}

static void paint_face(int seed, float cx, float cy, float size)
{
    for (int y = (int)(cy - size / 2); y < (int)(cy + size / 2); y++)
        for (int x = (int)(cx - size / 2); x < (int)(cx + size / 2); x++)
            if (x >= 0 && y >= 0 && x < W && y < H)
                paint(
                    x, y,
                    noise(seed, ((float)x - cx) / size * 6 + 50, ((float)y - cy) / size * 6 + 50));
}

static struct face face_at(float x, float y, float size)
{
    return (struct face){
        .box = {x - size / 2, y - size / 2, size, size}, .score = 0.95f, .track = -1, .person = -1};
}

static struct tracker *open_tracker(void)
{
    struct tracker_options o;
    struct tracker *t;
    option_defaults(tracker_option_table, &o);
    assert_int_equal(tracker_open(&t, &o), OK);
    return t;
}

static int update(struct tracker *t, int frame, bool detected, struct face *faces, int n)
{
    assert_int_equal(
        tracker_update(t, picture, (int64_t)frame * FRAME_US, detected, faces, MOST, &n), OK);
    return n;
}

static float off(const struct face *face, float x, float y)
{
    struct point c = box_centre(face->box);
    return hypotf(c.x - x, c.y - y);
}

/* Pixels carry a face that speeds up and grows while nobody detects, and without allocating. */
static void test_between_detections(void **state)
{
    (void)state;
    struct tracker *t = open_tracker();
    struct face faces[MOST];
    uint64_t allocations = memory_allocations();
    for (int f = 0; f < 60; f++) {
        float x = 150 + 80 * sinf((float)f / 8), y = 180 + 40 * cosf((float)f / 11),
              size = 60 + (float)f * 0.4f;
        paint_ground(1, 0, 0);
        paint_face(2, x, y, size);
        faces[0] = face_at(x, y, size);
        int n = update(t, f, f % 5 == 0, faces, 1);
        assert_int_equal(n, 1);
        assert_int_equal(faces[0].track, 1);
        assert_false(faces[0].has & FACE_COASTING);
        assert_true(box_overlap(faces[0].box, face_at(x, y, size).box) > 0.75f);
    }
    assert_true(memory_allocations() == allocations);
    tracker_close(&t);
}

/* The face is covered between two detections: it must not be said to be seen. */
static void test_covered(void **state)
{
    (void)state;
    struct tracker *t = open_tracker();
    struct face faces[MOST];
    for (int f = 0; f < 60; f++) {
        bool covered = f >= 21;
        paint_ground(1, 0, 0);
        if (!covered)
            paint_face(2, 300, 180, 80);
        faces[0] = face_at(300, 180, 80);
        int n = update(t, f, f % 10 == 0, faces, f % 10 == 0 && !covered ? 1 : 0);
        assert_true(n == (f <= 45)); /* a second after it was seen last */
        for (int i = 0; i < n; i++)
            assert_true(covered == !!(faces[i].has & FACE_COASTING));
    }
    tracker_close(&t);
}

/* The detector misses a face that stands there: pixels carry it for a moment, not for ever. */
static void test_missed(void **state)
{
    (void)state;
    struct tracker *t = open_tracker();
    struct face faces[MOST];
    for (int f = 0; f < 60; f++) {
        paint_ground(1, 0, 0);
        paint_face(2, 300, 180, 80);
        faces[0] = face_at(300, 180, 80);
        int n = update(t, f, true, faces, f < 20);
        if (f < 28)
            assert_true(n == 1 && !(faces[0].has & FACE_COASTING));
        if (f > 55)
            assert_int_equal(n, 0);
    }
    tracker_close(&t);
}

static void test_crossing_by_look(void **state)
{
    (void)state;
    struct tracker *t = open_tracker();
    struct face faces[MOST];
    int left = 0, right = 0;
    for (int f = 0; f <= 100;
         f++) { /* they meet, stop, and go back: motion alone would swap them */
        float a = f <= 50 ? 120 + (float)f * 3.4f : 120 + (float)(100 - f) * 3.4f, b = W - a;
        bool together = f >= 48 && f <= 54;
        paint_ground(1, 0, 0);
        paint_face(3, b, 184, 70);
        paint_face(2, a, 180, 70);
        faces[0] = face_at(a, 180, 70);
        faces[1] = face_at(b, 184, 70);
        int n = update(t, f, true, faces, together ? 1 : 2);
        for (int i = 0; i < n && (f == 10 || f == 100); i++) {
            bool is_left = off(&faces[i], a, 180) < 30;
            if (f == 10)
                *(is_left ? &left : &right) = faces[i].track;
            else
                assert_int_equal(faces[i].track, is_left ? left : right);
        }
    }
    assert_true(left > 0 && right > 0);
    tracker_close(&t);
}

/* The camera is swept by more than a face between two frames; faces stand still in the room. */
static void test_camera_pan(void **state)
{
    (void)state;
    struct tracker *t = open_tracker();
    struct face faces[MOST];
    for (int f = 0; f < 40; f++) {
        float pan = f < 20 ? 0 : (float)(f - 20) * -26, first = 0;
        int n = 0;
        paint_ground(1, pan, 0);
        for (int i = 0; i < 4; i++) {
            float x = 120 + 150 * (float)i + pan;
            paint_face(2 + i, x, 180, 30);
            if (x > 20)
                faces[n++] = face_at(x, 180, 30);
            first = first == 0 && x > 20 ? (float)i : first;
        }
        n = update(t, f, f % 4 == 0, faces, f % 4 == 0 ? n : 0);
        for (int i = 0; i < n; i++)
            for (int k = 0; k < 4; k++)
                if (off(&faces[i], 120 + 150 * (float)k + pan, 180) < 8)
                    assert_int_equal(faces[i].track, k + 1);
        for (int k = (int)first; k < 4 && f > 4; k++) {
            int found = 0;
            for (int i = 0; i < n; i++)
                found +=
                    faces[i].track == k + 1 && off(&faces[i], 120 + 150 * (float)k + pan, 180) < 8;
            assert_int_equal(found, 1);
        }
    }
    tracker_close(&t);
}

static void test_cut(void **state)
{
    (void)state;
    struct tracker *t = open_tracker();
    struct face faces[MOST];
    for (int f = 0; f < 20; f++) { /* another scene with another face at the same place */
        int seed = f < 10 ? 1 : 40;
        paint_ground(seed, 0, 0);
        paint_face(seed + 1, 300, 180, 80);
        faces[0] = face_at(300, 180, 80);
        if (f == 10)
            tracker_cut(t);
        int n = update(t, f, true, faces, 1);
        assert_int_equal(n, 1);
        assert_int_equal(faces[0].track, f < 10 ? 1 : 2);
    }
    paint_ground(80, 0, 0); /* and a cut between detections leaves no box behind */
    tracker_cut(t);
    assert_int_equal(update(t, 20, false, faces, 0), 0);
    tracker_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_between_detections),
        cmocka_unit_test(test_covered),
        cmocka_unit_test(test_missed),
        cmocka_unit_test(test_crossing_by_look),
        cmocka_unit_test(test_camera_pan),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
