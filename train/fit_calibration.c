/* SPDX-License-Identifier: MIT
 * What a raw score means: logistic regression to a log likelihood ratio, and the tail of the strangers' scores. */
#include <math.h>
#include <stdlib.h>

#include "train/fit.h"

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;
    return (x > y) - (x < y);
}

/* What the part `rate` of the sorted scores exceeds. */
static double exceeded(const float *sorted, size_t n, double rate)
{
    double from_top = rate * (double)n;
    if (from_top < 1)
        from_top = 1;
    double at = (double)n - from_top;
    size_t i = at < 0 ? 0 : (size_t)at;
    return (double)sorted[i < n ? i : n - 1];
}

float fit_exceeded(float *scores, size_t n, double rate)
{
    if (!n)
        return 0;
    qsort(scores, n, sizeof *scores, by_value);
    return (float)exceeded(scores, n, rate);
}

static void take_tail(double *tail, const float *different, size_t n)
{
    double rate = 0.1;
    for (int i = 0; i < FIT_TAIL; i++, rate /= 10) {
        tail[i] = exceeded(different, n, rate);
        if (rate * (double)n < 5 && i >= 2) /* too few pairs to see that rate */
            tail[i] = 2 * tail[i - 1] - tail[i - 2];
        if (i > 0 && tail[i] <= tail[i - 1])
            tail[i] = tail[i - 1] + 1e-4 * (1 + fabs(tail[i - 1]));
    }
}

double fit_share_above(const float *x, size_t n, float limit)
{
    size_t from = 0;
    for (size_t i = 0; i < n; i++)
        from += x[i] >= limit;
    return (double)from / (double)n;
}

/* Threshold at same[i]: i of the same lie below. The first i at which no fewer are missed than taken is bisected, so that ten
 * million different pairs need not be sorted. */
double fit_equal_error(float *same, size_t n_same, const float *different, size_t n_different)
{
    if (!n_same || !n_different)
        return 1;
    qsort(same, n_same, sizeof *same, by_value);
    size_t low = 0, high = n_same;
    double error = 0.5;
    while (low < high) {
        size_t i = (low + high) / 2;
        double missed = (double)i / (double)n_same;
        double taken = fit_share_above(different, n_different, same[i]);
        if (missed >= taken) {
            error = 0.5 * (missed + taken);
            high = i;
        } else {
            low = i + 1;
        }
    }
    return error;
}

struct newton { double ga, gb, aa, ab, bb; };

static void newton_add(struct newton *s, const float *x, size_t n, double label, double a, double b, double middle,
                       double width)
{
    size_t skip = n > 400000 ? n / 200000 : 1; /* enough for two numbers */
    double weight = (double)skip / (double)n;
    for (size_t i = 0; i < n; i += skip) {
        double z = ((double)x[i] - middle) / width;
        double p = 1 / (1 + exp(-(a * z + b)));
        double w = weight * p * (1 - p);
        s->ga += weight * (label - p) * z;
        s->gb += weight * (label - p);
        s->aa += w * z * z;
        s->ab += w * z;
        s->bb += w;
    }
}

/* Two numbers by Newton's method, a little pulled to zero: two kinds that never overlap have no best fit. */
static void logistic(struct fit_calibration *out, const float *same, size_t n_same, const float *different,
                     size_t n_different)
{
    double middle = 0.5 * ((double)same[n_same / 2] + (double)different[n_different / 2]);
    double width = fabs((double)same[n_same / 2] - (double)different[n_different / 2]) + 1e-9;
    double a = 1;
    double b = 0;
    for (int i = 0; i < 50; i++) {
        struct newton s = {-1e-4 * a, -1e-4 * b, 1e-4, 0, 1e-4};
        newton_add(&s, same, n_same, 1, a, b, middle, width);
        newton_add(&s, different, n_different, 0, a, b, middle, width);
        double det = s.aa * s.bb - s.ab * s.ab;
        double da = (s.bb * s.ga - s.ab * s.gb) / det;
        double db = (s.aa * s.gb - s.ab * s.ga) / det;
        double most = fmax(fabs(da), fabs(db));
        double by = most > 2 ? 2 / most : 1;
        a += by * da;
        b += by * db;
        if (most < 1e-9)
            break;
    }
    if (!(a > 1e-6)) /* scores that say nothing, or the wrong way round: still a calibration that can be read */
        a = 1e-6;
    out->factor = a / width;
    out->shift = b - a * middle / width;
}

void fit_tail(struct fit_calibration *c, float *different, size_t n_different, const float *same, size_t n_same)
{
    qsort(different, n_different, sizeof *different, by_value);
    take_tail(c->tail, different, n_different);
    for (int i = 0; i < FIT_TAIL; i++)
        c->taken[i] = fit_share_above(same, n_same, (float)c->tail[i]);
}

enum status fit_calibrate(struct fit_calibration *out, float *same, size_t n_same, float *different, size_t n_different)
{
    if (n_same < 2 || n_different < 2)
        return fail(BAD_DATA, "calibration: %zu same and %zu different pairs", n_same, n_different);
    fit_tail(out, different, n_different, same, n_same);
    out->eer = fit_equal_error(same, n_same, different, n_different);
    logistic(out, same, n_same, different, n_different);
    return OK;
}
