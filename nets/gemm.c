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

void nets_set_threads(int n)
{
    openblas_set_num_threads(n);
}

const char *nets_blas_name(void)
{
    return openblas_get_corename();
}
