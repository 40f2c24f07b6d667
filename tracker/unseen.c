/* SPDX-License-Identifier: MIT
 * Targets that no detection saw in this update: followed by their look, coasting by their motion, or over. */
#include <math.h>
#include <string.h>

#include "tracker/internal.h"

enum { NEW_MISSES = 2 }; /* that the look may bridge before a target is believed */

static const float same_look = 0.6f;    /* likeness that confirms a target between detections */
static const float missed_look = 0.78f; /* and one that the detector has just missed */
static const float hidden = 0.45f;      /* overlap with another target: the pixels are that one's */
static const float gone = 0.35f;        /* less of the box than this inside the picture */

/* Where its look is found. */
static void search(struct tracker *t, struct target *target, struct image im)
{
    float unseen_s = 1e-6f * (float)(t->time_us - target->detected_us);
    bool may = target->track.state == TRACK_NEW
                   ? target->misses <= NEW_MISSES
                   : target->misses == 0 || unseen_s <= t->options.hold;
    target->found = motion_box(&target->motion);
    target->likeness = may ? look_search(t, target, im, &target->found) : 0;
}

/* Whether another target stands there: one that a detection saw, or one whose look is more like what is there. */
static bool is_hidden(const struct tracker *t, const struct target *target)
{
    for (int i = 0; i < t->n_slots; i++) {
        const struct target *other = &t->targets[i];
        if (other == target || !target_is_live(other))
            continue;
        bool stronger = other->seen || other->likeness > target->likeness ||
                        (other->likeness == target->likeness && other < target);
        struct box box = other->seen ? other->track.box : other->found;
        if (stronger && box_overlap(box, target->found) > hidden)
            return true;
    }
    return false;
}

static void settle(struct tracker *t, struct target *target)
{
    float least = target->misses == 0 ? same_look : missed_look;
    target->confirmed = target->likeness >= least && !is_hidden(t, target);
    if (target->confirmed) {
        motion_correct(&target->motion, target->found, target->likeness * target->likeness);
        target->track.seen_us = t->time_us;
    }
    target_settle(target);
    if (target->track.state != TRACK_NEW && (target->confirmed || target->misses > 0))
        target->track.state = target->confirmed ? TRACK_SURE : TRACK_COASTING;
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

static void append(const struct target *target, struct face *face)
{
    memset(face, 0, sizeof *face);
    face->person = -1;
    face->score = target->score;
    target_put(target, face);
    if (!target->confirmed)
        face->has |= FACE_COASTING;
}

int unseen_follow(struct tracker *t, struct image im, bool detected, struct face *faces, int max, int n)
{
    for (int i = 0; i < t->n_slots; i++) {
        struct target *target = &t->targets[i];
        if (!target_is_live(target) || target->seen)
            continue;
        target->misses += detected;
        search(t, target, im);
    }
    for (int i = 0; i < t->n_slots; i++)
        if (target_is_live(&t->targets[i]) && !t->targets[i].seen)
            settle(t, &t->targets[i]);
    for (int i = 0; i < t->n_slots; i++) {
        struct target *target = &t->targets[i];
        if (!target_is_live(target) || target->seen)
            continue;
        if (is_over(t, target)) {
            target_lose(t, target);
            continue;
        }
        target_doubt(t, target);
        if (target->track.id > 0 && n < max)
            append(target, &faces[n++]);
    }
    return n;
}
