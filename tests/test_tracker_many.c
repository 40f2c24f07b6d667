/* SPDX-License-Identifier: MIT
 * Many targets: heads that follow between detections, people who cross, take another's place, or come back. */
#include "tests/kit.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "tests/kit_codes.h"
#include "tracker/single.h"
#include "tracker/tracker.h"

enum { MOST = 16, FRAME_US = 40000, W = 320, H = 240, CODE = 160 };
static uint8_t pixels[W * H * IMAGE_PIXEL];
static const struct image picture = {pixels, W, H, W *IMAGE_PIXEL};
static const struct image nothing;

/* Persons are coloured chequers over a ground of another one. */
static void paint_ground(void)
{
    for (int i = 0; i < W * H; i++) {
        uint64_t seed = (uint64_t)(1000 + i / W / 11 * 40 + i % W / 13);
        for (int c = 0; c < 3; c++)
            pixels[i * IMAGE_PIXEL + c] = (uint8_t)(80 + random_below(&seed, 60));
    }
}

static void paint_person(int person, struct box b)
{
    for (int y = (int)fmaxf(b.y, 0); y < H && (float)y < b.y + b.h; y++)
        for (int x = (int)fmaxf(b.x, 0); x < W && (float)x < b.x + b.w; x++) {
            int u = (int)(((float)x - b.x) / b.w * 6), v = (int)(((float)y - b.y) / b.h * 6);
            uint64_t seed = (uint64_t)(10000 * person + v * 8 + u);
            for (int c = 0; c < 3; c++)
                pixels[(y * W + x) * IMAGE_PIXEL + c] = (uint8_t)random_below(&seed, 256);
        }
}

static struct tracker *open_with(int follow, float remember)
{
    struct tracker_options o;
    struct tracker *t;
    option_defaults(tracker_option_table, &o);
    o.follow = follow;
    o.remember = remember;
    assert_ok(tracker_open(&t, &o));
    return t;
}

static struct face detection(struct box box)
{
    return (struct face){.box = box, .score = 0.95f, .track = -1, .person = -1};
}

static const struct face *nearest(const struct face *faces, int n, struct box box)
{
    const struct face *best = NULL;
    for (int i = 0; i < n; i++)
        if (!best || box_overlap(faces[i].box, box) > box_overlap(best->box, box))
            best = &faces[i];
    return best;
}

/* A code of that person for the face that lies there; returns the face's number afterwards. */
static int tell(struct tracker *t, struct face *faces, int n, struct box box, int person, int sample)
{
    struct face *face = faces + (nearest(faces, n, box) - faces), code = kit_code(person, sample, CODE, 0.3f);
    memcpy(face->code, code.code, sizeof code.code);
    face->n_code = CODE;
    face->has |= FACE_CODED;
    return tracker_learn_code(t, face);
}

static struct box place(int person, int frame)
{
    return person ? (struct box){230 - 5 * (float)frame, 140, 40, 40} : (struct box){20 + 5 * (float)frame, 40, 40, 40};
}

/* Detected in every tenth frame, quicker than motion alone would know: the heads keep both. */
static void test_between_detections(void **state)
{
    (void)state;
    struct tracker *t = open_with(FOLLOW_FCNT, 300);
    uint64_t allocations = memory_allocations();
    for (int f = 0; f < 36; f++) {
        int n = f % 10 == 0 ? 2 : 0;
        struct box truth[2];
        struct face faces[MOST];
        paint_ground();
        for (int p = 0; p < 2; p++) {
            truth[p] = place(p, f);
            truth[p].y += 8 * sinf((float)f); /* no motion model foresees this */
            paint_person(p + 1, truth[p]);
            faces[p] = detection(truth[p]);
        }
        assert_ok(tracker_update(t, picture, (int64_t)f * FRAME_US, n > 0, faces, MOST, &n));
        assert_int_equal(n, 2);
        for (int p = 0; p < 2; p++) {
            const struct face *face = nearest(faces, n, truth[p]);
            assert_int_equal(face->track, p + 1);
            assert_false(face->has & FACE_COASTING);
            assert_true(box_overlap(face->box, truth[p]) > 0.6f);
        }
    }
    assert_true(memory_allocations() == allocations);
    tracker_close(&t);
}

/* Both go to the middle; there they pass each other, or turn round. Only codes tell which it was. */
static void test_crossing_by_codes(void **state)
{
    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        struct tracker *t = open_with(FOLLOW_PIXELS, 300);
        int last[2] = {0};
        for (int f = 0; f <= 80; f++) {
            struct box truth[2];
            struct face faces[MOST];
            int n = 2, way = turn && f > 40 ? 80 - f : f;
            for (int p = 0; p < 2; p++) {
                truth[p] = (struct box){p ? 260 - 3 * (float)way : 20 + 3 * (float)way, 100 + 3 * (float)p, 40, 40};
                faces[p] = detection(truth[p]);
            }
            bool one = abs(f - 40) < 5; /* the other is behind */
            n = one ? 1 : 2;
            assert_ok(tracker_update(t, nothing, (int64_t)f * FRAME_US, true, faces, MOST, &n));
            for (int p = 0; p < 2 && !one && f % 3 == 0; p++)
                last[p] = tell(t, faces, n, truth[p], p, f);
            if (f == 24)
                assert_true(last[0] == 1 && last[1] == 2);
        }
        for (int f = 82; f < 90; f++) { /* once more after the verdict */
            struct box truth[2];
            struct face faces[MOST];
            int n = 2;
            for (int p = 0; p < 2; p++) {
                truth[p] = (struct box){(p != 0) != (turn != 0) ? 20 : 260, 100 + 3 * (float)p, 40, 40};
                faces[p] = detection(truth[p]);
            }
            assert_ok(tracker_update(t, nothing, (int64_t)f * FRAME_US, true, faces, MOST, &n));
            for (int p = 0; p < 2; p++)
                last[p] = tell(t, faces, n, truth[p], p, f);
        }
        assert_int_equal(last[0], 1);
        assert_int_equal(last[1], 2);
        tracker_close(&t);
    }
}

/* A cut within one room: somebody else stands where the first stood. Then the first comes back. */
static void test_place_taken(void **state)
{
    (void)state;
    struct tracker *t = open_with(FOLLOW_FCNT, 300);
    const struct box head = {130, 60, 44, 44}, body = {100, 40, 110, 180};
    static const int who[] = {0, 1, 0};
    int number[3] = {0};
    for (int f = 0; f < 90; f++) {
        struct face faces[MOST] = {detection(head)};
        int shot = f / 30, n = 1;
        paint_ground();
        paint_person(10 + 7 * who[shot], body);
        paint_person(20 + 7 * who[shot], head);
        assert_ok(tracker_update(t, picture, (int64_t)f * FRAME_US, true, faces, MOST, &n));
        const struct track *track = tracker_track(t, faces[0].track);
        assert_non_null(track);
        if (f % 10 == 0 || track->unsettled)
            number[shot] = tell(t, faces, n, head, who[shot], f);
    }
    assert_int_equal(number[0], 1);
    assert_int_equal(number[1], 2);
    assert_int_equal(number[2], 1);
    tracker_close(&t);
}

/* Leaves for five seconds and comes back elsewhere: the old number, when the tracker remembers for so long. */
static void test_remembering(void **state)
{
    (void)state;
    for (int longer = 0; longer < 2; longer++) {
        struct tracker *t = open_with(FOLLOW_PIXELS, longer ? 10 : 2);
        int number = 0;
        for (int f = 0; f < 170; f++) {
            struct box box = {f < 85 ? 40.0f : 220.0f, 90, 40, 40};
            struct face faces[MOST] = {detection(box)};
            int n = f < 20 || f >= 150;
            assert_ok(tracker_update(t, nothing, (int64_t)f * FRAME_US, true, faces, MOST, &n));
            if (n && f % 5 == 2 && nearest(faces, n, box) && !(faces[0].has & FACE_COASTING))
                number = tell(t, faces, n, box, 3, f);
        }
        assert_int_equal(number, longer ? 1 : 2);
        tracker_close(&t);
    }
}

static void test_one_alone(void **state)
{
    (void)state;
    const struct single_kind *kind = single_find("faces");
    void *tracker;
    assert_ok(kind->open(&tracker, NULL));
    struct box truth = place(0, 0), box = truth;
    paint_ground();
    paint_person(4, truth);
    assert_ok(kind->start(tracker, picture, box));
    for (int f = 1; f < 30; f++) {
        truth = place(0, f);
        paint_ground();
        paint_person(4, truth);
        assert_true(kind->update(tracker, picture, &box) > 0.6f);
        assert_true(box_overlap(box, truth) > 0.7f);
    }
    kind->close(&tracker);
    assert_null(tracker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_between_detections), cmocka_unit_test(test_crossing_by_codes),
        cmocka_unit_test(test_place_taken),        cmocka_unit_test(test_remembering),
        cmocka_unit_test(test_one_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
