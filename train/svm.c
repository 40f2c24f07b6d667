/* SPDX-License-Identifier: MIT
 * Dual coordinate descent for the squared hinge loss (Hsieh, Chang, Lin, Keerthi, Sundararajan: A Dual Coordinate
 * Descent Method for Large-scale Linear SVM, ICML 2008, algorithm 1 with shrinking left out). */
#include "train/svm.h"

#include <math.h>
#include <string.h>

#include "base/kernels.h"
#include "base/memory.h"
#include "base/random.h"

#define ENOUGH 0.01 /* largest violation of the optimum that is left */

static float value(const struct kernels *k, const float *w, const float *x, size_t d)
{
    return k->dot(w, x, d) + w[d];
}

float svm_value(const float *w, const float *x, size_t d)
{
    return value(kernels_best(), w, x, d);
}

/* One sample's dual variable to where it is best; returns by how much the optimum was violated. */
static double step(const struct kernels *k, float *w, double *alpha, const float *x, double square, double y, size_t d,
                   double cost)
{
    double gradient = y * (double)value(k, w, x, d) - 1 + *alpha / (2 * cost);
    double violated = *alpha > 0 ? fabs(gradient) : gradient < 0 ? -gradient : 0;
    if (violated < 1e-12)
        return 0;
    double was = *alpha;
    *alpha = fmax(was - gradient / (square + 1 / (2 * cost)), 0);
    float by = (float)((*alpha - was) * y);
    k->axpy(w, by, x, d);
    w[d] += by;
    return violated;
}

enum status svm_fit(float *w, const float *x, const bool *yes, size_t n, size_t d, const struct svm_options *o)
{
    struct arena *a = arena_create();
    double *alpha = arena_alloc(a, n, sizeof *alpha), *square = arena_alloc(a, n, sizeof *square);
    int *order = arena_alloc(a, n, sizeof *order);
    enum status s = arena_seal(a);
    const struct kernels *k = kernels_best();
    uint64_t random = o->seed;
    memset(w, 0, (d + 1) * sizeof *w);
    for (size_t i = 0; !s && i < n; i++) {
        square[i] = (double)k->dot(x + i * d, x + i * d, d) + 1;
        order[i] = (int)i;
    }
    for (int pass = 0; !s && pass < o->passes; pass++) {
        double most = 0;
        random_shuffle(&random, order, n);
        for (size_t j = 0; j < n; j++) {
            size_t i = (size_t)order[j];
            most = fmax(most, step(k, w, &alpha[i], x + i * d, square[i], yes[i] ? 1 : -1, d, o->cost));
        }
        if (most < ENOUGH)
            break;
    }
    arena_free(&a);
    return s;
}
