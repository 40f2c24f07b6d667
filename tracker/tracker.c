/* SPDX-License-Identifier: MIT
 * Many targets in fixed slots: predict, associate, correct, follow what no detection saw, let go. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "tracker/internal.h"

enum { ROWS_MOST = 256, FACES_MOST = 1024 };

static const float part =
    0.75f; /* shared part of the smaller box that makes two detections one face */

#define FIELD(f) offsetof(struct tracker_options, f)
const struct option tracker_option_table[] = {
    {"max", OPTION_INT, FIELD(max), "128", 1, 256, NULL, "targets followed at once"},
    {"follow", OPTION_CHOICE, FIELD(follow), "fcnt", 0, 0, "pixels fcnt",
     "between detections: by a grey patch, or by a head over gradients and colours that learns"},
    {"heads", OPTION_INT, FIELD(heads), "24", 1, 256, NULL,
     "targets that have such a head; the others are followed by pixels"},
    {"updates", OPTION_INT, FIELD(updates), "4", 1, 256, NULL,
     "heads that learn in one frame, targets in trouble first"},
    {"lost", OPTION_FLOAT, FIELD(lost), "1", 0.1, 60, NULL,
     "seconds a track may go unseen before it ends"},
    {"high", OPTION_FLOAT, FIELD(high), "0.5", 0, 1, NULL, "least score that starts a track"},
    {"low", OPTION_FLOAT, FIELD(low), "0.2", 0, 1, NULL, "least score that a track may go on with"},
    {"confirm", OPTION_INT, FIELD(confirm), "4", 1, 100, NULL,
     "detections of just the score high before a track is reported; better ones count for more"},
    {"hold", OPTION_FLOAT, FIELD(hold), "0.4", 0, 60, NULL,
     "seconds that pixels alone may carry a track which the detector misses"},
    {"rejoin", OPTION_FLOAT, FIELD(rejoin), "0.7", 0, 1, NULL,
     "least cosine of codes at which a new track takes a lost one's number; 0: never"},
    {"remember", OPTION_FLOAT, FIELD(remember), "300", 0, 86400, NULL,
     "seconds that a lost track may be found again by its code"},
    {0},
};
#undef FIELD

enum status tracker_open(struct tracker **out, const struct tracker_options *o)
{
    *out = NULL;
    if (o->low > o->high)
        return fail(BAD_USAGE, "track.low is %g, it must not be above track.high, %g", o->low,
                    o->high);
    struct arena *memory = arena_create();
    struct tracker *t = arena_alloc(memory, 1, sizeof *t);
    int slots = 2 * o->max; /* half of them may remember lost targets */
    if (t) {
        *t = (struct tracker){.memory = memory, .options = *o, .n_slots = slots, .next_id = 1};
        t->targets = arena_alloc(memory, (size_t)slots, sizeof *t->targets);
        t->view = arena_alloc(memory, (size_t)slots, sizeof *t->view);
        t->cost = arena_alloc(memory, (size_t)ROWS_MOST * (size_t)slots, sizeof *t->cost);
        t->rows = arena_alloc(memory, ROWS_MOST, sizeof *t->rows);
        t->columns = arena_alloc(memory, (size_t)slots, sizeof *t->columns);
        t->match = arena_alloc(memory, ROWS_MOST, sizeof *t->match);
        t->owner = arena_alloc(memory, FACES_MOST, sizeof *t->owner);
        assign_create(&t->assign, memory, ROWS_MOST);
        if (o->follow == FOLLOW_FCNT)
            t->heads = heads_open(memory, o->heads < o->max ? o->heads : o->max);
    }
    enum status status = arena_seal(memory);
    if (status != OK) {
        arena_free(&memory);
        return status;
    }
    *out = t;
    return OK;
}

void tracker_close(struct tracker **t)
{
    if (!*t)
        return;
    struct arena *memory = (*t)->memory; /* the tracker lies in it */
    *t = NULL;
    arena_free(&memory);
}

void tracker_show(struct tracker *t)
{
    t->n_view = 0;
    for (int i = 0; i < t->n_slots; i++)
        if (target_is_live(&t->targets[i]))
            t->view[t->n_view++] = t->targets[i].track;
}

const struct track *tracker_tracks(const struct tracker *t, int *n)
{
    *n = t->n_view;
    return t->view;
}

const struct track *tracker_track(const struct tracker *t, int id)
{
    for (int i = 0; i < t->n_slots && id > 0; i++)
        if (t->targets[i].active && t->targets[i].track.id == id)
            return &t->targets[i].track;
    return NULL;
}

void tracker_cut(struct tracker *t)
{
    for (int i = 0; i < t->n_slots; i++)
        if (target_is_live(&t->targets[i]))
            target_lose(t, &t->targets[i]);
    tracker_show(t);
}

/* A free slot, or the one whose target was lost longest ago; NULL when `max` are live. */
struct target *tracker_slot(struct tracker *t)
{
    struct target *free = NULL, *oldest = NULL;
    int live = 0;
    for (int i = 0; i < t->n_slots; i++) {
        struct target *target = &t->targets[i];
        if (!target->active)
            free = free ? free : target;
        else if (target_is_live(target))
            live++;
        else if (!oldest || target->track.seen_us < oldest->track.seen_us)
            oldest = target;
    }
    return live >= t->options.max ? NULL : free ? free : oldest;
}

static struct target *start(struct tracker *t, const struct face *face)
{
    struct target *target = tracker_slot(t);
    if (!target)
        return NULL;
    memset(target, 0, sizeof *target);
    target->head = -1;
    target->learnt_us = target->expected_us = -1;
    target->active = target->seen = true;
    target->track.state = TRACK_NEW;
    target->track.first_us = t->time_us;
    target->track.certainty = face->score;
    motion_start(&target->motion, face->box);
    return target;
}

/* Whether a better detection has most of the box, or the box most of it: one face found twice, at
 * two sizes. */
static bool is_part(const struct tracker *t, const struct face *face)
{
    for (int i = 0; i < t->n_slots; i++) {
        const struct target *other = &t->targets[i];
        struct box box = other->track.box;
        if (target_is_live(other) && other->seen && other->score >= face->score &&
            box_intersection(box, face->box) > part * fminf(box_area(box), box_area(face->box)))
            return true;
    }
    return false;
}

/* Gives every detection its target, or takes it out of the list. Returns how many stay. */
static int take_detections(struct tracker *t, struct image im, struct face *faces, int n)
{
    int kept = 0;
    associate(t, im, faces, n);
    for (int i = 0; i < n; i++) {
        struct face face = faces[i];
        struct target *target = t->owner[i] >= 0 ? &t->targets[t->owner[i]] : NULL;
        bool starts = !target && face.score >= t->options.high && box_is_finite(face.box) &&
                      !is_part(t, &face);
        if (starts)
            target = start(t, &face);
        face.track = -1;
        if (target) {
            target_see(t, target, im, &face);
            if (target->track.id > 0)
                target_put(target, &face);
        }
        bool crowded = starts && !target; /* sure, but no slot is free: reported without a track */
        if (crowded || (target && target->track.id > 0))
            faces[kept++] = face;
    }
    return kept;
}

static void begin_update(struct tracker *t, struct image im, int64_t time_us)
{
    struct camera_move move = camera_update(&t->camera, im);
    if (move.other || (t->started && time_us < t->time_us))
        tracker_cut(t);
    if (t->started && time_us < t->time_us)
        for (int i = 0; i < t->n_slots; i++)
            t->targets[i].active = false; /* lost by the cut above: no head is left behind */
    float dt = t->started && time_us > t->time_us ? 1e-6f * (float)(time_us - t->time_us) : 0;
    for (int i = 0; i < t->n_slots; i++) {
        struct target *target = &t->targets[i];
        if (!target_is_live(target))
            continue;
        cross_break(t, target);
        motion_shift(&target->motion, move.dx, move.dy);
        motion_predict(&target->motion, fminf(dt, t->options.lost),
                       target->seen || target->confirmed);
        target->seen = target->confirmed = false;
        if ((float)(time_us - target->track.seen_us) > 1e6f * t->options.lost)
            target_lose(t, target);
    }
    t->time_us = time_us;
    t->started = true;
}

enum status tracker_update(struct tracker *t, struct image im, int64_t time_us, bool detected,
                           struct face *faces, int max, int *n)
{
    begin_update(t, im, time_us);
    int found = detected ? (*n < FACES_MOST ? *n : FACES_MOST) : 0;
    int kept = take_detections(t, im, faces, found);
    *n = unseen_follow(t, im, detected, faces, max, kept);
    cross_watch(t);
    look_learn(t, im);
    tracker_show(t);
    return OK;
}
