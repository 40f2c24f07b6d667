/* SPDX-License-Identifier: MIT
 * Codes along a track: their mean, and finding a lost track again by it. */
#include <math.h>

#include "tracker/internal.h"

enum { CODES_REMEMBERED = 30 }; /* the mean goes on moving after so many */

static void make_unit(float *code)
{
    float sum = 0;
    for (int i = 0; i < FACE_CODE; i++)
        sum += code[i] * code[i];
    float scale = sum > 0 ? 1 / sqrtf(sum) : 0;
    for (int i = 0; i < FACE_CODE; i++)
        code[i] *= scale;
}

float codes_likeness(const float *a, const float *b)
{
    float sum = 0;
    for (int i = 0; i < FACE_CODE; i++)
        sum += a[i] * b[i];
    return sum;
}

void codes_mean(float *mean, int known, const float *code, int n_code)
{
    float weight = (float)(known < CODES_REMEMBERED ? known : CODES_REMEMBERED);
    for (int i = 0; i < FACE_CODE; i++)
        mean[i] = (mean[i] * weight + (i < n_code ? code[i] : 0)) / (weight + 1);
    make_unit(mean);
}

void codes_add(struct track *track, const float *code, int n_code)
{
    codes_mean(track->code, track->n_codes, code, n_code);
    track->n_codes++;
}

void codes_join(struct track *to, const float *code, int n)
{
    for (int i = 0; i < FACE_CODE; i++)
        to->code[i] = to->code[i] * (float)to->n_codes + code[i] * (float)n;
    make_unit(to->code);
    to->n_codes += n;
}

/* The lost target that `young` goes on with, or NULL: seen last before `young` was first seen, its
 * code near, and clearly nearer than any other lost target's. */
static struct target *find_lost(struct tracker *t, const struct target *young)
{
    static const float clearly = 0.05f;
    struct target *best = NULL;
    float top = -1, second = -1;
    for (int i = 0; i < t->n_slots; i++) {
        struct target *old = &t->targets[i];
        if (!old->active || old->track.state != TRACK_LOST || old->track.n_codes == 0 ||
            old->track.seen_us >= young->track.first_us ||
            (float)(young->track.first_us - old->track.seen_us) > 1e6f * t->options.remember)
            continue;
        float likeness = codes_likeness(old->track.code, young->track.code);
        if (likeness > top) {
            second = top;
            top = likeness;
            best = old;
        } else if (likeness > second) {
            second = likeness;
        }
    }
    return top >= t->options.rejoin && top >= second + clearly ? best : NULL;
}

static void take_over(struct target *young, struct target *old)
{
    struct track *to = &young->track;
    const struct track *from = &old->track;
    codes_join(to, from->code, from->n_codes);
    to->id = from->id;
    to->first_us = from->first_us;
    to->sightings += from->sightings;
    old->active = false;
}

/* An old track does not change its mind. */
static void rejoin(struct tracker *t, struct target *target)
{
    static const int64_t soon_us = 3000000;
    if (!(t->options.rejoin > 0) || target->rejoined || target->track.seen_us - target->track.first_us > soon_us)
        return;
    struct target *old = find_lost(t, target);
    if (!old)
        return;
    take_over(target, old);
    target->rejoined = true;
}

int tracker_learn_code(struct tracker *t, struct face *face)
{
    struct target *target = NULL;
    for (int i = 0; i < t->n_slots; i++)
        if (target_is_live(&t->targets[i]) && t->targets[i].track.id == face->track)
            target = &t->targets[i];
    if (!target || face->track <= 0 || !(face->has & FACE_CODED))
        return face->track;
    if (!cross_code(t, target, face->code, face->n_code))
        codes_add(&target->track, face->code, face->n_code);
    if (target->rival == 0 && !target->broken)
        rejoin(t, target);
    if (face->track != target->track.id) {
        face->track = target->track.id;
        tracker_show(t);
    }
    return face->track;
}
