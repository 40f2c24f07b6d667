/* SPDX-License-Identifier: MIT
 * The losses a cell (nets/layers/cell_losses.c) on an accelerator: cross entropy, square, 1 - GIoU, each under a mask. */
#include "nets/gpu/kernel.h"

struct cells {
    const float *in, *target, *mask;
    float *loss, *in_grad;
    float weight, focus; /* weight: also over the samples */
    int huber;
    unsigned plane;
};

GPU_FUNCTION void loss_done(struct cells a, unsigned row, struct sums s)
{
    a.loss[row] = a.weight * s.a;
}

GPU_FUNCTION float logistic_one(float x, float target, float focus, float *slope)
{
    float p = 1 / (1 + expf(-x)), plain = (x > 0 ? x : 0) - x * target + log1pf(expf(-fabsf(x)));
    *slope = p - target;
    if (focus <= 0)
        return plain;
    float miss = fabsf(target - p) + 1e-9f, side = p > target ? 1.0f : -1.0f, power = powf(miss, focus);
    *slope = power * (p - target) + plain * focus * power / miss * side * p * (1 - p);
    return power * plain;
}

GPU_FUNCTION struct sums logistic_part(struct cells a, unsigned row, unsigned i)
{
    float slope;
    struct sums s = { a.mask[i] != 0 ? a.mask[i] * logistic_one(a.in[i], a.target[i], a.focus, &slope) : 0, 0 };
    (void)row;
    return s;
}

GPU_FUNCTION void logistic_back_one(struct cells a, unsigned i)
{
    float slope;
    if (a.mask[i] == 0)
        return;
    logistic_one(a.in[i], a.target[i], a.focus, &slope);
    a.in_grad[i] += a.weight * a.mask[i] * slope;
}

GPU_FUNCTION struct sums square_part(struct cells a, unsigned row, unsigned i)
{
    float diff = a.in[i] - a.target[i], one = a.huber && fabsf(diff) > 1 ? fabsf(diff) - 0.5f : 0.5f * diff * diff;
    struct sums s = { a.mask[i] != 0 ? a.mask[i] * one : 0, 0 };
    (void)row;
    return s;
}

GPU_FUNCTION void square_back_one(struct cells a, unsigned i)
{
    float diff = a.in[i] - a.target[i];
    if (a.huber && fabsf(diff) > 1)
        diff = diff > 0 ? 1.0f : -1.0f;
    if (a.mask[i] != 0)
        a.in_grad[i] += a.weight * a.mask[i] * diff;
}

struct four { float at[4]; };

/* 1 - GIoU of two boxes around one centre, by distances left, top, right, bottom; slope by the first one's logs. */
GPU_FUNCTION float giou(struct four d, struct four t, struct four *slope)
{
    float area = (d.at[0] + d.at[2]) * (d.at[1] + d.at[3]), wanted = (t.at[0] + t.at[2]) * (t.at[1] + t.at[3]);
    float iw = fminf(d.at[0], t.at[0]) + fminf(d.at[2], t.at[2]), ih = fminf(d.at[1], t.at[1]) + fminf(d.at[3], t.at[3]);
    float ew = fmaxf(d.at[0], t.at[0]) + fmaxf(d.at[2], t.at[2]), eh = fmaxf(d.at[1], t.at[1]) + fmaxf(d.at[3], t.at[3]);
    float both = iw * ih, either = area + wanted - both, around = ew * eh;
    for (int k = 0; k < 4; k++) {
        float across = k % 2 ? d.at[0] + d.at[2] : d.at[1] + d.at[3];
        float d_both = d.at[k] < t.at[k] ? (k % 2 ? iw : ih) : 0, d_around = d.at[k] > t.at[k] ? (k % 2 ? ew : eh) : 0;
        float d_either = across - d_both;
        float g = -(d_both * either - both * d_either) / (either * either) -
                  (d_either * around - either * d_around) / (around * around);
        slope->at[k] = g * d.at[k];
    }
    return 2 - both / either - either / around;
}

/* Cell i's loss and slopes; beyond e^-4 .. e^8 strides the slope is 0. */
GPU_FUNCTION float box_one(struct cells a, unsigned i, struct four *slope)
{
    struct four d, t;
    size_t at = (size_t)(i / a.plane) * 4 * a.plane + i % a.plane;
    for (int k = 0; k < 4; k++) {
        d.at[k] = expf(fmaxf(-4, fminf(8, a.in[at + (size_t)k * a.plane])));
        t.at[k] = fmaxf(a.target[at + (size_t)k * a.plane], 1e-3f);
    }
    float loss = giou(d, t, slope);
    for (int k = 0; k < 4; k++) {
        float x = a.in[at + (size_t)k * a.plane];
        slope->at[k] = x < -4 || x > 8 ? 0 : slope->at[k];
    }
    return loss;
}

GPU_FUNCTION struct sums box_part(struct cells a, unsigned row, unsigned i)
{
    struct four slope;
    struct sums s = { a.mask[i] != 0 ? a.mask[i] * box_one(a, i, &slope) : 0, 0 };
    (void)row;
    return s;
}

GPU_FUNCTION void box_back_one(struct cells a, unsigned i)
{
    struct four slope;
    size_t at = (size_t)(i / a.plane) * 4 * a.plane + i % a.plane;
    if (a.mask[i] == 0)
        return;
    box_one(a, i, &slope);
    for (int k = 0; k < 4; k++)
        a.in_grad[at + (size_t)k * a.plane] += a.weight * a.mask[i] * slope.at[k];
}

static struct cells cells_of(const struct pass *pass, float weight, float focus, bool huber)
{
    struct shape s = pass->in[0].shape;
    struct cells a = { pass->in[0].at, pass->in[1].at, pass->in[2].at, pass->out.at, pass->in_grad[0].at,
                       weight / (float)s.n, focus, huber, (unsigned)(s.h * s.w) };
    return a;
}

static void logistic_forward(struct device *d, const void *options, const struct pass *pass)
{
    const struct logistic_loss *o = (const struct logistic_loss *)options;
    struct cells a = cells_of(pass, o->weight, o->focus, false);
    ROWS(d, logistic_part, loss_done, 1, shape_count(pass->in[0].shape), a);
}

static void logistic_backward(struct device *d, const void *options, const struct pass *pass)
{
    const struct logistic_loss *o = (const struct logistic_loss *)options;
    struct cells a = cells_of(pass, o->weight, o->focus, false);
    if (a.in_grad)
        EACH(d, logistic_back_one, shape_count(pass->in[0].shape), a);
}

static void square_forward(struct device *d, const void *options, const struct pass *pass)
{
    const struct square_loss *o = (const struct square_loss *)options;
    struct cells a = cells_of(pass, o->weight, 0, o->huber);
    ROWS(d, square_part, loss_done, 1, shape_count(pass->in[0].shape), a);
}

static void square_backward(struct device *d, const void *options, const struct pass *pass)
{
    const struct square_loss *o = (const struct square_loss *)options;
    struct cells a = cells_of(pass, o->weight, 0, o->huber);
    if (a.in_grad)
        EACH(d, square_back_one, shape_count(pass->in[0].shape), a);
}

static void box_forward(struct device *d, const void *options, const struct pass *pass)
{
    struct cells a = cells_of(pass, ((const struct box_loss *)options)->weight, 0, false);
    ROWS(d, box_part, loss_done, 1, shape_count(pass->in[2].shape), a);
}

static void box_backward(struct device *d, const void *options, const struct pass *pass)
{
    struct cells a = cells_of(pass, ((const struct box_loss *)options)->weight, 0, false);
    if (a.in_grad)
        EACH(d, box_back_one, shape_count(pass->in[2].shape), a);
}

const struct gpu_layer gpu_logistic_loss = { false, NULL, logistic_forward, logistic_backward };
const struct gpu_layer gpu_square_loss = { false, NULL, square_forward, square_backward };
const struct gpu_layer gpu_box_loss = { false, NULL, box_forward, box_backward };
