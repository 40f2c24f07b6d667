/* SPDX-License-Identifier: MIT
 * Square matrices in double precision: products by BLAS, the rest in loops that run along rows. */
#include "train/matrix.h"

#include <math.h>
#include <string.h>

#include "nets/gemm.h"

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
    gemm_double(false, false, d, d, d, 1, a, d, b, d, 0, out, d);
}

void matrix_product_turned(double *out, const double *a, const double *b, int d)
{
    gemm_double(false, true, d, d, d, 1, a, d, b, d, 0, out, d);
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

/* In place, the lower part of an n x n block whose rows are d apart. */
static bool cholesky_block(double *a, int n, int d)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k <= i; k++) {
            double rest = a[at(i, d) + (size_t)k] - row_dot(a + at(i, d), a + at(k, d), k);
            if (k < i)
                a[at(i, d) + (size_t)k] = rest / a[at(k, d) + (size_t)k];
            else if (!(rest > 0))
                return false;
            else
                a[at(i, d) + (size_t)i] = sqrt(rest);
        }
    return true;
}

/* A block of columns at a time: less what the columns before it explain, its own triangle, then the rows below. */
bool matrix_cholesky(double *lower, const double *a, int d)
{
    enum { BLOCK = 48 };
    for (int i = 0; i < d; i++)
        for (int k = 0; k < d; k++)
            lower[at(i, d) + (size_t)k] = k <= i ? a[at(i, d) + (size_t)k] : 0;
    for (int k = 0; k < d; k += BLOCK) {
        int n = d - k < BLOCK ? d - k : BLOCK, below = d - k - n;
        double *block = lower + at(k, d) + k, *rows = lower + at(k + n, d);
        for (int i = 0; i < n && k; i++)
            for (int j = 0; j <= i; j++)
                block[at(i, d) + (size_t)j] -= row_dot(lower + at(k + i, d), lower + at(k + j, d), k);
        if (!cholesky_block(block, n, d))
            return false;
        if (below && k)
            gemm_double(false, true, below, n, k, -1, rows, d, lower + at(k, d), d, 1, rows + k, d);
        if (below)
            solve_lower(true, n, below, block, d, rows + k, d);
    }
    return true;
}

bool matrix_inverse(double *out, const double *a, double *work, int d)
{
    if (!matrix_cholesky(out, a, d))
        return false;
    memset(work, 0, at(d, d) * sizeof *work);
    for (int i = 0; i < d; i++)
        work[at(i, d) + (size_t)i] = 1;
    solve_lower(false, d, d, out, d, work, d); /* inverse(L) */
    gemm_double(true, false, d, d, d, 1, work, d, work, d, 0, out, d);
    return true;
}

/* Turns rows and columns p and q of `a` so that a[p][q] becomes 0; the same turn of the vectors' rows. */
static void turn(double *a, double *vectors, int p, int q, int d)
{
    double apq = a[at(p, d) + (size_t)q];
    double tau = (a[at(q, d) + (size_t)q] - a[at(p, d) + (size_t)p]) / (2 * apq);
    double t = (tau >= 0 ? 1 : -1) / (fabs(tau) + sqrt(1 + tau * tau)), c = 1 / sqrt(1 + t * t), s = t * c;
    for (int k = 0; k < d; k++) {
        double *x = a + at(k, d), kp = x[p], kq = x[q];
        x[p] = c * kp - s * kq;
        x[q] = s * kp + c * kq;
    }
    double *const blocks[] = {a, vectors};
    for (int b = 0; b < 2; b++) {
        double *restrict x = blocks[b] + at(p, d), *restrict y = blocks[b] + at(q, d);
        for (int k = 0; k < d; k++) {
            double xk = x[k], yk = y[k];
            x[k] = c * xk - s * yk;
            y[k] = s * xk + c * yk;
        }
    }
}

static double off_diagonal(const double *a, int d)
{
    double sum = 0;
    for (int i = 0; i < d; i++)
        for (int k = 0; k < i; k++)
            sum += a[at(i, d) + (size_t)k] * a[at(i, d) + (size_t)k];
    return sqrt(sum);
}

void matrix_eigen(double *values, double *vectors, double *a, int d)
{
    enum { SWEEPS = 40 };
    double small = 1e-12 * matrix_norm(a, d) + 1e-300;
    memset(vectors, 0, at(d, d) * sizeof *vectors);
    for (int i = 0; i < d; i++)
        vectors[at(i, d) + (size_t)i] = 1;
    for (int sweep = 0; sweep < SWEEPS && off_diagonal(a, d) > small; sweep++)
        for (int p = 0; p < d; p++)
            for (int q = p + 1; q < d; q++)
                if (fabs(a[at(p, d) + (size_t)q]) > small / d)
                    turn(a, vectors, p, q, d);
    for (int i = 0; i < d; i++)
        values[i] = a[at(i, d) + (size_t)i];
    for (int i = 0; i < d; i++) {
        int most = i;
        for (int k = i + 1; k < d; k++)
            most = values[k] > values[most] ? k : most;
        if (most == i)
            continue;
        double v = values[i];
        values[i] = values[most];
        values[most] = v;
        memcpy(a, vectors + at(i, d), (size_t)d * sizeof *a);
        memcpy(vectors + at(i, d), vectors + at(most, d), (size_t)d * sizeof *a);
        memcpy(vectors + at(most, d), a, (size_t)d * sizeof *a);
    }
}

float *matrix_floats(float *to, const double *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *to++ = (float)from[i];
    return to;
}

double matrix_norm(const double *a, int d)
{
    double sum = 0;
    for (size_t i = 0; i < at(d, d); i++)
        sum += a[i] * a[i];
    return sqrt(sum);
}
