/* SPDX-License-Identifier: MIT
 * Attributes without a net of their own: features and a linear SVM each, for comparison. */
#ifndef FACETRAIL_TRAIN_ATTRIBUTES_ROWS_H
#define FACETRAIL_TRAIN_ATTRIBUTES_ROWS_H

#include "train/attributes_score.h"

enum features { FEATURES_NET, FEATURES_HOG, FEATURES_CODES };

/* Learns on the described train faces of `d` (not those of attributes_apart, which tell what a value means), `most` of
 * them, 0: all; answers for faces[0 .. n): probabilities [n, 40], and the rates they were read with.
 * weights: of the net that makes codes; "": the shipped one. */
enum status attributes_rows(const struct data *d, enum features kind, const char *weights, int most, const int *faces,
                            size_t n, float *probabilities, float rates[FACE_ATTRIBUTES]);

#endif
