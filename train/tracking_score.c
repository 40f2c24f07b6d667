/* SPDX-License-Identifier: MIT
 * Precision and success of one-pass evaluation, with the benchmark's own comparisons: a distance of just 20 pixels
 * counts, an overlap of just the threshold does not. */
#include "train/tracking_score.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static void add(struct tracking_score *to, struct box truth, struct box found)
{
    struct point a = box_centre(truth), b = box_centre(found);
    float away = hypotf(a.x - b.x, a.y - b.y), overlap = box_overlap(truth, found);
    for (int i = 0; i < TRACKING_PIXELS; i++)
        to->precision[i] += away <= (float)i;
    for (int i = 0; i < TRACKING_OVERLAPS; i++)
        to->success[i] += overlap > (float)i / (TRACKING_OVERLAPS - 1);
    to->counted++;
}

static void finish(struct tracking_score *s, double by)
{
    s->auc = 0;
    for (int i = 0; i < TRACKING_PIXELS; i++)
        s->precision[i] /= by;
    for (int i = 0; i < TRACKING_OVERLAPS; i++) {
        s->success[i] /= by;
        s->auc += s->success[i] / TRACKING_OVERLAPS;
    }
    s->precision20 = s->precision[TRACKING_PRECISION_AT];
}

void tracking_score(struct tracking_score *out, const struct box *truth, const struct box *found, int n)
{
    memset(out, 0, sizeof *out);
    for (int i = 0; i < n; i++)
        if (truth[i].w > 0)
            add(out, truth[i], found[i]);
    finish(out, out->counted ? out->counted : 1);
}

void tracking_mean(struct tracking_score *out, const struct tracking_score *scores, int n)
{
    memset(out, 0, sizeof *out);
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < TRACKING_PIXELS; k++)
            out->precision[k] += scores[i].precision[k];
        for (int k = 0; k < TRACKING_OVERLAPS; k++)
            out->success[k] += scores[i].success[k];
        out->counted += scores[i].counted;
    }
    finish(out, n ? n : 1);
}

static bool is_found(const struct box *truth, const struct box *found, int n, float overlap)
{
    int row = 0, stay = 0;
    while (stay < n && truth[stay].w > 0)
        stay++;
    int needed = stay < TRACKING_STAYS ? stay : TRACKING_STAYS;
    for (int i = 0; i < stay && i < TRACKING_BACK + TRACKING_STAYS - 1; i++) {
        row = box_overlap(truth[i], found[i]) > overlap ? row + 1 : 0;
        if (row >= needed)
            return true;
    }
    return false;
}

void tracking_count_returns(struct tracking_returns *out, const struct box *truth, const struct box *found,
                            const float *sure, int n)
{
    for (int i = 1; i < n; i++) {
        if (truth[i].w <= 0) {
            out->absent++;
            out->silent += sure[i] <= 0;
        } else if (truth[i - 1].w <= 0) {
            out->returns++;
            out->found += is_found(truth + i, found + i, n - i, 0.5f);
            out->found25 += is_found(truth + i, found + i, n - i, 0.25f);
        }
    }
}
