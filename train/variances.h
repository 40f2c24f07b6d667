/* SPDX-License-Identifier: MIT
 * Joint Bayesian for people it was not fitted on: which power of the codes, and which change of its two covariances, tells
 * the validation people apart best. */
#ifndef FACETRAIL_TRAIN_VARIANCES_H
#define FACETRAIL_TRAIN_VARIANCES_H

#include "train/fit.h"

struct variances_codes { const float *codes; const int *person; size_t n; }; /* codes [n, d] */
struct variances {
    float power;           /* joint_bayes_number of the codes */
    double steep, within;  /* joint_bayes_steepen, joint_bayes_shrink */
    double eer;            /* on all pairs of the validation codes, but no more than `most` of a code with its own person's */
    double own, inner;     /* joint_bayes_weigh */
    double taken;          /* part of the same pairs above the score of one false match in 100, in 1,000, ... 100,000: the mean */
};
/* Fits on `train` once for each of the powers and tries all changes on `val`. *out: the best, for joint_bayes_free; empty
 * when that fails (BAD_DATA, NO_RESOURCE). */
enum status variances_choose(struct joint_bayes *out, struct variances *chosen, struct variances_codes train,
                             struct variances_codes val, int d, const float *powers, int n_powers, int most);
/* Tries joint_bayes_weigh on *j, which variances_choose gave: the best by `taken` replaces it. */
enum status variances_weigh(struct joint_bayes *j, struct variances *chosen, struct variances_codes val, int most);
/* The equal error rate alone, of codes brought to the model's length; 1 when there are no two kinds of pairs. */
enum status variances_error(double *eer, const struct joint_bayes *j, struct variances_codes val, int most);

#endif
