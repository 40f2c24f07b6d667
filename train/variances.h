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
};
/* Fits on `train` once for each of the powers and tries all changes on `val`. *out: the best, for joint_bayes_free; empty
 * when that fails (BAD_DATA, NO_RESOURCE). */
enum status variances_choose(struct joint_bayes *out, struct variances *chosen, struct variances_codes train,
                             struct variances_codes val, int d, const float *powers, int n_powers, int most);
/* The equal error rate alone, of codes brought to the model's length; 1 when there are no two kinds of pairs. */
enum status variances_error(double *eer, const struct joint_bayes *j, struct variances_codes val, int most);

#endif
