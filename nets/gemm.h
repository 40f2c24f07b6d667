/* SPDX-License-Identifier: MIT
 * The one door to BLAS. Row-major: c [m, n] = alpha * op(a) [m, k] * op(b) [k, n] + beta * c; ld*: floats from row to
 * row. */
#ifndef FACETRAIL_NETS_GEMM_H
#define FACETRAIL_NETS_GEMM_H

#include <stdbool.h>

void gemm(bool turn_a, bool turn_b, int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb,
          float beta, float *c, int ldc);
void gemm_double(bool turn_a, bool turn_b, int m, int n, int k, double alpha, const double *a, int lda, const double *b,
                 int ldb, double beta, double *c, int ldc);
/* b [m, n] = inverse(lower) b, or b [n, m] = b inverse(lower') (from_right); lower [m, m], triangular. */
void solve_lower(bool from_right, int m, int n, const double *lower, int ldl, double *b, int ldb);

#endif
