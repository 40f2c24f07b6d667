/* SPDX-License-Identifier: MIT
 * The tracker on boxes alone (no pixels): synthetic motion with a known answer. */
#include "tests/kit.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "tracker/tracker.h"

enum { MOST = 300, FRAME_US = 40000 };
static const struct image nothing;

static struct tracker *open_tracker(struct tracker_options *o)
{
    struct tracker_options own;
    struct tracker *t;
    if (!o) {
        o = &own;
        option_defaults(tracker_option_table, o);
    }
    assert_int_equal(tracker_open(&t, o), OK);
    return t;
}

static struct face face_at(float x, float y, float size, float score)
{
    struct face f = {.box = {x - size / 2, y - size / 2, size, size},
                     .score = score,
                     .has = FACE_MARKED,
                     .track = -1,
                     .person = -1};
    for (int i = 0; i < FACE_MARKS; i++)
        f.marks[i] =
            (struct point){x + (i % 2 ? 0.2f : -0.2f) * size, y + (i / 2 ? 0.2f : -0.2f) * size};
    return f;
}

/* One update with the given detections; returns how many faces come out. */
static int update(struct tracker *t, int64_t time_us, struct face *faces, int n)
{
    assert_int_equal(tracker_update(t, nothing, time_us, true, faces, MOST, &n), OK);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            assert_true(faces[i].track != faces[j].track || faces[i].track < 0);
    return n;
}

/* The face whose centre is nearest to (x, y), or NULL when none is within 20 pixels. */
static const struct face *near_to(const struct face *faces, int n, float x, float y)
{
    const struct face *best = NULL;
    float least = 20;
    for (int i = 0; i < n; i++) {
        struct point c = box_centre(faces[i].box);
        float d = hypotf(c.x - x, c.y - y);
        if (d < least) {
            least = d;
            best = &faces[i];
        }
    }
    return best;
}

static void test_follows_without_lag(void **state)
{
    (void)state;
    struct tracker *t = open_tracker(NULL);
    uint64_t seed = 1;
    double still_in = 0, still_out = 0, worst = 0, sum = 0;
    for (int f = 0; f < 200;
         f++) { /* 2 s still, then 300 pixels a second, with trembling detections */
        float x = 100 + (f < 50 ? 0 : (float)(f - 50) * 12), noise = random_normal(&seed) * 2;
        struct face faces[MOST] = {face_at(x + noise, 200, 80, 0.95f)};
        int n = update(t, (int64_t)f * FRAME_US, faces, 1);
        assert_int_equal(n, 1);
        assert_int_equal(faces[0].track, 1);
        double error = (double)(box_centre(faces[0].box).x - x);
        if (f >= 10 && f < 50) {
            still_in += (double)(noise * noise);
            still_out += error * error;
        }
        if (f >= 50)
            worst = fabs(error) > worst ? fabs(error) : worst;
        if (f >= 70)
            sum += error;
    }
    assert_true(still_out < 0.7 * still_in); /* calmer than the detections */
    assert_true(worst < 10);                 /* and never far behind: an eighth of the face */
    assert_true(fabs(sum / 130) < 1.5);      /* no steady lag */
    tracker_close(&t);
}

static void test_crossing(void **state)
{
    (void)state;
    for (int hidden = 0; hidden <= 10;
         hidden += 5) { /* frames in which only the nearer one is detected */
        struct tracker *t = open_tracker(NULL);
        int left = 0, right = 0;
        for (int f = 0; f <= 100; f++) {
            float a = 100 + (float)f * 4, b = 500 - (float)f * 4;
            struct face faces[MOST] = {face_at(a, 200, 60, 0.9f), face_at(b, 206, 60, 0.9f)};
            bool one = 2 * abs(f - 50) < hidden;
            int n = update(t, (int64_t)f * FRAME_US, faces, one ? 1 : 2);
            if (f == 5) {
                left = near_to(faces, n, a, 200)->track;
                right = near_to(faces, n, b, 206)->track;
                assert_true(left != right);
            }
            if (f == 100) {
                assert_int_equal(near_to(faces, n, a, 200)->track, left);
                assert_int_equal(near_to(faces, n, b, 206)->track, right);
            }
        }
        tracker_close(&t);
    }
}

/* Seen for 20 frames, gone for `gap`, seen again where it would be; returns the two numbers. */
static void lose_for(float gap_s, int *before, int *after)
{
    struct tracker *t = open_tracker(NULL);
    int gap = (int)(gap_s * 25), n = 0;
    struct face faces[MOST];
    for (int f = 0; f < 30 + gap; f++) {
        bool there = f < 20 || f >= 20 + gap;
        faces[0] = face_at(200 + (float)f, 150, 60, 0.95f);
        n = update(t, (int64_t)f * FRAME_US, faces, there);
        if (f == 19)
            *before = faces[0].track;
        if (!there) { /* a lost target keeps no box: what comes out says that it was not seen */
            assert_true(n <= 1);
            assert_true(n == 0 || faces[0].has & FACE_COASTING);
        }
        if (!there && f >= 20 + 30)
            assert_int_equal(n, 0);
    }
    assert_int_equal(n, 1);
    assert_false(faces[0].has & FACE_COASTING);
    *after = faces[0].track;
    tracker_close(&t);
}

static void test_losses(void **state)
{
    (void)state;
    int before, after;
    lose_for(0.5f, &before, &after);
    assert_int_equal(before, after);
    lose_for(3, &before, &after);
    assert_true(after > before);
}

static void test_low_scores(void **state)
{
    (void)state;
    struct tracker *t = open_tracker(NULL);
    for (int f = 0; f < 20; f++) { /* a low one goes on with a track, and never starts one */
        struct face faces[MOST] = {face_at(100, 100, 50, f < 5 ? 0.9f : 0.3f),
                                   face_at(300, 100, 50, 0.3f)};
        int n = update(t, (int64_t)f * FRAME_US, faces, 2);
        assert_int_equal(n, 1);
        assert_int_equal(faces[0].track, 1);
        assert_false(faces[0].has & FACE_COASTING);
    }
    tracker_close(&t);
}

static void test_flashes_are_not_faces(void **state)
{
    (void)state;
    struct tracker *t = open_tracker(NULL);
    for (int f = 0; f < 50; f++) {
        struct face faces[MOST] = {face_at(50 + 100 * (float)(f % 5), 100, 40, 0.6f)};
        assert_int_equal(update(t, (int64_t)f * FRAME_US, faces, f % 2), 0);
    }
    struct face faces[MOST] = {face_at(300, 300, 40, 0.99f)}; /* a very sure one is shown at once */
    assert_int_equal(update(t, 50 * FRAME_US, faces, 1), 1);
    assert_int_equal(faces[0].track, 1);
    tracker_close(&t);
}

static void test_one_face_found_twice(void **state)
{
    (void)state;
    struct tracker *t = open_tracker(NULL);
    for (int f = 0; f < 10; f++) { /* once tight, once with hair and shoulders; beside it a neighbour */
        struct face faces[MOST] = {face_at(100, 100, 40, 0.95f), face_at(105, 110, 90, 0.8f),
                                   face_at(160, 100, 40, 0.7f)};
        int n = update(t, (int64_t)f * FRAME_US, faces, 3);
        assert_int_equal(n, f == 0 ? 1 : 2);
        assert_true(fabsf(faces[0].box.w - 40) < 1);
    }
    tracker_close(&t);
}

static void test_numbers_are_never_reused(void **state)
{
    (void)state;
    struct tracker *t = open_tracker(NULL);
    int last = 0;
    int64_t now = 0;
    for (int round = 0; round < 40; round++) {
        for (int f = 0; f < 3; f++, now += FRAME_US) {
            struct face faces[MOST] = {face_at(100, 100, 50, 0.95f)};
            int n = update(t, now, faces, 1);
            assert_int_equal(n, 1);
            assert_true(faces[0].track == last + (f == 0));
            last = faces[0].track;
        }
        if (round % 3 == 0)
            tracker_cut(t);
        else if (round % 3 == 1)
            now -= 2 * FRAME_US + 1000000; /* back in time */
        else
            now += 5000000;
    }
    assert_int_equal(last, 40);
    tracker_close(&t);
}

static void test_many(void **state)
{
    (void)state;
    struct tracker_options o;
    option_defaults(tracker_option_table, &o);
    o.max = 256;
    struct tracker *t = open_tracker(&o);
    static struct face faces[MOST];
    static int id[256];
    uint64_t allocations = memory_allocations();
    for (int f = 0; f < 20; f++) {
        for (int i = 0; i < 280; i++) /* 24 more than it can follow */
            faces[i] = face_at(40 * (float)(i % 20) + (float)f * 2, 40 * (float)(i / 20), 30,
                               i < 256 ? 0.95f : 0.9f);
        int n = update(t, (int64_t)f * FRAME_US, faces, 280);
        assert_int_equal(n, 280);
        for (int i = 0; i < 256; i++) {
            if (f == 0)
                id[i] = faces[i].track;
            assert_int_equal(faces[i].track, id[i]);
            assert_true(faces[i].has & FACE_TRACKED);
        }
        for (int i = 256; i < 280; i++)
            assert_int_equal(faces[i].track, -1);
    }
    int n;
    const struct track *tracks = tracker_tracks(t, &n);
    assert_int_equal(n, 256);
    assert_ptr_equal(tracker_track(t, 9999), NULL);
    assert_int_equal(tracker_track(t, tracks[77].id)->id, tracks[77].id);
    assert_true(memory_allocations() == allocations);
    tracker_close(&t);
}

static void test_deterministic(void **state)
{
    (void)state;
    struct face last[2][MOST];
    int n[2];
    memset(last, 0, sizeof last);
    for (int run = 0; run < 2; run++) {
        struct tracker *t = open_tracker(NULL);
        uint64_t seed = 5;
        for (int f = 0; f < 100; f++) {
            for (int i = 0; i < 30; i++)
                last[run][i] = face_at(random_between(&seed, 0, 600), random_between(&seed, 0, 300),
                                       random_between(&seed, 20, 90), random_unit(&seed));
            n[run] = update(t, (int64_t)f * FRAME_US, last[run], 30);
        }
        tracker_close(&t);
    }
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(last[0], last[1], sizeof(struct face) * (size_t)n[0]);
}

static void test_codes(void **state)
{
    (void)state;
    struct tracker *t = open_tracker(NULL);
    int64_t now = 0;
    int ada = 0;
    for (int visit = 0; visit < 3;
         visit++) { /* Ada, somebody else, Ada: each comes 5 s after the last */
        for (int f = 0; f < 10; f++, now += FRAME_US) {
            struct face faces[MOST] = {face_at(100 + 150 * (float)visit, 100, 50, 0.95f)};
            assert_int_equal(update(t, now, faces, 1), 1);
            if (f % 3 != 1)
                continue;
            faces[0].has |= FACE_CODED;
            faces[0].n_code = 4;
            faces[0].code[0] = visit == 1 ? 0.1f : 0.99f;
            faces[0].code[1] = visit == 1 ? 0.99f : 0.1f;
            int id = tracker_learn_code(t, &faces[0]);
            assert_int_equal(id, faces[0].track);
            if (visit == 0)
                ada = id;
            assert_true((visit == 1) == (id != ada));
        }
        now += 5000000;
    }
    const struct track *track = tracker_track(t, ada);
    assert_non_null(track);
    assert_int_equal(track->n_codes, 6);
    tracker_close(&t);
}

static void test_between_detections(void **state)
{
    (void)state;
    struct tracker *t = open_tracker(NULL);
    for (int f = 0; f < 60;
         f++) { /* every fifth frame; without pixels the rest is said to be a guess */
        float x = 100 + 3 * (float)f;
        struct face faces[MOST] = {face_at(x, 100, 50, 0.95f)};
        int n = f % 5 == 0;
        assert_int_equal(tracker_update(t, nothing, (int64_t)f * FRAME_US, n, faces, MOST, &n), OK);
        assert_int_equal(n, 1);
        assert_int_equal(faces[0].track, 1);
        assert_true(!!(faces[0].has & FACE_COASTING) == (f % 5 != 0));
        assert_true(faces[0].has & FACE_MARKED);
        if (f >= 20)
            assert_true(fabsf(box_centre(faces[0].box).x - x) < 4);
    }
    tracker_close(&t);
}

static void test_options(void **state)
{
    (void)state;
    struct tracker_options o;
    struct tracker *t;
    option_defaults(tracker_option_table, &o);
    o.low = 0.9f;
    o.high = 0.5f;
    assert_int_equal(tracker_open(&t, &o), BAD_USAGE);
    assert_null(t);
    option_defaults(tracker_option_table, &o);
    memory_fail_at(2);
    assert_int_equal(tracker_open(&t, &o), NO_RESOURCE);
    memory_fail_at(0);
    assert_null(t);
    tracker_close(&t);
}

static void test_odd_input(void **state)
{
    (void)state;
    struct tracker *t = open_tracker(NULL);
    struct face faces[MOST] = {face_at(100, 100, 0, 0.95f), face_at(NAN, 100, 50, 0.95f),
                               face_at(INFINITY, 100, 50, 0.95f), face_at(100, 200, 50, NAN)};
    for (int f = 0; f < 5; f++) {
        int n = update(t, 0, faces, 4); /* also: time stands still */
        for (int i = 0; i < n; i++)
            assert_true(box_is_finite(faces[i].box));
    }
    tracker_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_follows_without_lag),
        cmocka_unit_test(test_crossing),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_low_scores),
        cmocka_unit_test(test_flashes_are_not_faces),
        cmocka_unit_test(test_one_face_found_twice),
        cmocka_unit_test(test_numbers_are_never_reused),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_deterministic),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_between_detections),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_odd_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
