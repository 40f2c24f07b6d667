/* SPDX-License-Identifier: MIT
 * Class weights of a softmax over people that begin as what another net says of them. */
#ifndef FACETRAIL_TRAIN_PROTOTYPES_H
#define FACETRAIL_TRAIN_PROTOTYPES_H

#include "train/data.h"

/* rows [n_classes, n_code]: of each class the mean of its faces' unit codes by the net in `weights`, of length 1; the
 * first n_learnt stay as they are. class_of: of each index of data_face, -1: none. BAD_MATCH when that net's codes have
 * another size. */
enum status prototypes_fill(float *rows, int n_classes, int n_code, const struct data *d, const int *class_of,
                            const char *weights, int n_learnt);
/* The first rows from a checkpoint whose net learnt the first of these classes; *n: how many, 0 when it has none. */
enum status prototypes_learnt(float *rows, int n_classes, int n_code, const char *checkpoint, int *n);

#endif
