/* SPDX-License-Identifier: MIT
 * Square matrices in double precision, row by row. */
#ifndef FACETRAIL_TRAIN_MATRIX_H
#define FACETRAIL_TRAIN_MATRIX_H

#include <stdbool.h>
#include <stddef.h>

void matrix_product(double *out, const double *a, const double *b, int d);        /* a b */
void matrix_product_turned(double *out, const double *a, const double *b, int d); /* a b' */
void matrix_add(double *out, double by, const double *a, int d);                  /* out += by a */
void matrix_symmetric(double *a, int d);                                          /* a = (a + a') / 2 */
/* a = L L'; writes L (zeros above). False: not positive definite. */
bool matrix_cholesky(double *lower, const double *a, int d);
/* Inverse of a symmetric positive definite matrix; `work`: d x d. False: it is not. */
bool matrix_inverse(double *out, const double *a, double *work, int d);
/* Of a symmetric matrix, by Jacobi's rotations: values from large to small, row i of `vectors` belongs to values[i]. `a` is
 * lost. */
void matrix_eigen(double *values, double *vectors, double *a, int d);
/* n numbers as floats; returns the place behind them. */
float *matrix_floats(float *to, const double *from, size_t n);
double matrix_norm(const double *a, int d); /* Frobenius */

#endif
