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
    struct net_run **runs;   /* of the workers; all NULL with a learner */
    struct learner *learner; /* train.device is not cpu */
    int set;                 /* of its feeds: what the next step learns from */
    bool resumes;            /* weights will come from a checkpoint */
    bool filled;             /* that set has been made */
    int64_t step, total, log_step;
    double seconds, log_seconds, loss_sum; /* seconds: spent in steps, also before a resume */
    struct loop_result result;
};

/* The random state of a worker's part of a step. */
uint64_t loop_random(const struct loop *l, int64_t step, int part);

/* loop_device.c: opens the learner when the recipe wants one; one step, after which *runs hold codes and losses;
 * brings weights and momentum here, or takes them there (both OK without a learner). */
enum status loop_device_open(struct loop *l);
void loop_device_close(struct loop *l);
enum status loop_device_step(struct loop *l, struct net_run *const **runs);
enum status loop_device_fetch(struct loop *l);
enum status loop_device_send(struct loop *l);

/* The learning rate at a part (0 to 1) of the run. */
double loop_rate(const struct schedule_options *o, double progress);
enum status loop_checkpoint(struct loop *l);
enum status loop_resume(struct loop *l);
/* Scores the averaged weights when there are, and logs it. */
enum status loop_score(struct loop *l);
/* Scores, folds, saves the finished net, lets the task fit what belongs to it. */
enum status loop_finish(struct loop *l);

#endif
