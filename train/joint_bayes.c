/* SPDX-License-Identifier: MIT
 * What follows from Joint Bayesian's two covariances (papers.md section 10), and what is done to them before they are used on
 * people whom the net never saw. */
#include <math.h>
#include <string.h>

#include "base/kernels.h"
#include "base/memory.h"
#include "nets/gemm.h"
#include "train/fit.h"
#include "train/matrix.h"

static size_t square(const struct joint_bayes *j)
{
    return (size_t)j->d * (size_t)j->d;
}

enum status joint_bayes_make(struct joint_bayes *j, int d)
{
    *j = (struct joint_bayes){.d = d};
    size_t n = square(j);
    j->mean = memory_alloc(6 * n + (size_t)d, sizeof *j->mean);
    if (!j->mean)
        return fail(NO_RESOURCE, "joint bayesian: no memory");
    j->between = j->mean + d;
    j->within = j->between + n;
    j->form = j->within + n;
    j->cross = j->form + n;
    j->root = j->cross + n;
    j->length = j->root + n;
    return OK;
}

enum status joint_bayes_copy(struct joint_bayes *out, const struct joint_bayes *j)
{
    enum status s = joint_bayes_make(out, j->d);
    if (!s)
        memcpy(out->mean, j->mean, (6 * square(j) + (size_t)j->d) * sizeof *j->mean);
    return s;
}

void joint_bayes_free(struct joint_bayes *j)
{
    memory_free(&j->mean);
    *j = (struct joint_bayes){0};
}

static double mean_of_diagonal(const double *a, int d)
{
    double trace = 0;
    for (int i = 0; i < d; i++)
        trace += a[(size_t)i * (size_t)d + (size_t)i];
    return trace / d;
}

static void add_diagonal(double *a, double x, int d)
{
    for (int i = 0; i < d; i++)
        a[(size_t)i * (size_t)d + (size_t)i] += x;
}

/* A covariance of fewer codes than numbers, or of features that are always zero, has no inverse. */
void joint_bayes_lift(double *a, int d)
{
    add_diagonal(a, 1e-6 * mean_of_diagonal(a, d) + 1e-12, d);
}

/* out = R, upper triangular, with R'R = a. */
static bool upper_root(double *out, double *lower, const double *a, int d)
{
    if (!matrix_cholesky(lower, a, d))
        return false;
    for (int i = 0; i < d; i++)
        for (int k = 0; k < d; k++)
            out[(size_t)i * (size_t)d + (size_t)k] = lower[(size_t)k * (size_t)d + (size_t)i];
    return true;
}

/* f, t, u: d x d each. F = 1/S_eps; G = -(2 S_mu + S_eps)^-1 S_mu F; A = (S_mu + S_eps)^-1 - (F + G); G = -U'U. */
static bool derive(struct joint_bayes *j, double *f, double *t, double *u)
{
    int d = j->d;
    size_t bytes = square(j) * sizeof *f;
    if (!matrix_inverse(f, j->within, u, d))
        return false;
    memcpy(t, j->within, bytes);
    matrix_add(t, 2, j->between, d);
    if (!matrix_inverse(j->root, t, u, d))
        return false;
    matrix_product(t, j->root, j->between, d);
    matrix_product(u, t, f, d); /* -G */
    matrix_symmetric(u, d);
    memset(j->cross, 0, bytes);
    matrix_add(j->cross, -1, u, d);
    joint_bayes_lift(u, d); /* S_mu may be flat in some directions */
    if (!upper_root(j->root, t, u, d))
        return false;
    memcpy(t, j->within, bytes);
    matrix_add(t, 1, j->between, d);
    if (!matrix_inverse(j->form, t, u, d) || !upper_root(j->length, u, j->form, d))
        return false;
    matrix_add(j->form, -1, f, d);
    matrix_add(j->form, -1, j->cross, d);
    matrix_symmetric(j->form, d);
    return true;
}

enum status joint_bayes_derive(struct joint_bayes *j)
{
    size_t n = square(j);
    double *work = memory_alloc(3 * n, sizeof *work);
    if (!work)
        return fail(NO_RESOURCE, "joint bayesian: no memory");
    bool good = derive(j, work, work + n, work + 2 * n);
    memory_free(&work);
    return good ? OK : fail(BAD_DATA, "joint bayesian: the codes have no proper covariance");
}

void joint_bayes_shrink(struct joint_bayes *j, double within)
{
    add_diagonal(j->within, within * mean_of_diagonal(j->within, j->d), j->d);
}

enum status joint_bayes_steepen(struct joint_bayes *j, double power)
{
    size_t n = square(j), d = (size_t)j->d;
    double before = 0, after = 0;
    double *values = memory_alloc(d + 2 * n, sizeof *values);
    if (!values)
        return fail(NO_RESOURCE, "joint bayesian: no memory");
    double *vectors = values + d, *scaled = vectors + n;
    memcpy(scaled, j->between, n * sizeof *scaled);
    matrix_eigen(values, vectors, scaled, j->d);
    for (size_t i = 0; i < d; i++) {
        double x = values[i] > 0 ? values[i] : 0;
        before += x;
        after += values[i] = pow(x, power);
    }
    double by = after > 0 ? before / after : 1;
    for (size_t i = 0; i < d; i++) { /* columns of scaled: vector i times its root */
        double root = sqrt(values[i] * by);
        for (size_t k = 0; k < d; k++)
            scaled[k * d + i] = vectors[i * d + k] * root;
    }
    matrix_product_turned(j->between, scaled, scaled, j->d);
    matrix_symmetric(j->between, j->d);
    joint_bayes_lift(j->between, j->d);
    memory_free(&values);
    return OK;
}

void joint_bayes_bring(float *x, float *work, const float *length, int n, int d)
{
    const struct kernels *k = kernels_best();
    gemm(false, true, n, d, d, 1, x, d, length, d, 0, work, d);
    for (int i = 0; i < n; i++, x += d, work += d) {
        float squares = k->dot(work, work, (size_t)d), by = squares > 0 ? sqrtf((float)d / squares) : 0;
        for (int at = 0; at < d; at++)
            x[at] *= by;
    }
}

double joint_bayes_score(const struct joint_bayes *j, const float *x, const float *y)
{
    double score = 0;
    for (int i = 0; i < j->d; i++) {
        const double *a = j->form + (size_t)i * (size_t)j->d;
        const double *g = j->cross + (size_t)i * (size_t)j->d;
        double ax = 0;
        double ay = 0;
        double gy = 0;
        for (int k = 0; k < j->d; k++) {
            ax += a[k] * ((double)x[k] - j->mean[k]);
            ay += a[k] * ((double)y[k] - j->mean[k]);
            gy += g[k] * ((double)y[k] - j->mean[k]);
        }
        double xi = (double)x[i] - j->mean[i];
        score += xi * ax + ((double)y[i] - j->mean[i]) * ay - 2 * xi * gy;
    }
    return score;
}
