/* SPDX-License-Identifier: MIT
 * Verification on pairs of stored crops: mirror-averaged codes, cosine, folds. For scores while a net learns. */
#ifndef FACETRAIL_TRAIN_PAIRS_H
#define FACETRAIL_TRAIN_PAIRS_H

#include "nets/net.h"
#include "train/data.h"

struct pair_figures {
    double accuracy; /* mean over the folds; each fold's threshold comes from the others */
    double eer;      /* equal error rate */
    double tar_far2; /* same pairs accepted when one different pair in a hundred is */
};
/* The figures of any scores: larger is more alike. folds: fold of each pair, 0 .. 15; scores is left as it is. */
enum status pair_measure(struct pair_figures *out, const float *score, const bool *same, const int *fold, int n);

float pair_cosine(const float *a, const float *b, int n);

struct pair_scorer;
enum status pair_scorer_create(struct pair_scorer **out, const struct data *d, const struct data_pair *pairs, int n,
                               const struct net *net);
void pair_scorer_run(struct pair_scorer *p, struct pair_figures *out);
void pair_scorer_free(struct pair_scorer **p);

#endif
