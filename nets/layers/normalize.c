/* SPDX-License-Identifier: MIT
 * Batch normalisation a map, with learnt scale and shift, and a scale layer (factor and shift a map) alone.
 * Running statistics are weights whose "gradient" is (value - this batch's value): the solver moves them a tenth. */
#include <math.h>

#include "nets/internal.h"
#include "nets/layers/layers.h"

enum { SCALE, SHIFT, MEAN, VARIANCE };
enum { KEPT = 4 }; /* the batch's mean and 1 / deviation, and what an input is multiplied by and what is added */

float normalize_epsilon(const struct normalize *o)
{
    return o->epsilon > 0 ? o->epsilon : 1e-5f;
}

static enum status plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    const struct normalize *o = options;
    int c = in[0].c;
    (void)n_in;
    plan->out = in[0];
    plan->params[SCALE] = (struct layer_param){ "scale", 1, { c }, PARAM_BIAS, 0, o->scale > 0 ? o->scale : 1 };
    plan->params[SHIFT] = (struct layer_param){ "shift", 1, { c }, PARAM_BIAS, 0, 0 };
    plan->params[MEAN] = (struct layer_param){ "mean", 1, { c }, PARAM_STATISTIC, 0, 0 };
    plan->params[VARIANCE] = (struct layer_param){ "variance", 1, { c }, PARAM_STATISTIC, 0, 1 };
    plan->n_params = 4;
    plan->keep = KEPT * (size_t)c;
    return OK;
}

static void measure(const struct pass *pass, int c, double *mean, double *variance)
{
    struct shape s = pass->in[0].shape;
    size_t plane = (size_t)(s.h * s.w);
    double sum = 0, squares = 0, n = (double)s.n * (double)plane;
    /* squares around the running mean: no cancellation when the mean is large */
    float around = pass->param[MEAN].at[c];
    for (int i = 0; i < s.n; i++) {
        const float *at = pass->in[0].at + ((size_t)i * (size_t)s.c + (size_t)c) * plane;
        float a, b;
        pass->kernels->moments(at, plane, &a, &b);
        sum += a - around * (double)plane;
        squares += b - 2.0 * around * a + (double)around * around * (double)plane;
    }
    *mean = sum / n + around;
    *variance = squares / n - sum / n * (sum / n);
    if (*variance < 0)
        *variance = 0;
}

static void forward(const void *options, const struct pass *pass)
{
    struct shape s = pass->in[0].shape;
    size_t plane = (size_t)(s.h * s.w);
    float epsilon = normalize_epsilon(options);
    for (int c = 0; c < s.c; c++) {
        double mean = pass->param[MEAN].at[c], variance = pass->param[VARIANCE].at[c];
        if (pass->learning)
            measure(pass, c, &mean, &variance);
        double inverse = 1 / sqrt(variance + epsilon);
        float a = (float)(pass->param[SCALE].at[c] * inverse), b = (float)(pass->param[SHIFT].at[c] - a * mean);
        for (int i = 0; i < s.n; i++) {
            size_t at = ((size_t)i * (size_t)s.c + (size_t)c) * plane;
            pass->kernels->affine(pass->out.at + at, pass->in[0].at + at, a, b, pass->relu, plane);
        }
        if (pass->learning) {
            float *kept = pass->keep + KEPT * c;
            kept[0] = (float)mean;
            kept[1] = (float)inverse;
            kept[2] = a;
            kept[3] = b;
            pass->param_grad[MEAN].at[c] += (float)(pass->param[MEAN].at[c] - mean);
            pass->param_grad[VARIANCE].at[c] += (float)(pass->param[VARIANCE].at[c] - variance);
        }
    }
}

static void backward(const void *options, const struct pass *pass)
{
    struct shape s = pass->in[0].shape;
    size_t plane = (size_t)(s.h * s.w);
    double n = (double)s.n * (double)plane;
    (void)options;
    for (int c = 0; c < s.c; c++) {
        double sum = 0, with_x = 0;
        const float *kept = pass->keep + KEPT * c;
        double mean = kept[0], inverse = kept[1];
        struct kernels_gate gate = pass->relu ? (struct kernels_gate){ kept[2], kept[3] } : (struct kernels_gate){ 0, 1 };
        for (int i = 0; i < s.n; i++) {
            size_t at = ((size_t)i * (size_t)s.c + (size_t)c) * plane;
            float one, other;
            pass->kernels->normalize_sums(pass->out_grad.at + at, pass->in[0].at + at, gate, plane, &one, &other);
            sum += one;
            with_x += other;
        }
        double with_unit = (with_x - mean * sum) * inverse; /* sum of grad * normalised x */
        pass->param_grad[SCALE].at[c] += (float)with_unit;
        pass->param_grad[SHIFT].at[c] += (float)sum;
        if (!pass->in_grad[0].at)
            continue;
        /* g' = scale * inverse * (g - sum / n - unit x * with_unit / n) */
        double times = pass->param[SCALE].at[c] * inverse, slope = times * inverse * with_unit / n;
        float a = (float)times, b = (float)-slope, shift = (float)(slope * mean - times * sum / n);
        for (int i = 0; i < s.n; i++) {
            size_t at = ((size_t)i * (size_t)s.c + (size_t)c) * plane;
            pass->kernels->normalize_backward(pass->in_grad[0].at + at, pass->out_grad.at + at, pass->in[0].at + at,
                                              gate, a, b, shift, pass->in_new[0], plane);
        }
    }
}

static enum status scale_plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    const struct scale *o = options;
    float factor = o->factor != 0 ? o->factor : 1;
    (void)n_in;
    plan->out = in[0];
    plan->params[SCALE] = (struct layer_param){ "scale", 1, { in[0].c }, PARAM_BIAS, 0, factor };
    plan->params[SHIFT] = (struct layer_param){ "shift", 1, { in[0].c }, PARAM_BIAS, 0, o->shift };
    plan->n_params = 2;
    return OK;
}

static void scale_forward(const void *options, const struct pass *pass)
{
    struct shape s = pass->in[0].shape;
    size_t plane = (size_t)(s.h * s.w);
    (void)options;
    for (int i = 0; i < s.n * s.c; i++)
        pass->kernels->affine(pass->out.at + (size_t)i * plane, pass->in[0].at + (size_t)i * plane,
                              pass->param[SCALE].at[i % s.c], pass->param[SHIFT].at[i % s.c], pass->relu, plane);
}

static void scale_backward(const void *options, const struct pass *pass)
{
    struct shape s = pass->in[0].shape;
    size_t plane = (size_t)(s.h * s.w);
    (void)options;
    for (int i = 0; i < s.n * s.c; i++) {
        const float *grad = pass->out_grad.at + (size_t)i * plane;
        pass->param_grad[SCALE].at[i % s.c] += pass->kernels->dot(grad, pass->in[0].at + (size_t)i * plane, plane);
        pass->param_grad[SHIFT].at[i % s.c] += pass->kernels->sum(grad, plane);
        if (pass->in_grad[0].at)
            pass->kernels->axpy(pass->in_grad[0].at + (size_t)i * plane, pass->param[SCALE].at[i % s.c], grad, plane);
    }
}

const struct layer_kind layer_normalize = { "normalize", "batch normalisation a map", sizeof(struct normalize),
                                            CAN_RELU | CAN_LEARN_RELU | CAN_SET, plan, forward, backward, NULL };
const struct layer_kind layer_scale = { "scale", "learnt factor and shift a map", sizeof(struct scale), CAN_RELU, scale_plan,
                                        scale_forward, scale_backward, NULL };
