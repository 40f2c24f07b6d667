/* SPDX-License-Identifier: MIT
 * Fully connected: out [n, units] = in [n, d] W^T + b. unit_rows: every row of W counts with length 1, as the
 * normalised softmax wants it. That is a factor a unit, so it is put on the outputs and on their gradient, which are
 * far smaller than W: out = (in W^T) / |w|, dW = (g / |w|)^T in, less what points along each row. */
#include <math.h>
#include <string.h>

#include "nets/gemm.h"
#include "nets/internal.h"
#include "nets/layers/full_half.h"
#include "nets/layers/layers.h"

enum { FEW = 4 }; /* samples */

static int inputs(struct shape s)
{
    return s.c * s.h * s.w;
}

/* 1 / length of the rows, what points along them, the gradient of the products. */
static size_t unit_scratch(const struct full *o, int n)
{
    return o->unit_rows ? (size_t)o->units * (size_t)(n + 2) : 0;
}

static struct full_half half_of(const struct full *o, const struct pass *pass)
{
    const struct shape s = pass->in[0].shape;
    return (struct full_half){ pass->kernels, s.n, o->units, inputs(s), pass->scratch + unit_scratch(o, s.n) };
}

static bool goes_half(const struct pass *pass)
{
    return pass->learning && pass->half && pass->in[0].shape.n > FEW;
}

static enum status plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    const struct full *o = options;
    int d = inputs(in[0]);
    (void)n_in;
    if (o->units < 1)
        return fail(BAD_USAGE, "units is %d", o->units);
    if (o->unit_rows && !o->no_bias)
        return fail(BAD_USAGE, "unit rows go without bias");
    plan->out = (struct shape){ in[0].n, o->units, 1, 1 };
    /* Only the direction of a unit row counts, and a step turns it by rate / length^2: rows begin short. */
    plan->params[0] = (struct layer_param){ "weight", 2, { o->units, d }, PARAM_WEIGHT, o->unit_rows ? o->units + d : d, 0 };
    plan->params[1] = (struct layer_param){ "bias", 1, { o->units }, PARAM_BIAS, 0, 0 };
    plan->n_params = o->no_bias ? 1 : 2;
    plan->multiply_adds = (int64_t)o->units * d;
    plan->reads_out = o->unit_rows;
    plan->scratch = unit_scratch(o, in[0].n) + (in[0].n > FEW ? full_half_scratch(in[0].n, o->units) : 0);
    return OK;
}

static void inverse_lengths(float *inverse, const float *w, int units, int d, const struct kernels *k)
{
    for (int u = 0; u < units; u++) {
        const float *row = w + (size_t)u * (size_t)d;
        inverse[u] = 1 / sqrtf(k->dot(row, row, (size_t)d) + 1e-12f);
    }
}

static void multiply(float *restrict out, const float *restrict a, const float *restrict b, int n)
{
    for (int i = 0; i < n; i++)
        out[i] = a[i] * b[i];
}

/* For few samples a product is a walk over the weights, row by row, which BLAS does slowly. */
static void few(float *out, const float *in, const float *w, int n, int units, int d, const struct kernels *k)
{
    for (int u = 0; u < units; u++, w += d)
        for (int i = 0; i < n; i++)
            out[i * units + u] = k->dot(w, in + (size_t)i * (size_t)d, (size_t)d);
}

static void forward(const void *options, const struct pass *pass)
{
    const struct full *o = options;
    int d = inputs(pass->in[0].shape), n = pass->in[0].shape.n;
    float *out = pass->out.at, *inverse = pass->scratch;
    const struct full_half half = half_of(o, pass);
    if (goes_half(pass))
        full_half_forward(&half, out, pass->in[0].at, pass->param[0].at);
    else if (n <= FEW)
        few(out, pass->in[0].at, pass->param[0].at, n, o->units, d, pass->kernels);
    else
        gemm(false, true, n, o->units, d, 1, pass->in[0].at, d, pass->param[0].at, d, 0, out, o->units);
    if (o->unit_rows)
        inverse_lengths(inverse, pass->param[0].at, o->units, d, pass->kernels);
    for (int i = 0; i < n; i++, out += o->units) {
        for (int u = 0; o->unit_rows && u < o->units; u++)
            out[u] *= inverse[u];
        if (!o->no_bias)
            pass->kernels->add(out, pass->param[1].at, (size_t)o->units);
    }
    if (pass->relu)
        pass->kernels->relu(pass->out.at, (size_t)n * (size_t)o->units);
}

/* The gradient of the products in W^T, and for each unit sum of gradient * output: what moves its length only. */
static const float *unit_gradient(const struct full *o, const struct pass *pass, int d, int n)
{
    float *inverse = pass->scratch, *along = inverse + o->units, *to = along + o->units;
    inverse_lengths(inverse, pass->param[0].at, o->units, d, pass->kernels);
    memset(along, 0, (size_t)o->units * sizeof *along);
    for (int i = 0; i < n; i++) {
        size_t at = (size_t)i * (size_t)o->units;
        const float *grad = pass->out_grad.at + at, *out = pass->out.at + at;
        for (int u = 0; u < o->units; u++)
            along[u] += grad[u] * out[u];
        multiply(to + at, grad, inverse, o->units);
    }
    return to;
}

static void backward(const void *options, const struct pass *pass)
{
    const struct full *o = options;
    int d = inputs(pass->in[0].shape), n = pass->in[0].shape.n;
    const float *w = pass->param[0].at;
    const float *grad = o->unit_rows ? unit_gradient(o, pass, d, n) : pass->out_grad.at;
    float *w_grad = pass->param_grad[0].at;
    const struct full_half half = half_of(o, pass);
    if (pass->in_grad[0].at && goes_half(pass))
        full_half_inputs(&half, pass->in_grad[0].at, grad, w, !pass->in_new[0]);
    else if (pass->in_grad[0].at)
        gemm(false, false, n, d, o->units, 1, grad, o->units, w, d, pass->in_new[0] ? 0 : 1, pass->in_grad[0].at, d);
    for (int i = 0; i < n && !o->no_bias; i++)
        pass->kernels->add(pass->param_grad[1].at, grad + (size_t)i * (size_t)o->units, (size_t)o->units);
    if (goes_half(pass))
        full_half_weights(&half, w_grad, grad, pass->in[0].at);
    else
        gemm(true, false, o->units, d, n, 1, grad, o->units, pass->in[0].at, d, 1, w_grad, d);
    const float *inverse = pass->scratch, *along = inverse + o->units;
    for (int u = 0; o->unit_rows && u < o->units; u++) {
        size_t at = (size_t)u * (size_t)d;
        pass->kernels->axpy(w_grad + at, -along[u] * inverse[u] * inverse[u], w + at, (size_t)d);
    }
}

const struct layer_kind layer_full = { "full", "fully connected", sizeof(struct full), CAN_RELU | CAN_SET, plan, forward,
                                       backward, NULL };
