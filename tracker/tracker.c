/* SPDX-License-Identifier: MIT
 * Many targets in fixed slots: predict, associate, correct, follow by pixels what no detection saw,
 * let go. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "tracker/internal.h"

enum { ROWS_MOST = 256, FACES_MOST = 1024 };

static const float sure_share = 0.7f;  /* this far from `high` to 1, one detection is enough */
static const float same_pixels = 0.6f; /* correlation that confirms a target between detections */
static const float missed_pixels = 0.78f; /* and one that the detector has just missed */
static const float hidden = 0.45f; /* overlap with another seen target: the pixels are that one's */
static const float part =
    0.75f; /* shared part of the smaller box that makes two detections one face */
static const float gone = 0.35f; /* less of the box than this inside the picture */

#define FIELD(f) offsetof(struct tracker_options, f)
const struct option tracker_option_table[] = {
    {"max", OPTION_INT, FIELD(max), "128", 1, 256, NULL, "targets followed at once"},
    {"lost", OPTION_FLOAT, FIELD(lost), "1", 0.1, 60, NULL,
     "seconds a track may go unseen before it ends"},
    {"high", OPTION_FLOAT, FIELD(high), "0.5", 0, 1, NULL, "least score that starts a track"},
    {"low", OPTION_FLOAT, FIELD(low), "0.2", 0, 1, NULL, "least score that a track may go on with"},
    {"confirm", OPTION_INT, FIELD(confirm), "2", 1, 100, NULL,
     "detections before a track is reported"},
    {"hold", OPTION_FLOAT, FIELD(hold), "0.4", 0, 60, NULL,
     "seconds that pixels alone may carry a track which the detector misses"},
    {"rejoin", OPTION_FLOAT, FIELD(rejoin), "0.8", 0, 1, NULL,
     "least cosine of codes at which a new track takes a lost one's number; 0: never"},
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

bool target_is_live(const struct target *target)
{
    return target->active && target->track.state != TRACK_LOST;
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

/* Who was never reported, or has no code to be found again by, is forgotten. */
static void lose(struct target *target)
{
    target->track.state = TRACK_LOST;
    target->track.certainty = 0;
    target->track.velocity = (struct point){0, 0};
    target->active = target->track.id > 0 && target->track.n_codes > 0;
}

void tracker_cut(struct tracker *t)
{
    for (int i = 0; i < t->n_slots; i++)
        if (target_is_live(&t->targets[i]))
            lose(&t->targets[i]);
    tracker_show(t);
}

/* A free slot, or the one whose target was lost longest ago; NULL when `max` are live. */
static struct target *free_slot(struct tracker *t)
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

static struct point mark_in(struct box box, struct point p)
{
    return (struct point){(p.x - box.x) / box.w, (p.y - box.y) / box.h};
}

/* Marks are smoothed inside the box: trembling is averaged away, a turning head is followed at
 * once. */
static void learn_marks(struct target *target, const struct face *face)
{
    static const float calm = 0.5f, quick = 0.05f;
    if (!(face->has & FACE_MARKED) || face->box.w < 1 || face->box.h < 1)
        return;
    float moved = 0;
    struct point marks[FACE_MARKS];
    for (int i = 0; i < FACE_MARKS; i++) {
        marks[i] = mark_in(face->box, face->marks[i]);
        moved += hypotf(marks[i].x - target->marks[i].x, marks[i].y - target->marks[i].y);
    }
    float share = target->marked ? fminf(calm + moved / FACE_MARKS / quick * (1 - calm), 1) : 1;
    for (int i = 0; i < FACE_MARKS; i++) {
        target->marks[i].x += share * (marks[i].x - target->marks[i].x);
        target->marks[i].y += share * (marks[i].y - target->marks[i].y);
    }
    target->marked = true;
}

static void put_box_and_marks(const struct target *target, struct face *face)
{
    struct box box = target->track.box;
    face->box = box;
    face->track = target->track.id;
    face->has |= FACE_TRACKED;
    if (!target->marked)
        return;
    face->has |= FACE_MARKED;
    for (int i = 0; i < FACE_MARKS; i++)
        face->marks[i] =
            (struct point){box.x + target->marks[i].x * box.w, box.y + target->marks[i].y * box.h};
}

static void settle_track(struct target *target)
{
    target->track.box = motion_box(&target->motion);
    target->track.velocity = (struct point){target->motion.cx.v, target->motion.cy.v};
}

/* A detection was the target's. */
static void see(struct tracker *t, struct target *target, struct image im, struct face *face)
{
    const struct tracker_options *o = &t->options;
    bool high = face->score >= o->high;
    float trust = fmaxf(face->score, 0.3f);
    motion_correct(&target->motion, face->box, trust);
    settle_track(target);
    learn_marks(target, face);
    follow_learn(&target->follow, im, target->track.box, high ? 0.6f : 0.2f);
    struct track *track = &target->track;
    track->sightings++;
    track->seen_us = target->detected_us = t->time_us;
    track->certainty += 0.3f * (face->score - track->certainty);
    target->score = face->score;
    target->misses = 0;
    bool sure = track->state != TRACK_NEW || track->sightings >= o->confirm ||
                face->score >= o->high + sure_share * (1 - o->high);
    if (sure) {
        track->state = TRACK_SURE;
        if (track->id == 0)
            track->id = t->next_id++;
    }
}

static struct target *start(struct tracker *t, const struct face *face)
{
    struct target *target = free_slot(t);
    if (!target)
        return NULL;
    memset(target, 0, sizeof *target);
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
            see(t, target, im, &face);
            if (target->track.id > 0)
                put_box_and_marks(target, &face);
        }
        bool crowded = starts && !target; /* sure, but no slot is free: reported without a track */
        if (crowded || (target && target->track.id > 0))
            faces[kept++] = face;
    }
    return kept;
}

/* Whether another target that was seen stands where this one is thought to be. */
static bool is_hidden(const struct tracker *t, const struct target *target, struct box box)
{
    for (int i = 0; i < t->n_slots; i++) {
        const struct target *other = &t->targets[i];
        if (other != target && target_is_live(other) && other->seen &&
            box_overlap(other->track.box, box) > hidden)
            return true;
    }
    return false;
}

/* No detection saw it in this update: do its pixels? */
static void follow(struct tracker *t, struct target *target, struct image im)
{
    bool may = target->misses == 0 ||
               (target->track.state != TRACK_NEW &&
                (float)(t->time_us - target->detected_us) <= 1e6f * t->options.hold);
    struct box box = motion_box(&target->motion);
    target->likeness = may ? follow_search(&target->follow, im, &box) : 0;
    float least = target->misses == 0 ? same_pixels : missed_pixels;
    target->confirmed = target->likeness >= least && !is_hidden(t, target, box);
    if (target->confirmed) {
        motion_correct(&target->motion, box, target->likeness * target->likeness);
        target->track.seen_us = t->time_us;
    }
    settle_track(target);
    if (target->track.state != TRACK_NEW && (target->confirmed || target->misses > 0))
        target->track.state = target->confirmed ? TRACK_SURE : TRACK_COASTING;
}

/* Certainty falls with the time unseen, and at once when pixels stop confirming what the last
 * detection saw: that is the moment for another detection. */
static void doubt(const struct tracker *t, struct target *target)
{
    float span = 1e-6f * (float)(t->time_us - target->track.seen_us) / t->options.lost;
    float most = target->score * (1 - 0.8f * span);
    if (!target->confirmed)
        most = fminf(most, 0.25f);
    target->track.certainty = fminf(target->track.certainty, most);
}

static bool is_over(const struct tracker *t, const struct target *target)
{
    const struct track *track = &target->track;
    if (target->seen || target->confirmed)
        return false;
    if (track->state == TRACK_NEW && target->misses > 0)
        return true;
    if (!box_is_finite(track->box) || (float)(t->time_us - track->seen_us) > 1e6f * t->options.lost)
        return true;
    struct box picture = {0, 0, (float)t->camera.picture_w, (float)t->camera.picture_h};
    return picture.w > 0 && box_intersection(track->box, picture) < gone * box_area(track->box);
}

/* Targets that no detection saw: followed, coasting or over. Appends the reported ones. */
static int follow_rest(struct tracker *t, struct image im, bool detected, struct face *faces,
                       int max, int n)
{
    for (int i = 0; i < t->n_slots; i++) {
        struct target *target = &t->targets[i];
        if (!target_is_live(target) || target->seen)
            continue;
        target->misses += detected;
        follow(t, target, im);
        if (is_over(t, target)) {
            lose(target);
            continue;
        }
        doubt(t, target);
        if (target->track.id == 0 || n >= max)
            continue;
        struct face *face = &faces[n++];
        memset(face, 0, sizeof *face);
        face->person = -1;
        face->score = target->score;
        put_box_and_marks(target, face);
        if (!target->confirmed)
            face->has |= FACE_COASTING;
    }
    return n;
}

static void begin_update(struct tracker *t, struct image im, int64_t time_us)
{
    struct camera_move move = camera_update(&t->camera, im);
    if (move.other || (t->started && time_us < t->time_us))
        tracker_cut(t);
    if (t->started && time_us < t->time_us)
        for (int i = 0; i < t->n_slots; i++)
            t->targets[i].active = false;
    float dt = t->started && time_us > t->time_us ? 1e-6f * (float)(time_us - t->time_us) : 0;
    for (int i = 0; i < t->n_slots; i++) {
        struct target *target = &t->targets[i];
        if (!target_is_live(target))
            continue;
        motion_shift(&target->motion, move.dx, move.dy);
        motion_predict(&target->motion, fminf(dt, t->options.lost),
                       target->seen || target->confirmed);
        target->seen = target->confirmed = false;
        if ((float)(time_us - target->track.seen_us) > 1e6f * t->options.lost)
            lose(target);
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
    *n = follow_rest(t, im, detected, faces, max, kept);
    tracker_show(t);
    return OK;
}
