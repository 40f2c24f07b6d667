/* SPDX-License-Identifier: MIT
 * Learning the nets that look at LNet's finds, from a photograph: finds become faces and others, which are told apart after
 * a few steps, and boxes and marks come nearer to the labels. Skipped where the photograph or LNet's weights are missing. */
#include "tests/kit.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/frame.h"
#include "base/memory.h"
#include "base/workers.h"
#include "capture/capture.h"
#include "detector/detector.h"
#include "train/finds.h"

enum { FRAMES = 4, MOST = 64 };
/* Its labels draw faces, and marks, so much lower, in heights, than LNet does: something to learn. */
#define LOWER 0.15f
static const char solvay[] = "/usr/share/visp-images-data/ViSP-images/faces/1280px-Solvay_conference_1927.png";

static void write_pack(const char *name, struct image im, const char *faces, const char *marks)
{
    char path[64];
    char head[64];
    static char table[16384];
    const int n_head = snprintf(head, sizeof head, "P6\n%d %d\n255\n", im.w, im.h);
    const size_t one = (size_t) n_head + (size_t) im.w * (size_t) im.h * 3;
    unsigned char *file = memory_alloc(FRAMES, one);
    unsigned char *to = file;
    int n = snprintf(table, sizeof table, "frame\tset\tsplit\tname\twidth\theight\tfaces\tignore\tmarks\ttags\n");
    assert_non_null(file);
    for (int f = 0; f < FRAMES; f++) {
        memcpy(to, head, (size_t) n_head);
        to += n_head;
        for (int i = 0; i < im.w * im.h; i++) {
            const uint8_t *p = im.pixels + (size_t) (i / im.w) * (size_t) im.stride + (size_t) (i % im.w * IMAGE_PIXEL);
            *to++ = p[IMAGE_R];
            *to++ = p[IMAGE_G];
            *to++ = p[IMAGE_B];
        }
        n += snprintf(table + n, sizeof table - (size_t) n, "%d\tphoto\ttrain\t%d\t%d\t%d\t%s\t-\t%s\t-\n", f, f, im.w, im.h, faces, marks);
    }
    snprintf(path, sizeof path, "%s.mkv", name);
    kit_write(kit_path(path), file, FRAMES * one);
    snprintf(path, sizeof path, "%s.tsv", name);
    kit_write_text(kit_path(path), table);
    memory_free(&file);
}

static const char *const marked[] = { "marks-helen", "marks-mtfl", "tags", "faces-celeba", "faces-celeba5", "faces-fiw",
                                      "faces-web" };

/* The photograph, and what the whole detector says of it, as packs; the last pack is a picture of nothing. */
static void write_packs(void)
{
    struct capture_options c;
    struct detector_options d;
    struct capture *capture;
    struct frame_pool *pool;
    struct detector *detector;
    struct face faces[MOST];
    char boxes[4096] = "";
    char marks[8192] = "";
    atomic_bool stop = false;
    int n;
    option_defaults(capture_option_table, &c);
    option_defaults(detector_option_table, &d);
    d.verdict = "none"; /* it is what is to be learnt */
    c.width = c.height = c.picture_width = 0;
    assert_ok(frame_pool_create(&pool, 1, 1));
    struct frame *frame = frame_get(pool);
    assert_ok(capture_open(&capture, solvay, &c, &stop));
    assert_ok(capture_read(capture, frame));
    capture_close(&capture);
    assert_ok(detector_open(&detector, &d));
    assert_ok(detector_run(detector, frame->source, 0, faces, MOST, &n));
    detector_close(&detector);
    assert_true(n > 20);
    for (int i = 0, at = 0, to = 0; i < n; i++) {
        const struct box b = faces[i].box;
        at += snprintf(boxes + at, sizeof boxes - (size_t) at, "%s%.1f,%.1f,%.1f,%.1f", i ? ";" : "", (double) b.x,
                       (double) (b.y + LOWER * b.h), (double) b.w, (double) b.h);
        for (int k = 0; k < FACE_MARKS; k++) {
            to += snprintf(marks + to, sizeof marks - (size_t) to, "%s%.1f,%.1f", k ? "," : i ? ";" : "",
                           (double) faces[i].marks[k].x, (double) (faces[i].marks[k].y + LOWER * b.h));
        }
    }
    write_pack("wider-train", frame->source, boxes, "-");
    write_pack("masks", frame->source, boxes, "-");
    for (size_t i = 0; i < sizeof marked / sizeof *marked; i++) {
        write_pack(marked[i], frame->source, boxes, marks);
    }
    image_fill(frame->source, 90, 90, 90);
    write_pack("nofaces", frame->source, "-", "-");
    frame_put(pool, frame);
    frame_pool_free(&pool);
}

static double value_of(struct kit_result r, const char *key)
{
    const char *at = strstr(r.err, key);
    assert_int_equal(r.status, 0);
    assert_non_null(at);
    return strtod(at + strlen(key), NULL);
}

static char lnet[4096];

static int prepare(void **unused)
{
    (void) unused;
    if (file_exists(solvay) && !file_find_weights(lnet, sizeof lnet, "lnet")) {
        write_packs();
    }
    return 0;
}

static void need_packs(void)
{
    if (!file_exists(kit_path("wider-train.tsv"))) {
        kit_skip("no photograph, or no weights of the detector");
    }
}

static void finds_are_told_apart(void **unused)
{
    (void) unused;
    need_packs();
    kit_write_text(kit_path("verdict.conf"), "train.task = verdict\ntrain.model = verdict\ntrain.batch = 32\nmodel.maps = 4\n"
                                             "model.units = 16\nsolver.rate = 0.05\ndata.score = 0.02\ndata.held_out = 0\n");
    struct kit_result r = kit_facetrail("train", kit_path("verdict.conf"), "--data.folder", kit_folder(), "--data.detector", lnet,
                                        "--train.steps", "60", "--train.weights", kit_path("verdict.safetensors"), NULL);
    assert_true(value_of(r, " faces=") >= 15); /* every tenth of 29 in eight pictures */
    assert_true(value_of(r, " others=") >= 15);
    assert_true(value_of(r, " accuracy=") > 0.9);
    assert_true(value_of(r, " overlap_before=") < 0.8);
    assert_true(value_of(r, " overlap=") > value_of(r, " overlap_before=") + 0.03);
    r = kit_facetrail("show", kit_path("verdict.safetensors"), NULL);
    assert_int_equal(r.status, 0);
    assert_has(r.out, "verdict");
}

static void marks_are_learnt(void **unused)
{
    (void) unused;
    need_packs();
    kit_write_text(kit_path("marks.conf"), "train.task = marks\ntrain.model = marks\ntrain.batch = 32\nmodel.maps = 4\n"
                                           "model.units = 16\nsolver.rate = 0.05\ndata.score = 0.01\n");
    struct kit_result r = kit_facetrail("train", kit_path("marks.conf"), "--data.folder", kit_folder(), "--data.detector", lnet,
                                        "--data.held_out", "0", "--train.steps", "1", "--train.weights", kit_path("m.safetensors"), NULL);
    const double before = value_of(r, " nme=");
    r = kit_facetrail("train", kit_path("marks.conf"), "--data.folder", kit_folder(), "--data.detector", lnet, "--data.held_out",
                      "0", "--train.steps", "100", "--train.weights", kit_path("m.safetensors"), NULL);
    assert_true(value_of(r, " nme=") < 0.75 * before);
    assert_true(value_of(r, " mistakes_seen=") > 0.8);
}

struct seen { int frames[16], found[16], n; };

static enum status note(void *context, const struct scene_table *t, const struct scene *scene, const struct face *faces, int n)
{
    struct seen *s = context;
    assert_true(s->n < 16 && n > 0 && t->n_scenes > 0);
    assert_true(faces[0].score >= faces[n - 1].score && scene->picture.pixels);
    s->frames[s->n] = scene->frame;
    s->found[s->n++] = n;
    return OK;
}

/* Three workers at four pictures: one whole round, and one that is not full. */
static void several_workers_tell_in_order(void **unused)
{
    (void) unused;
    need_packs();
    struct seen seen[2] = { { .n = 0 }, { .n = 0 } };
    for (int i = 0; i < 2; i++) {
        struct workers *workers;
        assert_ok(workers_create(&workers, i ? 3 : 1));
        const struct finds_options o = { .folder = kit_folder(), .detector = lnet, .score = 0.5f, .workers = workers };
        struct finds *f = NULL;
        assert_ok(finds_open(&f, &o));
        assert_ok(finds_each(f, "wider-train", false, note, &seen[i]));
        finds_close(&f);
        workers_free(&workers);
        assert_int_equal(seen[i].n, FRAMES);
        for (int k = 0; k < FRAMES; k++) {
            assert_int_equal(seen[i].frames[k], k);
        }
    }
    assert_memory_equal(seen[0].found, seen[1].found, sizeof seen[0].found);
}

static void pictures_without_finds_are_refused(void **unused)
{
    (void) unused;
    static uint8_t pixels[64 * 64 * IMAGE_PIXEL];
    const struct image nothing = { pixels, 64, 64, 64 * IMAGE_PIXEL };
    need_packs();
    write_pack("wider-train", nothing, "-", "-");
    write_pack("masks", nothing, "-", "-");
    write_pack("nofaces", nothing, "-", "-");
    kit_write_text(kit_path("verdict.conf"), "train.task = verdict\ntrain.model = verdict\n");
    struct kit_result r = kit_facetrail("train", kit_path("verdict.conf"), "--data.folder", kit_folder(), "--data.detector", lnet,
                                        "--train.weights", kit_path("none.safetensors"), NULL);
    assert_int_equal(r.status, 1);
    assert_has(r.err, "too few patches");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_workers_tell_in_order),
        cmocka_unit_test(finds_are_told_apart),
        cmocka_unit_test(marks_are_learnt),
        cmocka_unit_test(pictures_without_finds_are_refused),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
