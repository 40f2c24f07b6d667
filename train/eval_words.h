/* SPDX-License-Identifier: MIT
 * The words of `facetrail eval WHAT`: "--min-size 30" sets min_size of the first group, "--detect.score 0.1" that
 * of group detect. */
#ifndef FACETRAIL_TRAIN_EVAL_WORDS_H
#define FACETRAIL_TRAIN_EVAL_WORDS_H

#include "base/option.h"

/* The groups' values must hold their defaults. Texts live in `texts`. */
enum status eval_words(const struct option_group *groups, int n_groups, int n_words, char **words,
                       struct arena *texts);

#endif
