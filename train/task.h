/* SPDX-License-Identifier: MIT
 * What a training task supplies; the loop (train/loop.c) does the rest. A task is a complete table. */
#ifndef FACETRAIL_TRAIN_TASK_H
#define FACETRAIL_TRAIN_TASK_H

#include <stdint.h>

#include "base/option.h"
#include "base/status.h"
#include "nets/net.h"

struct workers;

#define TASK_STATE_NOTE "train.task_state"

/* What the loop tells a task when it opens, and what the task may answer. */
struct task_setting {
    const void *options;       /* the task's options struct, filled from the recipe */
    const struct model *model; /* what is being trained ... */
    void *model_options;       /* ... and its options: a task may set those that follow from the data (people) */
    int batch;                 /* samples in one run: train.batch / train.workers */
    struct workers *workers;   /* a run learns on each; idle while the task opens, after a step and for a score: the task may use
                                  them then */
    uint64_t seed;
    bool resumes;              /* the weights will be replaced by a checkpoint's */
    const char *from;          /* the file that the net takes weights from before it begins; "": none */
    int64_t epoch;             /* answer: samples in one epoch, for train.epochs and the log */
};

struct task {
    const char *name, *about, *score_name; /* "identity", ..., "accuracy": larger is better */
    /* Recipe groups "data", "augment" and "task"; all three index one options struct. NULL: no such group. */
    const struct option *data_options, *augment_options, *task_options;
    size_t options_size, state_size;
    /* Opens the data. `state` is zeroed and stays at its address. */
    enum status (*open)(void *state, struct task_setting *setting);
    /* The net exists now: find layers, make runs for scoring. */
    enum status (*begin)(void *state, struct net *n);
    /* Fills the run's inputs. Called by several threads at once, each with its own run and worker number. The random
     * state depends on seed, step and worker only: a task that draws from nothing else resumes exactly. */
    void (*batch)(void *state, struct net_run *run, int worker, uint64_t *random);
    /* After every step, in one thread; may look at the runs and change the net. NULL: nothing. */
    void (*stepped)(void *state, struct net *n, struct net_run *const *runs, int n_runs, int64_t step);
    /* key=value words for the log line. NULL: none. */
    void (*log)(void *state, char *out, int size);
    /* On held-out data. `more` gets further key=value words. May be called while the averaged weights are in. */
    enum status (*score)(void *state, struct net *n, double *score, char *more, int size);
    /* What a checkpoint must keep beyond the weights, as text (its note TASK_STATE_NOTE); both NULL: nothing. */
    void (*remember)(const void *state, char *out, int size);
    enum status (*recall)(void *state, const char *text);
    /* Changes the model's options to what a finished net needs (no classes). NULL: it is shipped as it is. */
    void (*ship)(void *model_options);
    /* The final weights lie at `path` (folded): fit what belongs to them and write it back. NULL: nothing. */
    enum status (*finish)(void *state, const char *path);
    void (*close)(void *state); /* also of a half-opened state */
};

extern const struct task task_identity, task_locate, task_marks, task_attributes, task_ensemble, task_natural, task_tags,
    task_verdict;
const struct task *task_find(const char *name); /* NULL: none */
int task_count(void);
const struct task *task_at(int i);

#endif
