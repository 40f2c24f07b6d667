/* SPDX-License-Identifier: MIT
 * The tracker on the synthetic source: trembling detections with gaps and false ones, scored
 * against the truth as `eval tracks` does. People hide each other and leave for seconds, so that no
 * tracker gets 1. */
#include "tests/kit.h"

#include "base/frame.h"
#include "base/memory.h"
#include "capture/capture.h"
#include "capture/pattern.h"
#include "tracker/tracker.h"
#include "train/track_score.h"

enum { MOST = 64 };

/* The truth as a detector would see it: trembling, one in ten missed, now and then something that
 * is no face. */
static int detect(const struct face *truth, int n, uint64_t *seed, struct face *faces)
{
    int found = 0;
    for (int i = 0; i < n; i++) {
        if (random_below(seed, 10) == 0)
            continue;
        struct face f = truth[i];
        float tremble = 0.03f * f.box.h;
        f.box.x += tremble * random_normal(seed);
        f.box.y += tremble * random_normal(seed);
        f.score = truth[i].score > 0.8f ? 0.9f : 0.4f;
        f.track = -1;
        faces[found++] = f;
    }
    if (random_below(seed, 8) == 0)
        faces[found++] = (struct face){
            .box = {random_between(seed, 0, 600), random_between(seed, 0, 300), 40, 40},
            .score = 0.7f,
            .track = -1};
    return found;
}

static void put(struct track_rows *to, int64_t frame, int id, struct box box)
{
    assert_ok(memory_grow(&to->rows, &to->room, to->n + 1, sizeof *to->rows));
    to->rows[to->n++] = (struct track_row){(int)frame + 1, id, box};
}

static struct track_score run(const char *url, int every)
{
    struct capture_options co;
    struct tracker_options to;
    struct capture *capture;
    struct tracker *tracker;
    struct frame_pool *pool;
    struct pattern pattern;
    struct track_rows truth_rows = {0}, rows = {0};
    struct track_score score;
    uint64_t seed = 9;
    option_defaults(capture_option_table, &co);
    option_defaults(tracker_option_table, &to);
    assert_ok(pattern_parse(&pattern, url));
    assert_ok(capture_open(&capture, url, &co, NULL));
    assert_ok(tracker_open(&tracker, &to));
    assert_ok(frame_pool_create(&pool, 1, MOST));
    struct frame *f = frame_get(pool);
    while (capture_read(capture, f) == OK) {
        struct face truth[MOST];
        int n = pattern_truth(&pattern, f->number, truth, MOST);
        for (int i = 0; i < n; i++)
            truth[i].box = box_scale(truth[i].box, 1 / f->to_source);
        for (int i = 0; i < n; i++)
            put(&truth_rows, f->number, truth[i].track, truth[i].box);
        bool detected = f->number % every == 0;
        f->n_faces = detected ? detect(truth, n, &seed, f->faces) : 0;
        assert_ok(
            tracker_update(tracker, f->image, f->time_us, detected, f->faces, MOST, &f->n_faces));
        for (int i = 0; i < f->n_faces; i++)
            if (!(f->faces[i].has & FACE_COASTING))
                put(&rows, f->number, f->faces[i].track, f->faces[i].box);
    }
    frame_put(pool, f);
    frame_pool_free(&pool);
    tracker_close(&tracker);
    capture_close(&capture);
    assert_ok(track_score(&score, &truth_rows, &rows, 0.5f));
    print_message(
        "%s every=%d: idf1=%.4f mota=%.4f switches=%d fragments=%d missed=%ld false=%ld\n", url,
        every, score.idf1, score.mota, score.switches, score.fragments, score.misses,
        score.false_boxes);
    track_rows_free(&truth_rows);
    track_rows_free(&rows);
    return score;
}

static void test_every_frame(void **state)
{
    (void)state;
    struct track_score s = run("pattern:faces=4,frames=250,seed=1", 1);
    assert_true(s.mota > 0.90);
    assert_true(s.idf1 > 0.80);
}

static void test_every_fifth(void **state)
{
    (void)state;
    struct track_score s = run("pattern:faces=4,frames=250,seed=2", 5);
    assert_true(s.mota > 0.78);
    assert_true(s.idf1 > 0.70);
}

static void test_crowd(void **state)
{
    (void)state;
    struct track_score s = run("pattern:faces=12,frames=150,seed=3,size=1280x720", 1);
    assert_true(s.mota > 0.80);
    assert_true(s.idf1 > 0.70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_frame),
        cmocka_unit_test(test_every_fifth),
        cmocka_unit_test(test_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
