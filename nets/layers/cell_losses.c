/* SPDX-License-Identifier: MIT
 * Losses a cell: values against targets under a mask. Summed with the mask as weight, divided by the samples; a mask
 * of 0 means: not counted (an unlabelled face, a cell without a box). */
#include <math.h>

#include "nets/internal.h"
#include "nets/layers/layers.h"

static enum status same_plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    (void)options;
    if (n_in != 3 || shape_count(in[0]) != shape_count(in[1]) || shape_count(in[0]) != shape_count(in[2]))
        return fail(BAD_USAGE, "wants values, targets and a mask of one shape");
    plan->out = (struct shape){ 1, 1, 1, 1 };
    plan->loss = true;
    return OK;
}

/* Cross entropy with logits; focus g: times |target - p|^g (g = 2 is the focal loss), its slope in *slope. */
static double logistic_one(double x, double target, double focus, double *slope)
{
    double p = 1 / (1 + exp(-x));
    double plain = (x > 0 ? x : 0) - x * target + log1p(exp(-fabs(x)));
    *slope = p - target;
    if (focus <= 0)
        return plain;
    double miss = fabs(target - p) + 1e-9, side = p > target ? 1 : -1, power = pow(miss, focus);
    *slope = power * (p - target) + plain * focus * power / miss * side * p * (1 - p);
    return power * plain;
}

static void logistic_forward(const void *options, const struct pass *pass)
{
    const struct logistic_loss *o = options;
    const float *x = pass->in[0].at, *t = pass->in[1].at, *m = pass->in[2].at;
    double loss = 0, slope;
    for (size_t i = 0, n = shape_count(pass->in[0].shape); i < n; i++)
        if (m[i] != 0)
            loss += m[i] * logistic_one(x[i], t[i], o->focus, &slope);
    pass->out.at[0] = (float)(o->weight * loss / pass->in[0].shape.n);
}

static void logistic_backward(const void *options, const struct pass *pass)
{
    const struct logistic_loss *o = options;
    const float *x = pass->in[0].at, *t = pass->in[1].at, *m = pass->in[2].at;
    double times = (double)pass->out_grad.at[0] * o->weight / pass->in[0].shape.n, slope;
    for (size_t i = 0, n = shape_count(pass->in[0].shape); pass->in_grad[0].at && i < n; i++)
        if (m[i] != 0) {
            logistic_one(x[i], t[i], o->focus, &slope);
            pass->in_grad[0].at[i] += (float)(times * m[i] * slope);
        }
}

static void square_forward(const void *options, const struct pass *pass)
{
    const struct square_loss *o = options;
    double loss = 0;
    for (size_t i = 0, n = shape_count(pass->in[0].shape); i < n; i++) {
        if (pass->in[2].at[i] == 0)
            continue;
        double d = (double)pass->in[0].at[i] - pass->in[1].at[i];
        loss += pass->in[2].at[i] * (o->huber && fabs(d) > 1 ? fabs(d) - 0.5 : 0.5 * d * d);
    }
    pass->out.at[0] = (float)(o->weight * loss / pass->in[0].shape.n);
}

static void square_backward(const void *options, const struct pass *pass)
{
    const struct square_loss *o = options;
    double times = (double)pass->out_grad.at[0] * o->weight / pass->in[0].shape.n;
    for (size_t i = 0, n = shape_count(pass->in[0].shape); pass->in_grad[0].at && i < n; i++) {
        if (pass->in[2].at[i] == 0)
            continue;
        double d = (double)pass->in[0].at[i] - pass->in[1].at[i];
        if (o->huber && fabs(d) > 1)
            d = d > 0 ? 1 : -1;
        pass->in_grad[0].at[i] += (float)(times * pass->in[2].at[i] * d);
    }
}

static enum status box_plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    (void)options;
    if (n_in != 3 || in[0].c != 4 || shape_count(in[0]) != shape_count(in[1]) || shape_count(in[2]) * 4 != shape_count(in[0]))
        return fail(BAD_USAGE, "wants four distances, their targets and a mask of one map");
    plan->out = (struct shape){ 1, 1, 1, 1 };
    plan->loss = true;
    return OK;
}

static double at_most(double a, double b)
{
    return a < b ? a : b;
}

static double at_least(double a, double b)
{
    return a > b ? a : b;
}

/* 1 - GIoU of two boxes around one centre, by distances left, top, right, bottom; slope by the first one's logs. */
static double giou(const double *d, const double *t, double *slope)
{
    double area = (d[0] + d[2]) * (d[1] + d[3]), wanted = (t[0] + t[2]) * (t[1] + t[3]);
    double iw = at_most(d[0], t[0]) + at_most(d[2], t[2]), ih = at_most(d[1], t[1]) + at_most(d[3], t[3]);
    double ew = at_least(d[0], t[0]) + at_least(d[2], t[2]), eh = at_least(d[1], t[1]) + at_least(d[3], t[3]);
    double both = iw * ih, either = area + wanted - both, around = ew * eh;
    for (int k = 0; slope && k < 4; k++) {
        double across = k % 2 ? d[0] + d[2] : d[1] + d[3];
        double d_both = d[k] < t[k] ? (k % 2 ? iw : ih) : 0, d_around = d[k] > t[k] ? (k % 2 ? ew : eh) : 0;
        double d_either = across - d_both;
        /* loss = 1 - both / either + 1 - either / around */
        double g = -(d_both * either - both * d_either) / (either * either) -
                   (d_either * around - either * d_around) / (around * around);
        slope[k] = g * d[k];
    }
    return 2 - both / either - either / around;
}

/* Cell i's four values; the distances are exp of what the net says, within e^-4 .. e^8 strides. */
static bool box_take(const struct pass *pass, size_t i, double *d, double *t, size_t *at, bool *clipped)
{
    struct shape s = pass->in[0].shape;
    size_t plane = (size_t)(s.h * s.w), sample = i / plane, cell = i % plane;
    if (pass->in[2].at[i] == 0)
        return false;
    for (int k = 0; k < 4; k++) {
        at[k] = (sample * 4 + (size_t)k) * plane + cell;
        double x = pass->in[0].at[at[k]];
        clipped[k] = x < -4 || x > 8;
        d[k] = exp(at_least(-4, at_most(8, x)));
        t[k] = at_least(pass->in[1].at[at[k]], 1e-3);
    }
    return true;
}

static void box_forward(const void *options, const struct pass *pass)
{
    const struct box_loss *o = options;
    double loss = 0, d[4], t[4];
    size_t at[4];
    bool clipped[4];
    for (size_t i = 0, n = shape_count(pass->in[2].shape); i < n; i++)
        if (box_take(pass, i, d, t, at, clipped))
            loss += pass->in[2].at[i] * giou(d, t, NULL);
    pass->out.at[0] = (float)(o->weight * loss / pass->in[0].shape.n);
}

static void box_backward(const void *options, const struct pass *pass)
{
    const struct box_loss *o = options;
    double times = (double)pass->out_grad.at[0] * o->weight / pass->in[0].shape.n, d[4], t[4], slope[4];
    size_t at[4];
    bool clipped[4];
    for (size_t i = 0, n = shape_count(pass->in[2].shape); pass->in_grad[0].at && i < n; i++) {
        if (!box_take(pass, i, d, t, at, clipped))
            continue;
        giou(d, t, slope);
        for (int k = 0; k < 4; k++)
            if (!clipped[k])
                pass->in_grad[0].at[at[k]] += (float)(times * pass->in[2].at[i] * slope[k]);
    }
}

const struct layer_kind layer_logistic_loss = { "logistic_loss", "cross entropy a cell, focal when asked",
                                                sizeof(struct logistic_loss), 0, same_plan, logistic_forward,
                                                logistic_backward, NULL };
const struct layer_kind layer_square_loss = { "square_loss", "square or Huber a cell", sizeof(struct square_loss), 0,
                                              same_plan, square_forward, square_backward, NULL };
const struct layer_kind layer_box_loss = { "box_loss", "1 - GIoU a cell", sizeof(struct box_loss), 0, box_plan,
                                           box_forward, box_backward, NULL };
