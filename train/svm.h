/* SPDX-License-Identifier: MIT
 * A linear support vector machine. */
#ifndef FACETRAIL_TRAIN_SVM_H
#define FACETRAIL_TRAIN_SVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct svm_options {
    double cost; /* of an error, against |w|^2 / 2 */
    int passes;  /* over the samples, at most */
    uint64_t seed;
};
/* Minimises |w|^2 / 2 + cost * sum of max(0, 1 - y (w x + b))^2 with y = 1 where `yes`, else -1. x [n, d]; b is w[d]: an
 * input that is always 1. w has room for d + 1. */
enum status svm_fit(float *w, const float *x, const bool *yes, size_t n, size_t d, const struct svm_options *o);
float svm_value(const float *w, const float *x, size_t d);

#endif
