/* SPDX-License-Identifier: MIT
 * One target: what a detection teaches it, how it shows itself in a face, how it is doubted and
 * given up. */
#include <math.h>

#include "tracker/internal.h"

static const float sure_share = 0.6f; /* this far from `high` to 1, one detection is enough */

bool target_is_live(const struct target *target)
{
    return target->active && target->track.state != TRACK_LOST;
}

/* Who was never reported, or has no code to be found again by, is forgotten. */
void target_lose(struct tracker *t, struct target *target)
{
    if (t->heads)
        heads_give(t->heads, target->head);
    target->head = -1;
    target->track.state = TRACK_LOST;
    target->track.certainty = 0;
    target->track.velocity = (struct point){0, 0};
    target->active = target->track.id > 0 && target->track.n_codes > 0;
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

void target_put(const struct target *target, struct face *face)
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

void target_settle(struct target *target)
{
    target->track.box = motion_box(&target->motion);
    target->track.velocity = (struct point){target->motion.cx.v, target->motion.cy.v};
}

/* What a detection adds to the belief that there is a face: 1 is enough. */
static float worth(const struct tracker_options *o, float score)
{
    float share = fmaxf(score - o->high, 0) / (1 - fminf(o->high, 0.99f)) / sure_share;
    float least = 1 / (float)o->confirm;
    return least + (1 - least) * fminf(share, 1) + 1e-4f; /* sums of thirds reach 1 */
}

void target_see(struct tracker *t, struct target *target, struct image im, const struct face *face)
{
    const struct tracker_options *o = &t->options;
    bool high = face->score >= o->high;
    float trust = fmaxf(face->score, 0.3f);
    motion_correct(&target->motion, face->box, trust);
    target_settle(target);
    learn_marks(target, face);
    follow_learn(&target->follow, im, target->track.box, high ? 0.6f : 0.2f);
    struct track *track = &target->track;
    track->sightings++;
    track->seen_us = target->detected_us = t->time_us;
    track->certainty += 0.3f * (face->score - track->certainty);
    target->score = face->score;
    target->misses = 0;
    target->belief += worth(o, face->score);
    bool sure = track->state != TRACK_NEW || target->belief >= 1;
    if (sure) {
        track->state = TRACK_SURE;
        if (track->id == 0)
            track->id = t->next_id++;
    }
}

/* Certainty falls with the time unseen, and at once when pixels stop confirming what the last
 * detection saw: that is the moment for another detection. */
void target_doubt(const struct tracker *t, struct target *target)
{
    float span = 1e-6f * (float)(t->time_us - target->track.seen_us) / t->options.lost;
    float most = target->score * (1 - 0.8f * span);
    if (!target->confirmed)
        most = fminf(most, 0.25f);
    target->track.certainty = fminf(target->track.certainty, most);
}
