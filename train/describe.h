/* SPDX-License-Identifier: MIT
 * Codes of the data's faces, cut at the marks of their pack. */
#ifndef FACETRAIL_TRAIN_DESCRIBE_H
#define FACETRAIL_TRAIN_DESCRIBE_H

#include "recognizer/recognizer.h"
#include "train/data.h"

enum { DESCRIBE_BATCH = 32 };
/* faces[i] becomes what r says of the data's face which[i]; n is at most DESCRIBE_BATCH. */
void describe_faces(struct recognizer *r, const struct data *d, const int *which, int n, struct face *faces);

#endif
