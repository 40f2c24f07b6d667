/* SPDX-License-Identifier: MIT
 * A code for every picture that the pairs name: packs are read once from begin to end, files one by one. The face is
 * the one nearest to the picture's centre; the whole path sees the picture only. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/frame.h"
#include "base/memory.h"
#include "base/progress.h"
#include "capture/capture.h"
#include "detector/detector.h"
#include "train/verification.h"

enum { FACES = 64, COLUMNS = 32 };

struct wanted { int frame, picture; bool marked; struct point marks[FACE_MARKS]; };

struct encoding {
    struct verification_codes *out;
    const struct verification *v;
    const struct verification_coder *coder;
    struct detector *detector;
    struct frame_pool *pool;
    struct capture_options capture;
    struct wanted *wanted; /* of one pack, by frame */
    int n_wanted, done;
};

static float off_centre(const struct face *f, struct image im)
{
    struct point c = box_centre(f->box);
    return hypotf(c.x - 0.5F * (float)im.w, c.y - 0.5F * (float)im.h);
}

/* Faces much smaller than the picture are never whom LFW means. */
static enum status find_face(struct encoding *e, struct image im, struct face *out, bool *found)
{
    struct face faces[FACES];
    int n = 0;
    int best = -1;
    *found = false;
    enum status s = detector_run(e->detector, im, 0.15F * (float)im.h, faces, FACES, &n);
    if (s)
        return s;
    for (int i = 0; i < n; i++)
        if (faces[i].has & FACE_MARKED && (best < 0 || off_centre(&faces[i], im) < off_centre(&faces[best], im)))
            best = i;
    if (best >= 0)
        *out = faces[best];
    *found = best >= 0;
    return OK;
}

static enum status encode(struct encoding *e, int picture, struct image im, const struct wanted *w)
{
    struct face face = {0};
    bool found = w && w->marked;
    if (found) {
        memcpy(face.marks, w->marks, sizeof face.marks);
        face.has = FACE_MARKED;
    } else if (e->detector) {
        enum status s = find_face(e, im, &face, &found);
        if (s)
            return s;
    }
    if (progress_due())
        progress_show("%d of %d pictures, %d without a face", e->done, e->v->n_pictures, e->out->n_missed);
    e->done++;
    if (!found) {
        e->out->n_missed++;
        return OK;
    }
    e->coder->code(e->coder->state, im, &face, e->out->rows + (size_t)picture * e->out->width);
    e->out->missed[picture] = false;
    return OK;
}

static int by_frame(const void *a, const void *b)
{
    const struct wanted *x = a;
    const struct wanted *y = b;
    return (x->frame > y->frame) - (x->frame < y->frame);
}

static struct wanted *find_wanted(struct encoding *e, int frame)
{
    struct wanted key = {.frame = frame};
    return bsearch(&key, e->wanted, (size_t)e->n_wanted, sizeof key, by_frame);
}

static bool read_marks(struct point *marks, char *text)
{
    char *number[2 * FACE_MARKS];
    if (file_fields(text, ',', number, 2 * FACE_MARKS) != 2 * FACE_MARKS)
        return false;
    for (int i = 0; i < FACE_MARKS; i++)
        marks[i] = (struct point){strtof(number[2 * i], NULL), strtof(number[2 * i + 1], NULL)};
    return true;
}

/* The column `marks` of the pack's table, for the frames that are wanted. */
static enum status take_marks(struct encoding *e, const char *pack)
{
    char path[VERIFICATION_PATH];
    char *field[COLUMNS];
    struct file_lines l;
    int column = -1;
    snprintf(path, sizeof path, "%.*s.tsv", (int)(strlen(pack) - 4), pack);
    enum status s = file_lines_open(&l, path);
    if (s)
        return s;
    while (!(s = file_lines_next(&l))) {
        int n = file_fields(l.line, '\t', field, COLUMNS);
        for (int i = 0; l.number == 1 && i < n; i++)
            if (strcmp(field[i], "marks") == 0)
                column = i;
        if (column < 0) {
            s = fail(BAD_DATA, "%s: no column marks: --aligned is not possible", path);
            break;
        }
        struct wanted *w = l.number > 1 && n > column ? find_wanted(e, atoi(field[0])) : NULL;
        if (w)
            w->marked = read_marks(w->marks, field[column]);
    }
    file_lines_close(&l);
    return s == END ? OK : s;
}

static void list_wanted(struct encoding *e, int pack)
{
    e->n_wanted = 0;
    for (int i = 0; i < e->v->n_pictures; i++)
        if (e->v->pictures[i].pack == pack)
            e->wanted[e->n_wanted++] = (struct wanted){.frame = e->v->pictures[i].frame, .picture = i};
    qsort(e->wanted, (size_t)e->n_wanted, sizeof *e->wanted, by_frame);
}

static enum status read_pack(struct encoding *e, int pack)
{
    struct capture *c = NULL;
    const char *path = e->v->packs[pack];
    int left = e->n_wanted;
    enum status s = capture_open(&c, path, &e->capture, NULL);
    while (!s && left > 0) {
        struct frame *f = frame_get(e->pool);
        s = capture_read(c, f);
        struct wanted *w = s ? NULL : find_wanted(e, (int)f->number);
        if (w) {
            s = encode(e, w->picture, f->source, w);
            left--;
        }
        frame_put(e->pool, f);
    }
    capture_close(&c);
    return s == END ? fail(BAD_DATA, "%s: %d of the frames that the pairs name are not there", path, left) : s;
}

static enum status read_file(struct encoding *e, int picture)
{
    struct capture *c = NULL;
    struct frame *f = frame_get(e->pool);
    enum status s = capture_open(&c, e->v->pictures[picture].name, &e->capture, NULL);
    if (!s)
        s = capture_read(c, f);
    if (!s)
        s = encode(e, picture, f->source, NULL);
    frame_put(e->pool, f);
    capture_close(&c);
    return s == END ? fail(BAD_DATA, "%s: no picture", e->v->pictures[picture].name) : s;
}

static enum status read_all(struct encoding *e)
{
    enum status s = OK;
    for (int p = 0; !s && p < e->v->n_packs; p++) {
        list_wanted(e, p);
        if (!e->detector)
            s = take_marks(e, e->v->packs[p]);
        if (!s)
            s = read_pack(e, p);
    }
    for (int i = 0; !s && i < e->v->n_pictures; i++)
        if (e->v->pictures[i].pack < 0)
            s = e->detector ? read_file(e, i) : fail(BAD_USAGE, "--aligned wants packs, whose tables hold marks");
    return s;
}

enum status verification_encode(struct verification_codes *out, const struct verification *v,
                                const struct verification_coder *c, struct detector *d)
{
    struct encoding e = {.out = out, .v = v, .coder = c, .detector = d};
    size_t n = (size_t)v->n_pictures;
    option_defaults(capture_option_table, &e.capture);
    e.capture.width = e.capture.height = e.capture.picture_width = 0;
    out->width = ((size_t)c->width + 15) / 16 * 16;
    out->rows = memory_alloc(n * out->width, sizeof *out->rows);
    out->missed = memory_alloc(n, sizeof *out->missed);
    out->n_missed = 0;
    e.wanted = memory_alloc(n, sizeof *e.wanted);
    enum status s = out->rows && out->missed && e.wanted ? frame_pool_create(&e.pool, 1, 1)
                                                        : fail(NO_RESOURCE, "verification: no memory");
    if (!s) {
        memset(out->missed, 1, n);
        s = read_all(&e);
    }
    progress_clear();
    frame_pool_free(&e.pool);
    memory_free(&e.wanted);
    if (s)
        verification_codes_free(out);
    return s;
}

void verification_codes_free(struct verification_codes *c)
{
    memory_free(&c->rows);
    memory_free(&c->missed);
}
