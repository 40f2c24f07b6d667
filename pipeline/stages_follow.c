/* SPDX-License-Identifier: MIT
 * run --start: one target, face or not, whose box in the first frame is given, followed by a tracker of tracker/single.h
 * instead of detection. It is reported as a track of its own; while it is gone nothing is. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "pipeline/stages.h"
#include "tracker/single.h"

enum { OPTIONS = 1024 };

struct follow {
    const struct single_kind *kind;
    max_align_t values[OPTIONS / sizeof(max_align_t)];
    void *tracker;
    struct box start, box; /* pixels of the source; of the working picture */
    int w, h;              /* of the pictures; 0: none yet */
};

static enum status find_kind(struct follow *s, const char *name)
{
    char names[256] = "";
    int n = 0;
    for (int i = 0; i < single_count(); i++)
        n += snprintf(names + n, sizeof names - (size_t)n, "%s%s", i ? ", " : "", single_at(i)->name);
    s->kind = single_find(name);
    if (!s->kind || s->kind->options_size > sizeof s->values)
        return fail(BAD_USAGE, "run.tracker: there is no \"%s\"; there are %s", name, names);
    if (s->kind->options)
        option_defaults(s->kind->options, s->values);
    return OK;
}

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
    if (!e)
        e = find_kind(s, o->tracker);
    return e ? e : s->kind->open(&s->tracker, s->kind->options ? (const void *)s->values : NULL);
}

static enum status start(struct follow *s, const struct frame *f)
{
    s->w = f->image.w;
    s->h = f->image.h;
    s->box = (struct box){s->start.x / f->to_source, s->start.y / f->to_source, s->start.w / f->to_source,
                          s->start.h / f->to_source};
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
    f->faces[0] = (struct face){.has = FACE_TRACKED, .box = s->box, .score = fminf(sure, 1), .track = 1, .person = -1};
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
