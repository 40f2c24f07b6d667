/* SPDX-License-Identifier: MIT
 * The one door to BLAS. Row-major: c [m, n] = alpha * op(a) [m, k] * op(b) [k, n] + beta * c; ld*: floats from row to
 * row. */
#ifndef FACETRAIL_NETS_GEMM_H
#define FACETRAIL_NETS_GEMM_H

#include <stdbool.h>

void gemm(bool turn_a, bool turn_b, int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb,
          float beta, float *c, int ldc);

#endif
