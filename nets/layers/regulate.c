/* SPDX-License-Identifier: MIT
 * unit: each sample to a given length. dropout: values to zero at random while learning, the others scaled up. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "nets/internal.h"
#include "nets/layers/layers.h"

static enum status unit_plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    (void)options;
    (void)n_in;
    plan->out = in[0];
    plan->keep = (size_t)in[0].n;
    return OK;
}

static size_t sample(struct shape s)
{
    return (size_t)(s.c * s.h * s.w);
}

static void unit_forward(const void *options, const struct pass *pass)
{
    const struct unit *o = options;
    size_t d = sample(pass->out.shape);
    for (int i = 0; i < pass->out.shape.n; i++) {
        const float *x = pass->in[0].at + (size_t)i * d;
        float inverse = 1 / sqrtf(pass->kernels->dot(x, x, d) + 1e-12f);
        pass->kernels->affine(pass->out.at + (size_t)i * d, x, inverse * (o->scale > 0 ? o->scale : 1), 0, false, d);
        if (pass->keep)
            pass->keep[i] = inverse;
    }
}

static void unit_backward(const void *options, const struct pass *pass)
{
    const struct unit *o = options;
    size_t d = sample(pass->out.shape);
    float scale = o->scale > 0 ? o->scale : 1;
    for (int i = 0; pass->in_grad[0].at && i < pass->out.shape.n; i++) {
        const float *g = pass->out_grad.at + (size_t)i * d, *y = pass->out.at + (size_t)i * d;
        float *to = pass->in_grad[0].at + (size_t)i * d, along = pass->kernels->dot(g, y, d) / scale;
        pass->kernels->axpy(to, pass->keep[i] * scale, g, d);
        pass->kernels->axpy(to, -pass->keep[i] * along, y, d);
    }
}

static enum status dropout_plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    const struct dropout *o = options;
    (void)n_in;
    if (o->rate < 0 || o->rate >= 1)
        return fail(BAD_USAGE, "rate %g is not in [0, 1)", (double)o->rate);
    plan->out = in[0];
    plan->keep = shape_count(in[0]);
    return OK;
}

static void dropout_forward(const void *options, const struct pass *pass)
{
    const struct dropout *o = options;
    size_t n = shape_count(pass->out.shape);
    if (!pass->learning) {
        memcpy(pass->out.at, pass->in[0].at, n * sizeof(float));
        return;
    }
    for (size_t i = 0; i < n; i++) {
        pass->keep[i] = random_unit(pass->random) < o->rate ? 0 : 1 / (1 - o->rate);
        pass->out.at[i] = pass->in[0].at[i] * pass->keep[i];
    }
}

static void dropout_backward(const void *options, const struct pass *pass)
{
    size_t n = shape_count(pass->out.shape);
    (void)options;
    for (size_t i = 0; pass->in_grad[0].at && i < n; i++)
        pass->in_grad[0].at[i] += pass->out_grad.at[i] * pass->keep[i];
}

const struct layer_kind layer_unit = { "unit", "each sample to one length", sizeof(struct unit), 0, unit_plan,
                                       unit_forward, unit_backward, NULL };
const struct layer_kind layer_dropout = { "dropout", "random zeros while learning", sizeof(struct dropout), 0,
                                          dropout_plan, dropout_forward, dropout_backward, NULL };
