/* SPDX-License-Identifier: MIT
 * A recipe: an option file with the groups train, solver, model (the model's own), data, augment, task (the task's own).
 * configs/train/NAME.conf */
#ifndef FACETRAIL_TRAIN_RECIPE_H
#define FACETRAIL_TRAIN_RECIPE_H

#include <stdbool.h>

#include "base/memory.h"
#include "base/option.h"
#include "nets/net.h"
#include "train/task.h"

struct train_options {
    const char *task, *model; /* names */
    const char *weights;      /* where the finished net goes */
    const char *checkpoint;   /* where checkpoints go; outside the tree */
    const char *from;         /* weights to start from (net_borrow), "": none */
    int batch;                /* samples a step, over all workers */
    bool half;                /* see net_run_half */
    int device;               /* enum train_device */
    int workers, seed;
    float minutes, epochs;    /* the run's length: the first of these that is not 0 ... */
    int steps;                /* ... else steps */
    float save_minutes;       /* between checkpoints; 0: only at the end */
    float score_minutes;      /* between scores on held-out data; 0: only at the end */
    float log_seconds;        /* between log lines; 0: every step */
    bool fold;                /* fold normalisation away in the finished net */
};

enum train_device { TRAIN_CPU, TRAIN_CUDA, TRAIN_TWIN };

struct schedule_options {
    float rate, momentum, decay, clip, average;
    float warm_up;            /* part of the run in which the rate rises from 0 */
    int schedule;             /* enum schedule_kind */
};
enum schedule_kind { SCHEDULE_COSINE, SCHEDULE_LINEAR, SCHEDULE_CONSTANT };

enum { RECIPE_GROUPS = 6 };
struct recipe {
    struct arena *texts;
    const char *path;
    struct train_options train;
    struct schedule_options solver;
    const struct task *task;
    const struct model *model;
    void *task_options, *model_options;
    struct option_group groups[RECIPE_GROUPS];
    int n_groups;
};

/* Reads the file, then `--group.name VALUE` words over it. Errors carry file and line. */
enum status recipe_open(struct recipe **out, const char *path, int n_words, char **words);
void recipe_close(struct recipe **r);
/* Every option that is not at its default, "group.name=value ..." on one line, without paths: for logs and weights. */
void recipe_format(const struct recipe *r, char *out, size_t size);

#endif
