/* SPDX-License-Identifier: MIT
 * Is a part of the face covered (hand, mask, dark glasses, a head in front)? Read from the code: the net's neurons know,
 * though nobody asked them while they learnt. */
#ifndef FACETRAIL_RECOGNIZER_COVER_H
#define FACETRAIL_RECOGNIZER_COVER_H

#include "base/status.h"
#include "base/tensors.h"

/* Arrays in the net's own file, fitted by train/fit_cover.c: a weight for each number of a code of length 1, a shift.
 * Their logit is 0 for the face that is more covered-looking than 98 of 100 uncovered ones. */
#define COVER_WEIGHT "cover.weight"
#define COVER_SHIFT "cover.shift"

struct cover_reader { const float *weight; float shift; int n; }; /* weight NULL: the file says nothing about it */
/* Lives as long as the file. BAD_MATCH when the arrays are not of this code's size. */
enum status cover_load(struct cover_reader *out, const struct tensors *file, const char *path, int n_code);
/* enum face_quality's FACE_CLEAR: 1 for an uncovered face, down to 0.2. */
float cover_clear(const struct cover_reader *c, const float *code);

#endif
