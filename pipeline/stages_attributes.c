/* SPDX-License-Identifier: MIT
 * Attributes along a track: a face is described once, again when a better crop comes or much time has passed; what was
 * said is averaged, the better crops counting more. */
#include <string.h>

#include "capture/capture.h"
#include "pipeline/budget.h"
#include "pipeline/stages.h"
#include "recognizer/attributes.h"

enum { TRACK_SLOTS = 512, FACES_ROOM = 2048 };
#define MEMORY 8.0F /* an average never weighs more than so many perfect crops: people put glasses on and smile */
#define FULL_HEIGHT 100.0F /* source pixels of a face beyond which a crop does not get better */

/* A table addressed by track number, as in stages_identity.c: a newer track may push an older one out. */
struct told {
    int track, looks;
    int64_t last_us;
    float best, weight; /* quality of the best crop so far; of the average */
    float mean[FACE_ATTRIBUTES];
};

struct describe_attributes {
    const struct run_context *context;
    struct describe_options options;
    bool picture;
    struct told told[TRACK_SLOTS];
    struct budget_face candidates[FACES_ROOM];
    int which[FACES_ROOM];
};

static enum status attributes_stage_open(void *state, const struct run_context *context, const void *options)
{
    struct describe_attributes *d = state;
    d->context = context;
    d->options = *(const struct describe_options *)options;
    d->picture = context->info->kind == CAPTURE_PICTURES;
    return OK;
}

static struct told *told_of(struct describe_attributes *d, int track)
{
    struct told *t = &d->told[(unsigned)track % TRACK_SLOTS];
    if (t->track != track)
        *t = (struct told){.track = track};
    return t;
}

static float quality(const struct frame *f, const struct face *face)
{
    float height = face->box.h * f->to_source;
    return face->score * (height < FULL_HEIGHT ? height / FULL_HEIGHT : 1);
}

/* A face whose best crop was no worse than this one is sure. */
static struct budget_face candidate(struct describe_attributes *d, const struct frame *f, const struct face *face)
{
    struct budget_face c = {.usable = (face->has & FACE_MARKED) && face_is_reported(face),
                            .height = face->box.h * f->to_source,
                            .quality = quality(f, face)};
    if (d->picture || !c.usable)
        return c;
    const struct told *t = told_of(d, face->track);
    c.looks = t->looks;
    c.since_us = f->time_us >= t->last_us ? f->time_us - t->last_us : 0;
    c.sureness = c.quality > 0 && t->best < c.quality ? t->best / c.quality : 1;
    return c;
}

static void learn(struct told *t, const struct frame *f, const struct face *face)
{
    float q = quality(f, face) + 1e-3F;
    t->weight += q;
    for (int i = 0; i < FACE_ATTRIBUTES; i++)
        t->mean[i] += (face->attributes[i] - t->mean[i]) * q / t->weight;
    t->weight = t->weight < MEMORY ? t->weight : MEMORY;
    t->best = t->best > q ? t->best : q;
    t->looks++;
    t->last_us = f->time_us;
}

static void repeat(struct describe_attributes *d, struct frame *f)
{
    for (int i = 0; i < f->n_faces; i++) {
        struct face *face = &f->faces[i];
        const struct told *t = &d->told[(unsigned)face->track % TRACK_SLOTS];
        if (!(face->has & FACE_TRACKED) || t->track != face->track || t->looks == 0)
            continue;
        memcpy(face->attributes, t->mean, sizeof face->attributes);
        face->has |= FACE_DESCRIBED;
    }
}

static enum status attributes_stage_run(void *state, struct frame *f)
{
    struct describe_attributes *d = state;
    int n = f->n_faces < FACES_ROOM ? f->n_faces : FACES_ROOM;
    for (int i = 0; i < n; i++)
        d->candidates[i] = candidate(d, f, &f->faces[i]);
    int chosen = budget_describes(&d->options, d->candidates, n, !d->picture, d->which);
    attributes_describe(d->context->attributes, f->source, f->to_source, f->faces, d->which, chosen);
    if (d->picture)
        return OK;
    for (int i = 0; i < chosen; i++)
        learn(told_of(d, f->faces[d->which[i]].track), f, &f->faces[d->which[i]]);
    repeat(d, f);
    return OK;
}

const struct stage_kind stage_attributes = {
    .name = "attributes", .about = "what faces are like", .state_size = sizeof(struct describe_attributes),
    .open = attributes_stage_open, .run = attributes_stage_run,
};
