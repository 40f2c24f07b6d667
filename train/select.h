/* SPDX-License-Identifier: MIT
 * Which of many ways to compare faces belong together: forward-backward greedy selection on the sum of their scores. */
#ifndef FACETRAIL_TRAIN_SELECT_H
#define FACETRAIL_TRAIN_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum { SELECT_MOST = 64 };
struct select_pairs {
    const float *scores; /* [candidates, n], log likelihood ratios: those of several ways add up */
    const bool *same;    /* [n] */
    int candidates, n;   /* candidates: at most SELECT_MOST */
};
/* sets[i]: the best set of i that was found, a bit a candidate, i = 1 .. most; `taken`: candidates that may not be used.
 * How good a set is: the part of all couples of a same and a different pair that its summed score puts in order (the
 * area under the ROC). A member is dropped when the rest is better than the best set of that size so far. Sizes beyond
 * what is left are 0. */
enum status select_greedy(uint64_t sets[SELECT_MOST + 1], const struct select_pairs *pairs, uint64_t taken, int most);
int select_count(uint64_t set);

#endif
