/* SPDX-License-Identifier: MIT
 * Two people cross: where their boxes lie on each other, place and look may hand the one's track to the other. The codes
 * from before are kept apart from those after, and when the new ones fit the other better, the tracks are changed back.
 * Likewise where the picture jumps around a face while the rest stays (a cut within one room): somebody else may stand there. */
#include <string.h>

#include "tracker/internal.h"

static const float meet = 0.25f; /* overlap from which two targets may be taken for each other */
static const float apart = 0.05f;
static const float clearly = 0.1f; /* how much nearer the other's code must be */
enum { CODES_NEEDED = 2 };
static const float jump = 12, jump_usual = 3; /* grey levels, and times the usual change, that are a jump */
static const float same_person = 0.6f; /* cosine of the codes before and after a jump */

static struct target *find(struct tracker *t, int id)
{
    for (int i = 0; i < t->n_slots && id > 0; i++)
        if (t->targets[i].active && t->targets[i].track.id == id)
            return &t->targets[i];
    return NULL;
}

static void begin(struct target *target, const struct target *other)
{
    if (target->rival != other->track.id)
        target->rival = other->track.id;
    target->apart_us = 0;
    target->n_fresh = 0;
    target->broken = target->track.unsettled = false;
}

/* Who is known by codes can be told from others later. */
static bool can_be_told(const struct target *target)
{
    return target_is_live(target) && target->track.id > 0 && target->track.n_codes > 0;
}

void cross_watch(struct tracker *t)
{
    for (int i = 0; i < t->n_slots; i++) {
        struct target *a = &t->targets[i];
        if (!can_be_told(a))
            continue;
        for (int k = i + 1; k < t->n_slots; k++) {
            struct target *b = &t->targets[k];
            if (can_be_told(b) && box_overlap(a->track.box, b->track.box) > meet) {
                begin(a, b);
                begin(b, a);
            }
        }
        const struct target *other = find(t, a->rival);
        bool near = other && target_is_live(other) && box_overlap(a->track.box, other->track.box) > apart;
        if (a->rival == 0 || near || a->apart_us > 0)
            continue;
        a->apart_us = t->time_us;
        a->track.unsettled = true;
    }
}

void cross_break(struct tracker *t, struct target *target)
{
    float change = camera_change(&t->camera, target->track.box);
    bool jumped = change > jump && change > jump_usual * target->usual_change;
    target->usual_change += 0.2f * (change - target->usual_change);
    if (!jumped || !can_be_told(target) || target->rival > 0)
        return;
    target->broken = target->track.unsettled = true;
    target->n_fresh = 0;
}

static void end(struct target *target)
{
    if (target->n_fresh > 0)
        codes_join(&target->track, target->fresh, target->n_fresh);
    target->broken = false;
    target->rival = 0;
    target->apart_us = 0;
    target->n_fresh = 0;
    target->track.unsettled = false;
}

/* Place and look stay where they are; number, codes and history change sides. */
static void exchange(struct target *a, struct target *b)
{
    struct track old = a->track;
    a->track.id = b->track.id;
    a->track.n_codes = b->track.n_codes;
    a->track.sightings = b->track.sightings;
    a->track.first_us = b->track.first_us;
    b->track.id = old.id;
    b->track.n_codes = old.n_codes;
    b->track.sightings = old.sightings;
    b->track.first_us = old.first_us;
    for (int i = 0; i < FACE_CODE; i++) {
        a->track.code[i] = b->track.code[i];
        b->track.code[i] = old.code[i];
    }
}

/* By how much the fresh codes are nearer to the other's than to its own. */
static float nearer(const struct target *target, const struct target *other)
{
    return codes_likeness(target->fresh, other->track.code) - codes_likeness(target->fresh, target->track.code);
}

/* True when the verdict is in. */
static bool judge(struct target *target, struct target *other)
{
    float doubt = nearer(target, other);
    bool both = target_is_live(other) && other->n_fresh > 0;
    if (both)
        doubt += nearer(other, target);
    if (doubt > (both ? 2 : 1) * clearly) {
        exchange(target, other);
        return true;
    }
    return doubt < 0 || target->n_fresh >= 3 * CODES_NEEDED;
}

/* Somebody else stands there now: the track so far is lost, to be found again elsewhere, and a new one begins. */
static void part(struct tracker *t, struct target *target)
{
    struct target *old = tracker_slot(t);
    if (old) {
        memset(old, 0, sizeof *old);
        old->active = true;
        old->head = -1;
        old->track = target->track;
        old->track.state = TRACK_LOST;
    }
    target->track.id = t->next_id++;
    target->track.first_us = t->time_us;
    target->track.n_codes = 0;
    target->track.sightings = 1;
    target->rejoined = false;
    if (t->heads && target->head >= 0) {
        heads_give(t->heads, target->head);
        target->head = -1;
    }
}

static void take_broken(struct tracker *t, struct target *target)
{
    if (codes_likeness(target->fresh, target->track.code) < same_person)
        part(t, target);
    end(target);
}

bool cross_code(struct tracker *t, struct target *target, const float *code, int n_code)
{
    struct target *other = find(t, target->rival);
    if (target->rival == 0 && !target->broken)
        return false;
    if (target->rival == 0) {
        codes_mean(target->fresh, target->n_fresh, code, n_code);
        target->n_fresh++;
        take_broken(t, target);
        return true;
    }
    if (!other || other->track.n_codes == 0) {
        end(target);
        return false;
    }
    if (target->apart_us == 0)
        return true; /* half of what is seen may be the other */
    codes_mean(target->fresh, target->n_fresh, code, n_code);
    target->n_fresh++;
    if (target->n_fresh >= CODES_NEEDED && judge(target, other)) {
        end(target);
        end(other);
    }
    return true;
}
