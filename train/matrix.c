/* SPDX-License-Identifier: MIT
 * Small square matrices in double precision: loops in the order that runs along rows. */
#include "train/matrix.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static void row_add(double *restrict out, double by, const double *restrict in, int n)
{
    for (int i = 0; i < n; i++)
        out[i] += by * in[i];
}

static double row_dot(const double *a, const double *b, int n)
{
    double s[4] = {0, 0, 0, 0};
    int i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++)
            s[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        s[0] += a[i] * b[i];
    return s[0] + s[1] + s[2] + s[3];
}

static size_t at(int row, int d)
{
    return (size_t)row * (size_t)d;
}

void matrix_product(double *out, const double *a, const double *b, int d)
{
    memset(out, 0, at(d, d) * sizeof *out);
    for (int i = 0; i < d; i++)
        for (int k = 0; k < d; k++)
            row_add(out + at(i, d), a[at(i, d) + (size_t)k], b + at(k, d), d);
}

void matrix_product_turned(double *out, const double *a, const double *b, int d)
{
    for (int i = 0; i < d; i++)
        for (int k = 0; k < d; k++)
            out[at(i, d) + (size_t)k] = row_dot(a + at(i, d), b + at(k, d), d);
}

void matrix_add(double *out, double by, const double *a, int d)
{
    for (int i = 0; i < d; i++)
        row_add(out + at(i, d), by, a + at(i, d), d);
}

void matrix_symmetric(double *a, int d)
{
    for (int i = 0; i < d; i++)
        for (int k = 0; k < i; k++) {
            double mean = 0.5 * (a[at(i, d) + (size_t)k] + a[at(k, d) + (size_t)i]);
            a[at(i, d) + (size_t)k] = mean;
            a[at(k, d) + (size_t)i] = mean;
        }
}

bool matrix_cholesky(double *lower, const double *a, int d)
{
    memset(lower, 0, at(d, d) * sizeof *lower);
    for (int i = 0; i < d; i++)
        for (int k = 0; k <= i; k++) {
            double rest = a[at(i, d) + (size_t)k] - row_dot(lower + at(i, d), lower + at(k, d), k);
            if (k < i)
                lower[at(i, d) + (size_t)k] = rest / lower[at(k, d) + (size_t)k];
            else if (!(rest > 0))
                return false;
            else
                lower[at(i, d) + (size_t)i] = sqrt(rest);
        }
    return true;
}

/* From L: the rows of inverse(L) turned, then their products. */
bool matrix_inverse(double *out, const double *a, double *work, int d)
{
    if (!matrix_cholesky(work, a, d))
        return false;
    memset(out, 0, at(d, d) * sizeof *out);
    for (int c = 0; c < d; c++) { /* row c of out: column c of inverse(L) */
        double *x = out + at(c, d);
        x[c] = 1 / work[at(c, d) + (size_t)c];
        for (int i = c + 1; i < d; i++)
            x[i] = -row_dot(work + at(i, d) + c, x + c, i - c) / work[at(i, d) + (size_t)i];
    }
    memcpy(work, out, at(d, d) * sizeof *work);
    for (int i = 0; i < d; i++)
        for (int k = 0; k <= i; k++) {
            out[at(i, d) + (size_t)k] = row_dot(work + at(i, d) + i, work + at(k, d) + i, d - i);
            out[at(k, d) + (size_t)i] = out[at(i, d) + (size_t)k];
        }
    return true;
}

double matrix_norm(const double *a, int d)
{
    double sum = 0;
    for (size_t i = 0; i < at(d, d); i++)
        sum += a[i] * a[i];
    return sqrt(sum);
}
