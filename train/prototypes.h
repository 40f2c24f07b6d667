/* SPDX-License-Identifier: MIT
 * Class weights of a softmax over people that begin as what another net says of them. */
#ifndef FACETRAIL_TRAIN_PROTOTYPES_H
#define FACETRAIL_TRAIN_PROTOTYPES_H

#include <stdbool.h>

#include "train/data.h"

/* rows [n_classes, n_code]: of each class the mean of its faces' unit codes by the net in `weights`, of length 1; those
 * that are learnt stay as they are. class_of: of each index of data_face, -1: none. BAD_MATCH when that net's codes have
 * another size. */
enum status prototypes_fill(float *rows, int n_classes, int n_code, const struct data *d, const int *class_of,
                            const char *weights, const bool *learnt);
/* The rows of people whom a checkpoint's net has learnt too, wherever they stood in it; learnt[i]: that class has one now.
 * people: of each class the tables' number. Weights, and checkpoints that do not say whom they learnt, have none. */
enum status prototypes_learnt(float *rows, const int *people, int n_classes, int n_code, const char *checkpoint, bool *learnt);

/* Whom the classes of a net are, as text for its checkpoint: "people 5 12 ...". Returns its length. */
int prototypes_write(const int *people, int n, char *out, int size);
/* Text that begins so tells of the same people in the same order, or does not begin so; *text is moved behind it: to the
 * end, or to " ;" when more follows. BAD_MATCH. */
enum status prototypes_check(const int *people, int n, const char **text);

#endif
