/* SPDX-License-Identifier: MIT */
#ifndef FACETRAIL_PIPELINE_EVAL_SPEED_H
#define FACETRAIL_PIPELINE_EVAL_SPEED_H

#include "base/status.h"

/* facetrail eval speed [INPUT] [options of run]: the whole pipeline without outputs (unless asked for). */
enum status eval_speed(int n_words, char **words);

#endif
