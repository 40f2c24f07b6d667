/* SPDX-License-Identifier: MIT
 * What an ensemble is learnt from: faces of train people for Joint Bayesian, pairs of validation people to choose and to
 * fuse by, pairs of other validation people to say how well it went. */
#ifndef FACETRAIL_TRAIN_ENSEMBLE_PAIRS_H
#define FACETRAIL_TRAIN_ENSEMBLE_PAIRS_H

#include "train/ensemble.h"

enum { HALF_CHOOSE, HALF_SCORE, HALVES };
struct ensemble_pairs { int *a, *b, n; bool *same; }; /* a, b: rows among the validation faces */
struct ensemble_faces {
    int *rows;     /* numbers of data's faces: first those of train people, then validation faces, half by half */
    int *person;   /* of each row */
    int n_train, n_val, n_choose; /* n_choose: validation faces of HALF_CHOOSE */
    struct ensemble_pairs halves[HALVES]; /* people of even and of odd place */
};
struct ensemble_choice { int people, most; uint64_t seed; }; /* so many train people, at most so many faces of each */

/* All of it in `a`. BAD_DATA when either half has no pairs. */
enum status ensemble_faces_choose(struct ensemble_faces *f, const struct data *d, const struct ensemble_choice *o,
                                  struct arena *a);

#endif
