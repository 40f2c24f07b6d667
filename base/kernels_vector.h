/* SPDX-License-Identifier: MIT
 * What the two files share that are compiled once per instruction set: names with the set behind. */
#ifndef FACETRAIL_BASE_KERNELS_VECTOR_H
#define FACETRAIL_BASE_KERNELS_VECTOR_H

#include "base/kernels.h"

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)

extern const struct kernels JOIN(kernels_, KERNELS);
void JOIN(rows_product_, KERNELS)(float *out, size_t out_step, const float *packed, const float *in,
                                  const int32_t *offsets, int m, int k, int n, bool more);
void JOIN(rows_outer_, KERNELS)(float *weight_grad, const float *grad, size_t grad_step, const float *in,
                                const int32_t *offsets, int m, int k, int n);

#endif
