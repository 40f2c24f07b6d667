/* SPDX-License-Identifier: MIT
 * Scenes packs: the table, and the pictures one after the other or all in memory. */
#include "train/scene.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/frame.h"
#include "base/memory.h"
#include "capture/capture.h"

enum { COLUMNS = 16, FACE_PACK_SIDE = 128 };

struct scene_axis scene_axis_of_marks(const struct point *m)
{
    const struct point eyes = { (m[0].x + m[1].x) / 2, (m[0].y + m[1].y) / 2 };
    const struct point mouth = { (m[3].x + m[4].x) / 2, (m[3].y + m[4].y) / 2 };
    return (struct scene_axis){ { (eyes.x + mouth.x) / 2, (eyes.y + mouth.y) / 2 }, { mouth.x - eyes.x, mouth.y - eyes.y } };
}

/* Medians over the tags pack's upright faces: eye line at 0.40, mouth at 0.74 of the height. */
struct box scene_box_of_marks(const struct point *m)
{
    const struct scene_axis axis = scene_axis_of_marks(m);
    const float apart = hypotf(m[1].x - m[0].x, m[1].y - m[0].y);
    const float drop = hypotf(axis.down.x, axis.down.y);
    /* a turned head brings the eyes together, a nod the mouth nearer: each steadies the other */
    const float h = 2.9f * (0.7f * drop + 0.3f * 1.04f * apart);
    const float w = 2.18f * (0.7f * apart + 0.3f * drop / 1.04f);
    const float long_by = drop > 0 ? 1 / drop : 0;
    const float dx = axis.down.x * long_by; /* down the face */
    const float dy = axis.down.y * long_by;
    const float cx = axis.middle.x - 0.072f * h * dx;
    const float cy = axis.middle.y - 0.072f * h * dy;
    /* upright box around the turned ellipse */
    const float half_w = hypotf(w * dy, h * dx) / 2;
    const float half_h = hypotf(h * dy, w * dx) / 2;
    return (struct box){ cx - half_w, cy - half_h, 2 * half_w, 2 * half_h };
}

enum { FRAME, SPLIT, NAME, WIDTH, HEIGHT, FACES, IGNORE, MARKS, TAGS, ATTRIBUTES, N_KEYS };
static const char *const keys[N_KEYS] = { "frame", "split",  "name",  "width", "height",
                                          "faces", "ignore", "marks", "tags",  "attributes" };

/* n numbers separated by commas; the text after them, or NULL. */
static const char *numbers(const char *at, float *out, int n)
{
    for (int i = 0; i < n; i++) {
        char *end;
        out[i] = strtof(at, &end);
        if (end == at || !isfinite(out[i]) || (i + 1 < n && *end != ',')) {
            return NULL;
        }
        at = end + (i + 1 < n);
    }
    return at;
}

static enum status add_face(struct scene_table *t, struct scene *s, struct scene_face f)
{
    const enum status bad = memory_grow(&t->faces, &t->faces_room, (size_t) t->n_faces + 1, sizeof *t->faces);
    if (bad) {
        return bad;
    }
    t->faces[t->n_faces++] = f;
    s->n++;
    return OK;
}

static enum status add_boxes(struct scene_table *t, struct scene *s, const char *text, bool ignore)
{
    while (text && *text && *text != '-') {
        float b[4];
        text = numbers(text, b, 4);
        if (!text || (*text && *text != ';')) {
            return fail(BAD_DATA, "a box is not x,y,w,h");
        }
        const struct scene_face f = { .box = { b[0], b[1], b[2], b[3] }, .ignore = ignore };
        const enum status bad = add_face(t, s, f);
        if (bad) {
            return bad;
        }
        text += *text == ';';
    }
    return OK;
}

/* Marks belong to the faces in order; without boxes each five points make a face. */
static enum status add_marks(struct scene_table *t, struct scene *s, const char *text)
{
    for (int i = 0; text && *text && *text != '-'; i++) {
        float p[2 * FACE_MARKS];
        text = numbers(text, p, 2 * FACE_MARKS);
        if (!text || (*text && *text != ';')) {
            return fail(BAD_DATA, "marks are not five points");
        }
        if (i == s->n) {
            const enum status bad = add_face(t, s, (struct scene_face){ .guessed = true });
            if (bad) {
                return bad;
            }
        }
        struct scene_face *f = &t->faces[s->first + i];
        f->marked = true;
        for (int j = 0; j < FACE_MARKS; j++) {
            f->marks[j] = (struct point){ p[2 * j], p[2 * j + 1] };
        }
        if (f->guessed) {
            f->box = scene_box_of_marks(f->marks);
        }
        text += *text == ';';
    }
    return OK;
}

static void add_tags(struct scene_table *t, struct scene *s, const char *text)
{
    if (!s->n || !text || strlen(text) != FACE_ATTRIBUTES) {
        return;
    }
    struct scene_face *f = &t->faces[s->first];
    f->tagged = true;
    for (int i = 0; i < FACE_ATTRIBUTES; i++) {
        f->tags |= (uint64_t) (text[i] == '1') << i;
    }
}

static enum status add_row(struct scene_table *t, char *const *value)
{
    enum status bad = memory_grow(&t->scenes, &t->scenes_room, (size_t) t->n_scenes + 1, sizeof *t->scenes);
    if (bad) {
        return bad;
    }
    struct scene *s = &t->scenes[t->n_scenes];
    *s = (struct scene){ .frame = atoi(value[FRAME]), .first = t->n_faces };
    s->picture.w = value[WIDTH] ? atoi(value[WIDTH]) : FACE_PACK_SIDE;
    s->picture.h = value[HEIGHT] ? atoi(value[HEIGHT]) : FACE_PACK_SIDE;
    if (s->frame < 0 || s->picture.w < 1 || s->picture.h < 1) {
        return fail(BAD_DATA, "frame, width or height is no number");
    }
    s->name = memory_text(value[NAME] ? value[NAME] : "");
    if (!s->name) {
        return fail(NO_RESOURCE, "no memory for a table");
    }
    t->n_scenes++;
    if ((bad = add_boxes(t, s, value[FACES], false)) || (bad = add_marks(t, s, value[MARKS]))) {
        return bad;
    }
    add_tags(t, s, value[TAGS] ? value[TAGS] : value[ATTRIBUTES]);
    return add_boxes(t, s, value[IGNORE], true);
}

static enum status read_rows(struct scene_table *t, struct file_lines *l, const char *split)
{
    int column[N_KEYS];
    enum status s = OK;
    for (int first = 1; !(s = file_lines_next(l)); first = 0) {
        char *field[COLUMNS];
        char *value[N_KEYS] = { 0 };
        const int n = file_fields(l->line, '\t', field, COLUMNS);
        for (int k = 0; k < N_KEYS; k++) {
            if (first) {
                column[k] = -1;
                for (int i = 0; i < n; i++) {
                    column[k] = strcmp(field[i], keys[k]) ? column[k] : i;
                }
            } else if (column[k] >= 0 && column[k] < n) {
                value[k] = field[column[k]];
            }
        }
        if (first && column[FRAME] < 0) {
            return fail(BAD_DATA, "%s: no column named frame", l->path);
        }
        if (first || (split && value[SPLIT] && strcmp(split, value[SPLIT]))) {
            continue;
        }
        if (!value[FRAME]) {
            return fail(BAD_DATA, "%s:%d: an empty line", l->path, l->number);
        }
        if ((s = add_row(t, value))) {
            return fail_in(s, "%s:%d", l->path, l->number);
        }
    }
    return s == END ? OK : s;
}

enum status scene_table_open(struct scene_table *out, const char *tsv, const char *split)
{
    struct file_lines l;
    memset(out, 0, sizeof *out);
    enum status s = file_lines_open(&l, tsv);
    if (s) {
        return s;
    }
    s = read_rows(out, &l, split);
    file_lines_close(&l);
    if (s) {
        scene_table_close(out);
    }
    return s;
}

void scene_table_close(struct scene_table *t)
{
    for (int i = 0; i < t->n_scenes; i++) {
        memory_free(&t->scenes[i].name);
        memory_free(&t->scenes[i].picture.pixels);
    }
    memory_free(&t->scenes);
    memory_free(&t->faces);
    memset(t, 0, sizeof *t);
}

void scene_table_thin(struct scene_table *t, int start, int step, bool others)
{
    int kept = 0;
    for (int i = 0; i < t->n_scenes; i++) {
        if ((i >= start && (i - start) % step == 0) != others) {
            t->scenes[kept++] = t->scenes[i];
        } else {
            memory_free(&t->scenes[i].name);
        }
    }
    t->n_scenes = kept;
}

void scene_table_hold_out(struct scene_table *t, int every, bool held)
{
    scene_table_thin(t, every / 2, every, !held);
}

static enum status each_frame(struct scene_table *t, struct capture *c, struct frame *f, const char *mkv,
                              scene_see see, void *context)
{
    int row = -1;
    for (int i = 0; i < t->n_scenes; i++) {
        struct scene *scene = &t->scenes[i];
        for (; row < scene->frame; row++) {
            const enum status s = capture_read(c, f);
            if (s == END) {
                return fail(BAD_DATA, "%s: ends after %d pictures, its table wants picture %d", mkv, row + 1,
                            scene->frame);
            }
            if (s) {
                return s;
            }
        }
        if (f->source.w < scene->picture.w || f->source.h < scene->picture.h) {
            return fail(BAD_DATA, "%s: pictures are %d x %d, its table says %d x %d", mkv, f->source.w, f->source.h,
                        scene->picture.w, scene->picture.h);
        }
        const struct image kept = scene->picture;
        scene->picture = image_view(f->source, 0, 0, kept.w, kept.h);
        const enum status s = see(context, scene);
        if (scene->picture.pixels == f->source.pixels) {
            scene->picture = kept;
        }
        if (s) {
            return s;
        }
    }
    return OK;
}

enum status scene_each(struct scene_table *t, const char *mkv, scene_see see, void *context)
{
    struct capture_options o;
    struct capture *c = NULL;
    struct frame_pool *pool = NULL;
    atomic_bool stop = false;
    option_defaults(capture_option_table, &o);
    o.width = o.height = 0; /* as they are */
    enum status s = frame_pool_create(&pool, 1, 1);
    if (!s) {
        s = capture_open(&c, mkv, &o, &stop);
    }
    if (!s) {
        struct frame *f = frame_get(pool);
        s = each_frame(t, c, f, mkv, see, context);
        frame_put(pool, f);
    }
    capture_close(&c);
    frame_pool_free(&pool);
    return s;
}

static enum status keep(void *context, struct scene *scene)
{
    (void) context;
    const struct image from = scene->picture;
    struct image own = { NULL, from.w, from.h, from.w * IMAGE_PIXEL };
    own.pixels = memory_alloc((size_t) own.h, (size_t) own.stride);
    if (!own.pixels) {
        return fail(NO_RESOURCE, "no memory for a picture of %d x %d", own.w, own.h);
    }
    image_copy(own, from);
    scene->picture = own;
    return OK;
}

enum status scene_load(struct scene_table *t, const char *mkv)
{
    return scene_each(t, mkv, keep, NULL);
}
