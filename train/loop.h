/* SPDX-License-Identifier: MIT
 * One loop for all tasks: batches in parallel runs, steps, schedule, checkpoints, scores, one log line an interval. */
#ifndef FACETRAIL_TRAIN_LOOP_H
#define FACETRAIL_TRAIN_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>

#include "train/recipe.h"

struct loop_result {
    int64_t steps;
    double loss, score, rate; /* mean loss of the last interval, last score, samples a second */
};
/* Trains; `resume` goes on from train.checkpoint (a run without minutes goes on bit for bit). When *stop (may be
 * NULL) becomes true the run writes a checkpoint and returns OK. `result` may be NULL. */
enum status loop_run(const struct recipe *r, bool resume, const atomic_bool *stop, struct loop_result *result);

#endif
