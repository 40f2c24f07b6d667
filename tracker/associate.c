/* SPDX-License-Identifier: MIT
 * Which detection is which target: cost of overlap, motion, size, look and code, solved optimally
 * in two stages: sure detections first, then doubtful ones go on with what is left (Zhang et al.,
 * ByteTrack, 2022). */
#include <math.h>

#include "tracker/internal.h"

/* A pair is possible when the centres are within this many sizes of each other ... */
static const float gate_near = 0.5f, gate_doubt = 2.5f, gate_far = 2.0f;
static const float gate_size =
    0.55f; /* ... and the log sizes within this, and a little more with time. */
static const float low_overlap = 0.3f; /* doubtful detections must lie on the target */
static const float weigh_place = 0.5f, weigh_size = 0.5f, weigh_look = 0.6f, weigh_code = 1.0f, weigh_head = 0.6f;
static const float new_costs = 0.1f;
static const float alone_high = 1.9f, alone_low = 1.3f;
static const float alone_unseen = 1.25f; /* the look included */

static float size_of(struct box b)
{
    return sqrtf(fmaxf(b.w, 1) * fmaxf(b.h, 1));
}

static struct box grow(struct box b, float by)
{
    return (struct box){b.x - by * b.w / 2, b.y - by * b.h / 2, b.w * (1 + by), b.h * (1 + by)};
}

/* Without the look; INFINITY when the pair is out of the question. */
static float pair_cost(const struct target *target, const struct face *face, bool low)
{
    struct box box = motion_box(&target->motion);
    struct point a = box_centre(box), b = box_centre(face->box);
    float size_a = size_of(box), size_b = size_of(face->box);
    float doubt = motion_doubt(&target->motion);
    float distance = hypotf(a.x - b.x, a.y - b.y) / fminf(size_a, size_b);
    float grown = fabsf(logf(size_b / size_a));
    float gate = fminf(gate_near + gate_doubt * doubt, gate_far);
    float wide = fminf(doubt, 1); /* boxes that nobody is sure of need not lie on each other */
    float overlap = box_overlap(grow(box, wide), grow(face->box, wide));
    if (distance > gate || grown > gate_size + fminf(doubt, 0.3f) || (low && overlap < low_overlap))
        return INFINITY;
    float cost = 1 - overlap + weigh_place * distance / gate + weigh_size * grown;
    if (target->track.state == TRACK_NEW)
        cost += new_costs;
    if (face->has & FACE_CODED && target->track.n_codes > 0)
        cost += weigh_code * (0.5f - codes_likeness(face->code, target->track.code));
    return cost;
}

/* How far from the detection its head saw the target. */
static float head_cost(struct tracker *t, struct target *target, struct image im, struct box box)
{
    look_expect(t, target, im);
    struct point a = box_centre(target->expected), b = box_centre(box);
    return weigh_head * target->heat * fminf(hypotf(a.x - b.x, a.y - b.y) / size_of(box), 1);
}

/* Where a detection or a target has a choice, or a target was out of sight, the look has a say. */
static void add_looks(struct tracker *t, struct image im, const struct face *faces, int n_rows,
                      int n_cols)
{
    int width = t->n_slots;
    for (int i = 0; i < n_rows; i++) {
        int in_row = 0;
        for (int j = 0; j < n_cols; j++)
            in_row += t->cost[i * width + j] < INFINITY;
        for (int j = 0; j < n_cols && in_row > 0; j++) {
            struct target *target = &t->targets[t->columns[j]];
            float *cost = &t->cost[i * width + j];
            int in_column = 0;
            for (int k = 0; k < n_rows; k++)
                in_column += t->cost[k * width + j] < INFINITY;
            bool choice = in_row > 1 || in_column > 1 || target->misses > 0;
            if (!(*cost < INFINITY) || !choice || !target->follow.known || !im.pixels)
                continue;
            *cost += weigh_look * (1 - follow_compare(&target->follow, im, faces[t->rows[i]].box));
            if (target->misses > 0 && *cost > alone_unseen)
                *cost = INFINITY; /* somebody else stands there now */
            else if (in_row > 1 || in_column > 1)
                *cost += head_cost(t, target, im, faces[t->rows[i]].box);
        }
    }
}

static void stage(struct tracker *t, struct image im, const struct face *faces, int n, bool low)
{
    int n_rows = 0, n_cols = 0;
    for (int i = 0; i < n && n_rows < t->assign.max; i++) {
        bool is_low = faces[i].score < t->options.high;
        if (t->owner[i] < 0 && is_low == low && faces[i].score >= t->options.low)
            t->rows[n_rows++] = i;
    }
    for (int k = 0; k < t->n_slots; k++)
        if (target_is_live(&t->targets[k]) && !t->targets[k].seen)
            t->columns[n_cols++] = k;
    if (n_rows == 0 || n_cols == 0)
        return;
    for (int i = 0; i < n_rows; i++)
        for (int j = 0; j < n_cols; j++)
            t->cost[i * t->n_slots + j] =
                pair_cost(&t->targets[t->columns[j]], &faces[t->rows[i]], low);
    add_looks(t, im, faces, n_rows, n_cols);
    assign_solve(&t->assign, t->cost, t->n_slots, n_rows, n_cols, low ? alone_low : alone_high,
                 t->match);
    for (int i = 0; i < n_rows; i++) {
        if (t->match[i] < 0)
            continue;
        t->owner[t->rows[i]] = t->columns[t->match[i]];
        t->targets[t->columns[t->match[i]]].seen = true;
    }
}

void associate(struct tracker *t, struct image im, const struct face *faces, int n)
{
    for (int i = 0; i < n; i++)
        t->owner[i] = -1;
    stage(t, im, faces, n, false);
    stage(t, im, faces, n, true);
}
