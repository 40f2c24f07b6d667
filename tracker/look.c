/* SPDX-License-Identifier: MIT
 * How a target looks: a patch of pixels, and a head that learns it, in turns: at most so many heads learn in one frame,
 * who has none yet first, then who is in trouble or has waited longest. */
#include <math.h>

#include "tracker/internal.h"

static const float pause_s = 0.25f; /* between two lessons of one head */
static const float trust_heat = 0.5f; /* of what the patch does not know, a full answer of the head settles this part */
static const float near_another = 0.1f; /* overlap from which the region is not the target's own */

float look_search(struct tracker *t, const struct target *target, struct image im, struct box *box)
{
    static const float fine = 0.25f; /* of the size: what a cell of the head leaves open */
    if (!t->heads || target->head < 0 || !im.pixels || box->w < 2 || box->h < 2)
        return follow_search(&target->follow, im, box);
    float heat = fminf(heads_search(t->heads, target->head, im, box), 1);
    struct box exact = *box;
    float likeness = follow_search(&target->follow, im, &exact);
    struct point a = box_centre(*box), b = box_centre(exact);
    if (hypotf(a.x - b.x, a.y - b.y) <= fine * sqrtf(box_area(*box)))
        *box = exact; /* the patch knows the place to the pixel */
    else
        likeness = follow_size(&target->follow, im, box);
    likeness = fmaxf(likeness, 0);
    return likeness + trust_heat * heat * (1 - likeness);
}

void look_expect(struct tracker *t, struct target *target, struct image im)
{
    if (target->expected_us == t->time_us)
        return;
    target->expected_us = t->time_us;
    target->expected = motion_box(&target->motion);
    target->heat = 0;
    if (t->heads && target->head >= 0 && im.pixels && target->expected.w >= 2 && target->expected.h >= 2)
        target->heat = fminf(heads_search(t->heads, target->head, im, &target->expected), 1);
}

static bool stands_alone(const struct tracker *t, const struct target *target)
{
    for (int i = 0; i < t->n_slots; i++) {
        const struct target *other = &t->targets[i];
        if (other != target && target_is_live(other) &&
            box_overlap(other->track.box, target->track.box) > near_another)
            return false;
    }
    return true;
}

/* How much a target needs a lesson; 0: not now. */
static float need(const struct tracker *t, const struct target *target)
{
    if (!target_is_live(target) || !target->seen || target->score < t->options.high)
        return 0;
    if (target->head < 0)
        return 1000 + target->score;
    float waited = 1e-6f * (float)(t->time_us - target->learnt_us) / pause_s;
    return waited >= 1 ? waited + 2 * (1 - target->track.certainty) : 0;
}

void look_learn(struct tracker *t, struct image im)
{
    if (!t->heads || !im.pixels)
        return;
    for (int lessons = 0; lessons < t->options.updates; lessons++) {
        struct target *most = NULL;
        float top = 0;
        for (int i = 0; i < t->n_slots; i++) {
            float n = need(t, &t->targets[i]);
            if (n > top && t->targets[i].learnt_us != t->time_us && stands_alone(t, &t->targets[i])) {
                top = n;
                most = &t->targets[i];
            }
        }
        if (!most)
            return;
        if (most->head < 0)
            most->head = heads_take(t->heads);
        if (most->head >= 0 && most->track.box.w >= 2 && most->track.box.h >= 2)
            heads_learn(t->heads, most->head, im, most->track.box);
        most->learnt_us = t->time_us;
    }
}
