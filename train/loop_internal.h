/* SPDX-License-Identifier: MIT
 * What loop.c and loop_save.c share. */
#ifndef FACETRAIL_TRAIN_LOOP_INTERNAL_H
#define FACETRAIL_TRAIN_LOOP_INTERNAL_H

#include "base/workers.h"
#include "train/loop.h"

struct loop {
    const struct recipe *r;
    struct arena *arena;
    void *state; /* the task's */
    struct task_setting setting;
    struct net *net;
    struct solver *solver;
    struct workers *workers;
    struct net_run **runs;
    int64_t step, total, log_step;
    double seconds, log_seconds, loss_sum; /* seconds: spent in steps, also before a resume */
    struct loop_result result;
};

/* The learning rate at a part (0 to 1) of the run. */
double loop_rate(const struct schedule_options *o, double progress);
enum status loop_checkpoint(struct loop *l);
enum status loop_resume(struct loop *l);
/* Scores the averaged weights when there are, and logs it. */
enum status loop_score(struct loop *l);
/* Scores, folds, saves the finished net, lets the task fit what belongs to it. */
enum status loop_finish(struct loop *l);

#endif
