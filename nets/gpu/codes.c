/* SPDX-License-Identifier: MIT
 * Full layers, also with rows that count with length 1 (nets/layers/full.c has the algebra), and samples to one length,
 * on an accelerator. */
#include "nets/gpu/kernel.h"

struct rows { const float *at; float *inverse; unsigned d; };

GPU_FUNCTION struct sums square_part(struct rows a, unsigned row, unsigned i)
{
    float x = a.at[(size_t)row * a.d + i];
    struct sums s = { x * x, 0 };
    return s;
}

GPU_FUNCTION void square_done(struct rows a, unsigned row, struct sums s)
{
    a.inverse[row] = 1 / sqrtf(s.a + 1e-12f);
}

/* 1 / length of each of n rows of d. */
static void inverse_lengths(struct device *dev, float *inverse, const float *at, unsigned n, unsigned d)
{
    struct rows a = { at, inverse, d };
    ROWS(dev, square_part, square_done, n, d, a);
}

struct full_part {
    const float *weight, *bias, *grad, *seen; /* seen: outputs of a layer with unit rows */
    float *out, *bias_grad, *weight_grad;
    float *inverse, *along, *scaled; /* unit rows: 1 / length, gradient along each row, gradient over length */
    unsigned units, d;
};

GPU_FUNCTION void finish_one(struct full_part a, unsigned i)
{
    a.out[i] = a.out[i] * (a.inverse ? a.inverse[i % a.units] : 1) + (a.bias ? a.bias[i % a.units] : 0);
}

GPU_FUNCTION void over_length_one(struct full_part a, unsigned i)
{
    a.scaled[i] = a.grad[i] * a.inverse[i % a.units];
}

GPU_FUNCTION struct sums unit_part(struct full_part a, unsigned unit, unsigned sample)
{
    size_t i = (size_t)sample * a.units + unit;
    float g = a.grad[i];
    struct sums s = { g, a.seen ? g * a.seen[i] : 0 };
    return s;
}

GPU_FUNCTION void unit_done(struct full_part a, unsigned unit, struct sums s)
{
    if (a.bias_grad)
        a.bias_grad[unit] += s.a;
    if (a.along)
        a.along[unit] = s.b;
}

GPU_FUNCTION void across_one(struct full_part a, unsigned i)
{
    unsigned unit = i / a.d;
    a.weight_grad[i] -= a.along[unit] * a.inverse[unit] * a.inverse[unit] * a.weight[i];
}

static int inputs(struct shape s)
{
    return s.c * s.h * s.w;
}

static struct full_part part_of(const struct full *o, const struct pass *pass)
{
    struct full_part a = { 0 };
    a.units = (unsigned)o->units;
    a.d = (unsigned)inputs(pass->in[0].shape);
    a.weight = pass->param[0].at;
    a.weight_grad = pass->param_grad[0].at;
    a.bias = o->no_bias ? NULL : pass->param[1].at;
    a.bias_grad = o->no_bias ? NULL : pass->param_grad[1].at;
    a.grad = pass->out_grad.at;
    a.out = pass->out.at;
    if (o->unit_rows) {
        a.seen = pass->out.at;
        a.inverse = pass->scratch;
        a.along = a.inverse + a.units;
        a.scaled = a.along + a.units;
    }
    return a;
}

static size_t full_scratch(const void *options, struct shape in, struct shape out)
{
    const struct full *o = (const struct full *)options;
    (void)out;
    return o->unit_rows ? (size_t)o->units * (size_t)(in.n + 2) : 0;
}

static void full_forward(struct device *d, const void *options, const struct pass *pass)
{
    const struct full *o = (const struct full *)options;
    struct full_part a = part_of(o, pass);
    int n = pass->in[0].shape.n;
    struct device_matrix in = { pass->in[0].at, (int)a.d, 0 }, w = { pass->param[0].at, (int)a.d, 0 };
    struct device_matrix out = { pass->out.at, o->units, 0 };
    if (o->unit_rows)
        inverse_lengths(d, a.inverse, a.weight, a.units, a.d);
    device_gemm(d, false, true, n, o->units, (int)a.d, in, w, 0, out, 1);
    if (o->unit_rows || !o->no_bias)
        EACH(d, finish_one, (size_t)n * a.units, a);
}

static void full_backward(struct device *d, const void *options, const struct pass *pass)
{
    const struct full *o = (const struct full *)options;
    struct full_part a = part_of(o, pass);
    int n = pass->in[0].shape.n;
    struct device_matrix in = { pass->in[0].at, (int)a.d, 0 }, w = { pass->param[0].at, (int)a.d, 0 };
    struct device_matrix in_grad = { pass->in_grad[0].at, (int)a.d, 0 }, w_grad = { a.weight_grad, (int)a.d, 0 };
    struct device_matrix grad = { pass->out_grad.at, o->units, 0 };
    if (o->unit_rows) {
        inverse_lengths(d, a.inverse, a.weight, a.units, a.d);
        EACH(d, over_length_one, (size_t)n * a.units, a);
        grad.at = a.scaled;
    }
    ROWS(d, unit_part, unit_done, a.units, n, a);
    if (in_grad.at)
        device_gemm(d, false, false, n, (int)a.d, o->units, grad, w, pass->in_new[0] ? 0 : 1, in_grad, 1);
    device_gemm(d, true, false, o->units, (int)a.d, n, grad, in, 1, w_grad, 1);
    if (o->unit_rows)
        EACH(d, across_one, (size_t)a.units * a.d, a);
}

struct lengths { const float *in, *out, *grad; float *to, *in_grad, *keep, *along; float scale; unsigned d; };

GPU_FUNCTION void to_length_one(struct lengths a, unsigned i)
{
    a.to[i] = a.in[i] * a.keep[i / a.d] * a.scale;
}

GPU_FUNCTION struct sums along_part(struct lengths a, unsigned sample, unsigned i)
{
    size_t at = (size_t)sample * a.d + i;
    struct sums s = { a.grad[at] * a.out[at], 0 };
    return s;
}

GPU_FUNCTION void along_done(struct lengths a, unsigned sample, struct sums s)
{
    a.along[sample] = s.a / a.scale;
}

GPU_FUNCTION void length_back_one(struct lengths a, unsigned i)
{
    a.in_grad[i] += a.keep[i / a.d] * (a.scale * a.grad[i] - a.along[i / a.d] * a.out[i]);
}

static struct lengths lengths_of(const void *options, const struct pass *pass)
{
    float scale = ((const struct unit *)options)->scale;
    struct lengths a = { pass->in[0].at, pass->out.at, pass->out_grad.at, pass->out.at, pass->in_grad[0].at, pass->keep,
                         pass->scratch, scale > 0 ? scale : 1, (unsigned)inputs(pass->in[0].shape) };
    return a;
}

static size_t unit_scratch(const void *options, struct shape in, struct shape out)
{
    (void)options;
    (void)out;
    return (size_t)in.n;
}

static void unit_forward(struct device *d, const void *options, const struct pass *pass)
{
    struct lengths a = lengths_of(options, pass);
    inverse_lengths(d, a.keep, a.in, (unsigned)pass->in[0].shape.n, a.d);
    EACH(d, to_length_one, shape_count(pass->out.shape), a);
}

static void unit_backward(struct device *d, const void *options, const struct pass *pass)
{
    struct lengths a = lengths_of(options, pass);
    if (!a.in_grad)
        return;
    ROWS(d, along_part, along_done, pass->in[0].shape.n, a.d, a);
    EACH(d, length_back_one, shape_count(pass->out.shape), a);
}

const struct gpu_layer gpu_full = { true, full_scratch, full_forward, full_backward };
const struct gpu_layer gpu_unit = { false, unit_scratch, unit_forward, unit_backward };
