/* SPDX-License-Identifier: MIT
 * What `facetrail eval WHAT` can do; the words are those after WHAT. Each prints a table and, last, one line of
 * key=value figures. (`eval speed` belongs to pipeline/.) */
#ifndef FACETRAIL_TRAIN_EVAL_H
#define FACETRAIL_TRAIN_EVAL_H

#include "base/status.h"

enum status eval_verification(int n_words, char **words);
enum status eval_detection(int n_words, char **words);
enum status eval_marks(int n_words, char **words);
enum status eval_tracking(int n_words, char **words);
enum status eval_tracks(int n_words, char **words);
enum status eval_neurons(int n_words, char **words);
enum status eval_attributes(int n_words, char **words);
enum status eval_response(int n_words, char **words);
enum status eval_strangers(int n_words, char **words);

#endif
