/* SPDX-License-Identifier: MIT
 * One-pass evaluation (Wu, Lim, Yang: Online Object Tracking: A Benchmark, CVPR 2013): precision by the distance of
 * centres, success by overlap. */
#ifndef FACETRAIL_TRAIN_TRACKING_SCORE_H
#define FACETRAIL_TRAIN_TRACKING_SCORE_H

#include "base/box.h"

enum { TRACKING_PIXELS = 51, TRACKING_OVERLAPS = 21, TRACKING_PRECISION_AT = 20 };
struct tracking_score {
    double precision[TRACKING_PIXELS]; /* part of the frames whose centre is at most 0, 1 .. 50 pixels off */
    double success[TRACKING_OVERLAPS]; /* part whose overlap is above 0, 0.05 .. 1 */
    double precision20, auc;           /* precision at 20 pixels; the mean of success */
    int counted;                       /* frames with truth */
};
/* Frames without truth (w 0) are not counted. The first frame, whose box was given, is, as in the benchmark. */
void tracking_score(struct tracking_score *out, const struct box *truth, const struct box *found, int n);
/* The mean over sequences, each with the same weight. */
void tracking_mean(struct tracking_score *out, const struct tracking_score *scores, int n);

/* Absences: the target leaves and comes back. It is found again when, from one of the first TRACKING_BACK frames after
 * its return on, TRACKING_STAYS frames in a row overlap the truth by more than half (or all that is left of its stay);
 * found25: by more than a quarter, the place whatever the size. */
enum { TRACKING_BACK = 15, TRACKING_STAYS = 3 };
struct tracking_returns {
    int returns, found, found25;
    long absent, silent; /* frames without the target; those in which the tracker said so: sureness 0 */
};
/* sure [n]: what the tracker said of each frame. Adds to `out`. */
void tracking_count_returns(struct tracking_returns *out, const struct box *truth, const struct box *found,
                            const float *sure, int n);

#endif
