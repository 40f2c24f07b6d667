/* SPDX-License-Identifier: MIT
 * run --start: one target, face or not, whose box in the first frame is given, followed by a tracker of tracker/single.h
 * instead of detection. It is reported as a track of its own; while it is gone nothing is. */
#include <stddef.h>
#include <stdio.h>

#include "pipeline/stages.h"
#include "tracker/single.h"

struct follow {
    const struct single_kind *kind;
    max_align_t values[SINGLE_OPTIONS / sizeof(max_align_t)];
    void *tracker;
    struct box start, box; /* pixels of the source; of the working picture */
    int w, h;              /* of the pictures; 0: none yet */
};

static enum status read_start(struct box *out, const char *text)
{
    char more;
    if (sscanf(text, "%f,%f,%f,%f%c", &out->x, &out->y, &out->w, &out->h, &more) != 4 || !box_is_finite(*out) ||
        out->w <= 0 || out->h <= 0)
        return fail(BAD_USAGE, "run.start: \"%s\" is no box; wanted are x,y,width,height in pixels of the first frame", text);
    return OK;
}

static enum status follow_open(void *state, const struct run_context *context, const void *options)
{
    struct follow *s = state;
    const struct follow_options *o = options;
    enum status e = read_start(&s->start, o->start);
    (void)context;
    if (!e && (e = single_choose(&s->kind, s->values, o->tracker)))
        return fail_in(e, "run.tracker");
    return e ? e : s->kind->open(&s->tracker, s->values);
}

static enum status start(struct follow *s, const struct frame *f)
{
    s->w = f->image.w;
    s->h = f->image.h;
    s->box = box_scale(s->start, 1 / f->to_source);
    return s->kind->start(s->tracker, f->image, s->box);
}

static enum status follow_run(void *state, struct frame *f)
{
    struct follow *s = state;
    bool first = s->w == 0;
    f->n_faces = 0;
    if (!first && (f->image.w != s->w || f->image.h != s->h))
        return fail(BAD_DATA, "frame %lld: the picture changes its size from %dx%d to %dx%d: nothing can be followed further",
                    (long long)f->number, s->w, s->h, f->image.w, f->image.h);
    enum status e = first ? start(s, f) : OK;
    if (e)
        return e;
    float sure = first ? 1 : s->kind->update(s->tracker, f->image, &s->box);
    if (sure <= 0 || f->max_faces < 1)
        return OK;
    f->faces[0] = (struct face){.has = FACE_TRACKED, .box = s->box, .score = sure, .track = 1, .person = -1};
    f->n_faces = 1;
    return OK;
}

static void follow_close(void *state)
{
    struct follow *s = state;
    if (s->kind && s->tracker)
        s->kind->close(&s->tracker);
}

const struct stage_kind stage_follow = {
    .name = "follow", .about = "where the target is", .state_size = sizeof(struct follow), .open = follow_open,
    .run = follow_run, .close = follow_close,
};
