/* SPDX-License-Identifier: MIT
 * Fully connected: out [n, units] = in [n, d] W^T + b. unit_rows: every row of W counts with length 1, as the
 * normalised softmax wants it; the gradient is projected accordingly. */
#include <math.h>
#include <string.h>

#include "nets/gemm.h"
#include "nets/internal.h"
#include "nets/layers/layers.h"

static int inputs(struct shape s)
{
    return s.c * s.h * s.w;
}

static enum status plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    const struct full *o = options;
    int d = inputs(in[0]);
    (void)n_in;
    if (o->units < 1)
        return fail(BAD_USAGE, "units is %d", o->units);
    plan->out = (struct shape){ in[0].n, o->units, 1, 1 };
    /* Only the direction of a unit row counts, and a step turns it by rate / length^2: rows begin short. */
    plan->params[0] = (struct layer_param){ "weight", 2, { o->units, d }, PARAM_WEIGHT, o->unit_rows ? o->units + d : d, 0 };
    plan->params[1] = (struct layer_param){ "bias", 1, { o->units }, PARAM_BIAS, 0, 0 };
    plan->n_params = o->no_bias ? 1 : 2;
    plan->multiply_adds = (int64_t)o->units * d;
    if (o->unit_rows) /* unit rows, their gradient, 1 / length */
        plan->scratch = (size_t)o->units * (size_t)(2 * d + 1);
    return OK;
}

static const float *rows(const struct full *o, const struct pass *pass, int d)
{
    const float *w = pass->param[0].at;
    float *unit = pass->scratch, *inverse = unit + 2 * (size_t)o->units * (size_t)d;
    if (!o->unit_rows)
        return w;
    for (int u = 0; u < o->units; u++) {
        const float *row = w + (size_t)u * (size_t)d;
        inverse[u] = 1 / sqrtf(pass->kernels->dot(row, row, (size_t)d) + 1e-12f);
        pass->kernels->affine(unit + (size_t)u * (size_t)d, row, inverse[u], 0, false, (size_t)d);
    }
    return unit;
}

static void forward(const void *options, const struct pass *pass)
{
    const struct full *o = options;
    int d = inputs(pass->in[0].shape), n = pass->in[0].shape.n;
    gemm(false, true, n, o->units, d, 1, pass->in[0].at, d, rows(o, pass, d), d, 0, pass->out.at, o->units);
    for (int i = 0; i < n && !o->no_bias; i++)
        pass->kernels->add(pass->out.at + (size_t)i * (size_t)o->units, pass->param[1].at, (size_t)o->units);
    if (pass->relu)
        pass->kernels->relu(pass->out.at, (size_t)n * (size_t)o->units);
}

static void backward(const void *options, const struct pass *pass)
{
    const struct full *o = options;
    int d = inputs(pass->in[0].shape), n = pass->in[0].shape.n;
    const float *grad = pass->out_grad.at, *w = rows(o, pass, d);
    if (pass->in_grad[0].at)
        gemm(false, false, n, d, o->units, 1, grad, o->units, w, d, 1, pass->in_grad[0].at, d);
    for (int i = 0; i < n && !o->no_bias; i++)
        pass->kernels->add(pass->param_grad[1].at, grad + (size_t)i * (size_t)o->units, (size_t)o->units);
    if (!o->unit_rows) {
        gemm(true, false, o->units, d, n, 1, grad, o->units, pass->in[0].at, d, 1, pass->param_grad[0].at, d);
        return;
    }
    float *row_grad = pass->scratch + (size_t)o->units * (size_t)d, *inverse = row_grad + (size_t)o->units * (size_t)d;
    gemm(true, false, o->units, d, n, 1, grad, o->units, pass->in[0].at, d, 0, row_grad, d);
    for (int u = 0; u < o->units; u++) { /* d|w|: what points along the row changes nothing */
        size_t at = (size_t)u * (size_t)d;
        float along = pass->kernels->dot(row_grad + at, w + at, (size_t)d);
        pass->kernels->axpy(pass->param_grad[0].at + at, inverse[u], row_grad + at, (size_t)d);
        pass->kernels->axpy(pass->param_grad[0].at + at, -along * inverse[u], w + at, (size_t)d);
    }
}

const struct layer_kind layer_full = { "full", "fully connected", sizeof(struct full), CAN_RELU, plan, forward, backward };
