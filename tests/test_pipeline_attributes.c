/* SPDX-License-Identifier: MIT
 * The stage that tells attributes, on a net with random weights: who is described when, what is averaged, what sinks
 * get. */
#include "tests/kit.h"

#include <jansson.h>
#include <math.h>

#include "base/log.h"
#include "base/memory.h"
#include "capture/capture.h"
#include "nets/models/models.h"
#include "pipeline/budget.h"
#include "pipeline/sinks.h"
#include "pipeline/stages.h"
#include "recognizer/attributes.h"

enum { W = 640, H = 360, MOST = 8 };

struct world {
    struct attributes *attributes;
    struct capture_info info;
    struct run_context context;
    struct describe_options options;
    struct frame frame;
    struct face faces[MOST];
    void *state;
};

static const char *make_weights(void)
{
    struct anet_options o;
    struct net *n = NULL;
    option_defaults(model_anet.options, &o);
    o.maps = 4;
    o.code = 16;
    assert_ok(net_create(&n, &model_anet, &o, 7));
    assert_ok(net_save(n, kit_path("anet.safetensors"), NULL, 0));
    net_free(&n);
    return kit_path("anet.safetensors");
}

static void open_world(struct world *w, int kind)
{
    struct attributes_options o = {.weights = make_weights(), .mirror = true};
    memset(w, 0, sizeof *w);
    assert_ok(attributes_open(&w->attributes, &o));
    w->info.kind = kind;
    w->context = (struct run_context){.info = &w->info, .source = "x", .attributes = w->attributes};
    option_defaults(budget_attributes_table, &w->options);
    w->frame.source = (struct image){memory_alloc((size_t)W * H, IMAGE_PIXEL), W, H, W * IMAGE_PIXEL};
    for (int i = 0; i < W * H * IMAGE_PIXEL; i++)
        w->frame.source.pixels[i] = (uint8_t)(128 + 100 * sin(i * 0.0007) * cos(i * 0.00011));
    w->frame.image = w->frame.source;
    w->frame.to_source = 1;
    w->frame.faces = w->faces;
    w->state = memory_alloc(1, stage_attributes.state_size);
    assert_ok(stage_attributes.open(w->state, &w->context, &w->options));
}

static void close_world(struct world *w)
{
    memory_free(&w->state);
    memory_free(&w->frame.source.pixels);
    attributes_close(&w->attributes);
}

/* Face i is track i + 1, `height` pixels high, at a place that follows from i and x. */
static void put_face(struct world *w, int i, float height, float x)
{
    struct face *f = &w->faces[i];
    struct box b = {x + 70.0f * (float)i, 120, height * 0.8f, height};
    static const struct point at[FACE_MARKS] = {{0.3f, 0.4f}, {0.7f, 0.4f}, {0.5f, 0.6f}, {0.35f, 0.78f}, {0.65f, 0.78f}};
    *f = (struct face){.has = FACE_MARKED | FACE_TRACKED, .box = b, .score = 1, .track = i + 1};
    for (int k = 0; k < FACE_MARKS; k++)
        f->marks[k] = (struct point){b.x + at[k].x * b.w, b.y + at[k].y * b.h};
    w->frame.n_faces = i + 1 > w->frame.n_faces ? i + 1 : w->frame.n_faces;
}

static void run_at(struct world *w, int64_t time_us)
{
    w->frame.time_us = time_us;
    w->frame.number++;
    assert_ok(stage_attributes.run(w->state, &w->frame));
}

/* What is said of the face as it is, by itself. */
static void say_alone(struct world *w, int i, float *out)
{
    struct face f = w->faces[i];
    const int first = 0;
    attributes_describe(w->attributes, w->frame.source, 1, &f, &first, 1);
    memcpy(out, f.attributes, sizeof f.attributes);
}

static void assert_says(const struct world *w, const float *wanted)
{
    for (int i = 0; i < FACE_ATTRIBUTES; i++)
        assert_near(w->faces[0].attributes[i], wanted[i], 1e-5);
}

static void a_track_is_described_and_remembered(void **unused)
{
    (void)unused;
    struct world w;
    float first[FACE_ATTRIBUTES], second[FACE_ATTRIBUTES];
    open_world(&w, CAPTURE_FILE);
    put_face(&w, 0, 50, 40);
    say_alone(&w, 0, first);
    run_at(&w, 0);
    assert_true(w.faces[0].has & FACE_DESCRIBED);
    assert_says(&w, first);
    put_face(&w, 0, 50, 200); /* elsewhere, no better, too early: what was said stands */
    run_at(&w, 100000);
    assert_true(w.faces[0].has & FACE_DESCRIBED);
    assert_says(&w, first);
    put_face(&w, 0, 100, 200); /* twice as large: looked at again, and it counts twice */
    say_alone(&w, 0, second);
    run_at(&w, 400000);
    double moved = 0;
    for (int i = 0; i < FACE_ATTRIBUTES; i++) {
        assert_near(w.faces[0].attributes[i], (first[i] + 2 * second[i]) / 3, 2e-3);
        moved += fabs((double)(second[i] - first[i]));
    }
    assert_true(moved > 0.05);
    put_face(&w, 0, 100, 40); /* as good: after `refresh` only */
    run_at(&w, 900000);
    assert_near(w.faces[0].attributes[7], (first[7] + 2 * second[7]) / 3, 2e-3);
    w.faces[0].track = 1 + 512; /* another track in the same slot is somebody else */
    say_alone(&w, 0, first);
    run_at(&w, 950000);
    assert_says(&w, first);
    close_world(&w);
}

static int described(const struct world *w)
{
    int n = 0;
    for (int i = 0; i < w->frame.n_faces; i++)
        n += (w->faces[i].has & FACE_DESCRIBED) != 0;
    return n;
}

static void a_frame_has_its_budget(void **unused)
{
    (void)unused;
    struct world w;
    open_world(&w, CAPTURE_FILE);
    for (int frame = 1; frame <= 4; frame++) {
        for (int i = 0; i < 6; i++)
            put_face(&w, i, 50, 20);
        put_face(&w, 5, 20, 20); /* too small */
        w.faces[4].has &= ~(unsigned)FACE_MARKED;
        run_at(&w, 40000 * frame);
        assert_int_equal(described(&w), 2 * frame < 4 ? 2 * frame : 4); /* two more a frame */
    }
    close_world(&w);
    open_world(&w, CAPTURE_PICTURES);
    for (int i = 0; i < 6; i++)
        put_face(&w, i, 50, 20);
    run_at(&w, 0);
    assert_int_equal(described(&w), 6); /* a picture has one chance */
    close_world(&w);
}

static void lines_hold_all_forty(void **unused)
{
    (void)unused;
    struct world w;
    struct text_output o = {kit_path("a.jsonl")};
    open_world(&w, CAPTURE_FILE);
    void *sink = memory_alloc(1, sink_json.state_size);
    const char *const models[] = {NULL};
    w.context.models = models;
    assert_ok(sink_json.open(sink, &w.context, &o));
    put_face(&w, 0, 60, 40);
    put_face(&w, 1, 10, 40); /* too small to be described */
    run_at(&w, 0);
    assert_ok(sink_json.run(sink, &w.frame));
    assert_ok(sink_json.finish(sink));
    memory_free(&sink);
    char *text = kit_read(kit_path("a.jsonl"), NULL), *line = strchr(text, '\n');
    json_t *frame = json_loads(line + 1, 0, NULL), *faces = json_object_get(frame, "faces");
    json_t *said = json_object_get(json_array_get(faces, 0), "attributes");
    assert_int_equal(json_object_size(said), FACE_ATTRIBUTES);
    assert_near(json_number_value(json_object_get(said, "Smiling")), w.faces[0].attributes[31], 1e-3);
    assert_null(json_object_get(json_array_get(faces, 1), "attributes"));
    json_decref(frame);
    memory_free(&text);
    close_world(&w);
}

static void the_stage_allocates_nothing(void **unused)
{
    (void)unused;
    struct world w;
    open_world(&w, CAPTURE_FILE);
    for (int i = 0; i < 4; i++)
        put_face(&w, i, 50, 20);
    run_at(&w, 0);
    uint64_t before = memory_allocations();
    for (int i = 1; i < 50; i++)
        run_at(&w, 40000 * i);
    assert_int_equal(memory_allocations(), before);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_track_is_described_and_remembered), cmocka_unit_test(a_frame_has_its_budget),
        cmocka_unit_test(lines_hold_all_forty),                cmocka_unit_test(the_stage_allocates_nothing),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests_name("pipeline attributes", tests, NULL, NULL);
}
