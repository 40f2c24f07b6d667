/* SPDX-License-Identifier: MIT
 * The only place that knows BLAS. */
#include "nets/gemm.h"

#include <cblas.h>

#include "nets/net.h"

void gemm(bool turn_a, bool turn_b, int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb,
          float beta, float *c, int ldc)
{
    cblas_sgemm(CblasRowMajor, turn_a ? CblasTrans : CblasNoTrans, turn_b ? CblasTrans : CblasNoTrans, m, n, k, alpha,
                a, lda, b, ldb, beta, c, ldc);
}

void gemm_double(bool turn_a, bool turn_b, int m, int n, int k, double alpha, const double *a, int lda, const double *b,
                 int ldb, double beta, double *c, int ldc)
{
    cblas_dgemm(CblasRowMajor, turn_a ? CblasTrans : CblasNoTrans, turn_b ? CblasTrans : CblasNoTrans, m, n, k, alpha,
                a, lda, b, ldb, beta, c, ldc);
}

void solve_lower(bool from_right, int m, int n, const double *lower, int ldl, double *b, int ldb)
{
    if (from_right)
        cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, n, m, 1, lower, ldl, b, ldb);
    else
        cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, m, n, 1, lower, ldl, b, ldb);
}

void nets_set_threads(int n)
{
    openblas_set_num_threads(n);
}

const char *nets_blas_name(void)
{
    return openblas_get_corename();
}
