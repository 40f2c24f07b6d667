/* SPDX-License-Identifier: MIT
 * The pipeline over the synthetic source, with a detector that knows the truth: golden lines, threads and no threads, and
 * several that search ahead, no allocation in the loop, failing and ending sinks. */
#include "tests/kit.h"

#include <jansson.h>
#include <math.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/memory.h"
#include "capture/capture.h"
#include "capture/pattern.h"
#include "pipeline/draw.h"
#include "pipeline/pipeline.h"
#include "pipeline/report.h"
#include "pipeline/sinks.h"
#include "pipeline/stages.h"
#include "tracker/tracker.h"

#define URL "pattern:faces=3,frames=120,seed=5,size=800x450"
enum { FACES = 64 };

/* The detector's place: the truth in working pixels. */
static enum status truth_open(void *state, const struct run_context *context, const void *options)
{
    (void)options;
    *(const struct run_context **)state = context;
    return OK;
}

static int64_t ahead_fails_at; /* this frame; 0: none */

static enum status truth_ahead(void *state, struct frame *f)
{
    const struct run_context *c = state;
    struct pattern p;
    if (ahead_fails_at && f->number == ahead_fails_at)
        return fail(BAD_DATA, "the searcher is blind");
    clock_sleep_us(f->number % 5 == 0 ? 3000 : 0); /* the next ones are done before */
    assert_ok(pattern_parse(&p, c->source));
    f->n_faces = pattern_truth(&p, f->number, f->faces, f->max_faces);
    for (int i = 0; i < f->n_faces; i++) {
        struct face *face = &f->faces[i];
        face->box = box_scale(face->box, 1 / f->to_source);
        for (int k = 0; k < FACE_MARKS; k++)
            face->marks[k] = (struct point){face->marks[k].x / f->to_source, face->marks[k].y / f->to_source};
        face->has = FACE_MARKED;
        face->score = 0.95f;
        face->track = -1;
    }
    f->searched = true;
    return OK;
}

static enum status truth_run(void *state, struct frame *f)
{
    struct run_context *c = *(struct run_context **)state;
    if (!f->searched)
        assert_ok(truth_ahead(c, f));
    c->analysis->detected = true;
    c->analysis->cut = false;
    return OK;
}

static const struct stage_kind truth = {
    .name = "detect", .state_size = sizeof(void *), .open = truth_open, .run = truth_run};

/* A sink that counts allocations from frame to frame, and may say END or fail at a frame. */
struct watch_options { int64_t end_at, fail_at, slow_us; };
struct watch { struct watch_options o; };
static uint64_t allocations_at_60, allocations_at_end;
static int64_t frames_seen;

static enum status watch_open(void *state, const struct run_context *context, const void *options)
{
    (void)context;
    ((struct watch *)state)->o = *(const struct watch_options *)options;
    frames_seen = 0;
    return OK;
}

static enum status watch_run(void *state, struct frame *f)
{
    const struct watch *w = state;
    if (!w->o.slow_us)
        assert_int_equal(f->number, frames_seen); /* a file's frames: all, in order */
    frames_seen++;
    clock_sleep_us(w->o.slow_us);
    if (f->number == 60)
        allocations_at_60 = memory_allocations();
    allocations_at_end = memory_allocations();
    if (w->o.end_at && f->number == w->o.end_at)
        return END;
    if (w->o.fail_at && f->number == w->o.fail_at)
        return fail(NO_RESOURCE, "the watch is broken");
    return OK;
}

static const struct stage_kind watch = {
    .name = "watch", .state_size = sizeof(struct watch), .open = watch_open, .run = watch_run};

struct result { enum status status; struct report_figures figures; };

/* ahead: so many threads search. */
static struct result run_ahead(const char *url, int threads, int ahead, const char *json, const char *tracks,
                               struct watch_options w)
{
    static const atomic_bool never = false;
    struct capture_options co;
    struct tracker_options to;
    struct draw_options d;
    option_defaults(capture_option_table, &co);
    option_defaults(tracker_option_table, &to);
    option_defaults(draw_option_table, &d);
    struct capture *capture;
    struct tracker *tracker;
    struct report *report;
    struct pipeline *pipeline;
    struct text_output json_output = {json}, tracks_output = {tracks};
    assert_ok(capture_open(&capture, url, &co, &never));
    assert_ok(tracker_open(&tracker, &to));
    struct analysis *analysis = memory_alloc(1, sizeof *analysis);
    const char *const models[] = {"lnet", "00ff", NULL};
    struct run_context context = {.info = capture_info(capture), .source = url, .tracker = tracker, .analysis = analysis,
                                  .models = models};
    const struct pipeline_stage stages[] = {{&truth, NULL}, {&stage_track, NULL}};
    const struct pipeline_stage sinks[] = {
        {&sink_draw, &d}, {&sink_json, &json_output}, {&sink_tracks, &tracks_output}, {&watch, &w}};
    struct pipeline_plan plan = {.capture = capture, .context = &context, .stages = stages, .sinks = sinks, .n_stages = 2,
                                 .n_sinks = 4, .threads = threads, .max_faces = FACES, .stop = &never};
    plan.ahead = (struct ahead_work){.run = truth_ahead, .n = ahead, .number = 1};
    for (int i = 0; i < ahead; i++)
        plan.ahead.states[i] = &context;
    const char *names[16];
    int n = pipeline_names(&plan, names, 16);
    assert_int_equal(n, 7);
    assert_string_equal(names[1], "detect");
    assert_ok(report_create(&report, names, n, context.info));
    plan.report = report;
    struct result r;
    r.status = pipeline_create(&pipeline, &plan);
    if (r.status == OK)
        r.status = pipeline_run(pipeline);
    report_end(report);
    r.figures = report_figures(report);
    pipeline_free(&pipeline);
    report_free(&report);
    tracker_close(&tracker);
    capture_close(&capture);
    memory_free(&analysis);
    return r;
}

static struct result run(const char *url, int threads, const char *json, const char *tracks, struct watch_options w)
{
    return run_ahead(url, threads, threads, json, tracks, w);
}

static const struct watch_options quiet = {0, 0, 0};

static json_t *next_line(char **at)
{
    char *end = strchr(*at, '\n');
    assert_non_null(end);
    *end = '\0';
    json_t *line = json_loads(*at, 0, NULL);
    assert_non_null(line);
    *at = end + 1;
    return line;
}

/* Every visible face of the truth has a line's face near it, in source pixels, with marks; tracks are few. */
static void lines_tell_the_truth(void **unused)
{
    (void)unused;
    struct result r = run(URL, 0, kit_path("a.jsonl"), kit_path("a.txt"), quiet);
    assert_ok(r.status);
    assert_int_equal(r.figures.frames, 120);
    struct pattern p;
    assert_ok(pattern_parse(&p, URL));
    char *text = kit_read(kit_path("a.jsonl"), NULL), *at = text;
    json_t *header = next_line(&at);
    assert_string_equal(json_string_value(json_object_get(header, "format")), "facetrail");
    assert_int_equal(json_integer_value(json_object_get(header, "version")), 1);
    assert_int_equal(json_integer_value(json_object_get(header, "width")), 800);
    assert_string_equal(json_string_value(json_object_get(json_object_get(header, "models"), "lnet")), "00ff");
    json_decref(header);
    int found = 0, wanted = 0, reported = 0;
    for (int n = 0; n < 120; n++) {
        struct face faces[FACES];
        int m = pattern_truth(&p, n, faces, FACES);
        json_t *line = next_line(&at), *list = json_object_get(line, "faces"), *face;
        assert_int_equal(json_integer_value(json_object_get(line, "frame")), n);
        assert_near(json_number_value(json_object_get(line, "time")), n / 25.0, 1e-4);
        assert_null(json_object_get(line, "file"));
        size_t k;
        json_array_foreach(list, k, face)
        {
            json_t *box = json_object_get(face, "box");
            assert_int_equal(json_array_size(box), 4);
            assert_int_equal(json_array_size(json_object_get(face, "marks")), 5);
            assert_null(json_object_get(face, "name"));
            struct box b = {(float)json_number_value(json_array_get(box, 0)), (float)json_number_value(json_array_get(box, 1)),
                            (float)json_number_value(json_array_get(box, 2)), (float)json_number_value(json_array_get(box, 3))};
            for (int i = 0; i < m; i++)
                found += box_overlap(b, faces[i].box) > 0.6f;
            reported++;
        }
        wanted += m;
        json_decref(line);
    }
    assert_int_equal(*at, '\0');
    assert_true(wanted > 100);
    assert_true(found > 0.93 * wanted);
    assert_int_equal(reported, r.figures.faces);
    assert_true(r.figures.tracks >= 1 && r.figures.tracks <= 8);
    memory_free(&text);
}

static int count_lines(const char *path)
{
    char *text = kit_read(path, NULL);
    int n = 0;
    assert_non_null(text);
    for (char *c = text; *c; c++)
        n += *c == '\n';
    memory_free(&text);
    return n;
}

static void tracks_are_the_lines_faces(void **unused)
{
    (void)unused;
    struct result r = run(URL, 0, kit_path("a.jsonl"), kit_path("a.txt"), quiet);
    char *text = kit_read(kit_path("a.txt"), NULL);
    assert_int_equal(count_lines(kit_path("a.txt")), r.figures.faces);
    int frame, id;
    double x, y, w, h, score;
    assert_int_equal(sscanf(text, "%d,%d,%lf,%lf,%lf,%lf,%lf,-1,-1,-1\n", &frame, &id, &x, &y, &w, &h, &score), 7);
    assert_true(frame >= 1 && frame <= 3 && id >= 1 && w > 5 && score > 0.5);
    memory_free(&text);
}

static void threads_change_nothing(void **unused)
{
    (void)unused;
    struct result a = run(URL, 0, kit_path("a.jsonl"), kit_path("a.txt"), quiet);
    assert_ok(a.status);
    for (int ahead = 0; ahead <= 4; ahead++) {
        struct result b = run_ahead(URL, 2, ahead, kit_path("b.jsonl"), kit_path("b.txt"), quiet);
        assert_ok(b.status);
        char *x = kit_read(kit_path("a.jsonl"), NULL), *y = kit_read(kit_path("b.jsonl"), NULL);
        assert_string_equal(x, y);
        memory_free(&x);
        memory_free(&y);
        x = kit_read(kit_path("a.txt"), NULL);
        y = kit_read(kit_path("b.txt"), NULL);
        assert_string_equal(x, y);
        memory_free(&x);
        memory_free(&y);
        assert_int_equal(b.figures.dropped, 0);
    }
}

/* What came before it is written. */
static void a_failing_search_fails_the_run(void **unused)
{
    (void)unused;
    for (int ahead = 1; ahead <= 3; ahead++) {
        ahead_fails_at = 40;
        struct result r = run_ahead(URL, 2, ahead, kit_path("s.jsonl"), kit_path("s.txt"), quiet);
        ahead_fails_at = 0;
        assert_fails(r.status, BAD_DATA, "the searcher is blind");
        assert_int_equal(count_lines(kit_path("s.jsonl")), 41);
    }
}

static void the_loop_allocates_nothing(void **unused)
{
    (void)unused;
    for (int threads = 0; threads <= 2; threads += 2) {
        assert_ok(run(URL, threads, kit_path("a.jsonl"), kit_path("a.txt"), quiet).status);
        assert_true(allocations_at_60 > 0);
        assert_int_equal(allocations_at_end, allocations_at_60);
    }
}

static void a_sink_may_end_the_run(void **unused)
{
    (void)unused;
    for (int threads = 0; threads <= 2; threads += 2) {
        struct result r = run(URL, threads, kit_path("e.jsonl"), kit_path("e.txt"), (struct watch_options){.end_at = 30});
        assert_ok(r.status);
        assert_int_equal(r.figures.frames, 31);
        assert_int_equal(count_lines(kit_path("e.jsonl")), 32); /* the outputs are complete so far */
    }
}

static void a_failing_sink_fails_the_run_but_not_the_others(void **unused)
{
    (void)unused;
    for (int threads = 0; threads <= 2; threads += 2) {
        struct result r = run(URL, threads, kit_path("f.jsonl"), kit_path("f.txt"), (struct watch_options){.fail_at = 20});
        assert_fails(r.status, NO_RESOURCE, "the watch is broken");
        assert_int_equal(count_lines(kit_path("f.jsonl")), 22);
    }
}

static void an_output_that_cannot_be_is_known_before_any_work(void **unused)
{
    (void)unused;
    frames_seen = -1;
    struct result r = run(URL, 2, kit_path("no/such/folder/a.jsonl"), kit_path("z.txt"), quiet);
    assert_true(r.status < 0);
    assert_has(fail_message(), "a.jsonl");
    assert_int_equal(frames_seen, -1);
    assert_null(kit_read(kit_path("z.txt"), NULL));
}

static void a_live_source_drops_rather_than_waits(void **unused)
{
    (void)unused;
    for (int ahead = 0; ahead <= 1; ahead++) {
        struct result r = run_ahead("pattern:faces=1,frames=60,size=320x180,rate=200,live=1", 2, ahead, kit_path("l.jsonl"),
                                    kit_path("l.txt"), (struct watch_options){.slow_us = 30000});
        assert_ok(r.status);
        assert_true(r.figures.dropped > 10);
        assert_true(r.figures.frames >= 5);
        assert_int_equal(r.figures.frames, frames_seen);
        assert_int_equal(r.figures.frames + r.figures.dropped, 60);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_tell_the_truth),
        cmocka_unit_test(tracks_are_the_lines_faces),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(a_failing_search_fails_the_run),
        cmocka_unit_test(the_loop_allocates_nothing),
        cmocka_unit_test(a_sink_may_end_the_run),
        cmocka_unit_test(a_failing_sink_fails_the_run_but_not_the_others),
        cmocka_unit_test(an_output_that_cannot_be_is_known_before_any_work),
        cmocka_unit_test(a_live_source_drops_rather_than_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
