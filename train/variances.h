/* SPDX-License-Identifier: MIT
 * Joint Bayesian for people it was not fitted on: which power of the codes, and which change of its two covariances, tells
 * the validation people apart best; or, where there are strangers, recognises most of them while it takes one in a thousand
 * strangers of one group for another: at the equal error most strangers are easy, of another sex or origin. */
#ifndef FACETRAIL_TRAIN_VARIANCES_H
#define FACETRAIL_TRAIN_VARIANCES_H

#include "train/fit.h"

enum { VARIANCES_POWERS = 2 };
struct variances_codes { const float *codes; const int *person; size_t n; }; /* codes [n, d] */
struct variances_people {
    struct variances_codes train, val;
    struct variances_codes strangers; /* each another person; `person` is the group; n = 0: none */
    double trade;                     /* the equal error may grow by this part for the sake of strangers */
};
struct variances {
    float power;           /* joint_bayes_number of the codes */
    double steep, within;  /* joint_bayes_steepen, joint_bayes_shrink */
    double shared;         /* S_eps += shared * covariance of the means of groups of strangers: what a group shares is no evidence */
    double eer;            /* on all pairs of the validation codes, but no more than `most` of a code with its own person's */
    double taken;          /* part of those of one person above what one in 1,000 pairs of strangers of one group exceeds; 0: no strangers */
};
/* Fits on the train people once for each of the powers and tries all changes on the others. *out: the best, for
 * joint_bayes_free; empty when that fails (BAD_DATA, NO_RESOURCE). */
enum status variances_choose(struct joint_bayes *out, struct variances *chosen, const struct variances_people *people, int d,
                             const float *powers, int n_powers, int most);
/* out->eer and taken alone, of codes brought to the model's length; eer 1 when there are no two kinds of pairs. */
enum status variances_measure(struct variances *out, const struct joint_bayes *j, struct variances_codes val,
                              struct variances_codes strangers, int most);

#endif
