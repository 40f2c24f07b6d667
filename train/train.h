/* SPDX-License-Identifier: MIT
 * How every net is learnt and measured. `pipeline/main.c` calls these two; nothing that runs on a frame uses train/. */
#ifndef FACETRAIL_TRAIN_TRAIN_H
#define FACETRAIL_TRAIN_TRAIN_H

#include <stdatomic.h>

#include "base/status.h"

/* facetrail train RECIPE [--resume] [--group.name VALUE ...]: words after the command. When *stop becomes true the run
 * saves a checkpoint and ends. */
enum status train_command(int n_words, char **words, const atomic_bool *stop);
/* facetrail eval WHAT ...: verification, detection, marks, tracking, tracks ... (`speed` belongs to pipeline/). */
enum status eval_command(int n_words, char **words);

#endif
