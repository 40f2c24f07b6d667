/* SPDX-License-Identifier: MIT
 * Layers without a nonlinearity that route or reduce: join, add, upsample, average over maps. */
#include <string.h>

#include "nets/internal.h"
#include "nets/layers/layers.h"

static int sample(struct shape s)
{
    return s.c * s.h * s.w;
}

/* join: along c; inputs of different h, w are flattened first. */
static enum status join_plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    (void)options;
    int maps = 0, flat = 0;
    bool same = true;
    for (int i = 0; i < n_in; i++) {
        maps += in[i].c;
        flat += sample(in[i]);
        same = same && in[i].h == in[0].h && in[i].w == in[0].w;
    }
    plan->out = same ? (struct shape){ in[0].n, maps, in[0].h, in[0].w } : (struct shape){ in[0].n, flat, 1, 1 };
    return OK;
}

static void join_forward(const void *options, const struct pass *pass)
{
    (void)options;
    float *to = pass->out.at;
    for (int n = 0; n < pass->out.shape.n; n++)
        for (int i = 0; i < pass->n_in; i++) {
            size_t size = (size_t)sample(pass->in[i].shape);
            memcpy(to, pass->in[i].at + (size_t)n * size, size * sizeof(float));
            to += size;
        }
}

static void join_backward(const void *options, const struct pass *pass)
{
    (void)options;
    const float *from = pass->out_grad.at;
    for (int n = 0; n < pass->out.shape.n; n++)
        for (int i = 0; i < pass->n_in; i++) {
            size_t size = (size_t)sample(pass->in[i].shape);
            float *to = pass->in_grad[i].at ? pass->in_grad[i].at + (size_t)n * size : NULL;
            if (to && pass->in_new[i])
                memcpy(to, from, size * sizeof(float));
            else if (to)
                pass->kernels->add(to, from, size);
            from += size;
        }
}

static enum status add_plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    (void)options;
    for (int i = 1; i < n_in; i++)
        if (memcmp(&in[i], &in[0], sizeof in[0]))
            return fail(BAD_USAGE, "adds %dx%dx%d and %dx%dx%d", in[0].c, in[0].h, in[0].w, in[i].c, in[i].h, in[i].w);
    plan->out = in[0];
    plan->in_place_idle = true;
    return OK;
}

static void add_forward(const void *options, const struct pass *pass)
{
    size_t n = shape_count(pass->out.shape);
    (void)options;
    if (pass->out.at != pass->in[0].at)
        memcpy(pass->out.at, pass->in[0].at, n * sizeof(float));
    for (int i = 1; i < pass->n_in; i++)
        pass->kernels->add(pass->out.at, pass->in[i].at, n);
    if (pass->relu)
        pass->kernels->relu(pass->out.at, n);
}

static void add_backward(const void *options, const struct pass *pass)
{
    (void)options;
    for (int i = 0; i < pass->n_in; i++)
        if (pass->in_grad[i].at)
            pass->kernels->add(pass->in_grad[i].at, pass->out_grad.at, shape_count(pass->out.shape));
}

static enum status upsample_plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    const struct upsample *o = options;
    (void)n_in;
    if (o->factor < 1)
        return fail(BAD_USAGE, "factor is %d", o->factor);
    plan->out = (struct shape){ in[0].n, in[0].c, in[0].h * o->factor, in[0].w * o->factor };
    return OK;
}

static void upsample_forward(const void *options, const struct pass *pass)
{
    int f = ((const struct upsample *)options)->factor;
    struct shape in = pass->in[0].shape;
    const float *from = pass->in[0].at;
    float *to = pass->out.at;
    size_t row = (size_t)(in.w * f);
    for (int i = 0; i < in.n * in.c * in.h; i++, from += in.w) {
        for (int x = 0; f == 2 && x < in.w; x++) /* two stores a value become two shuffles a register */
            to[2 * x] = to[2 * x + 1] = from[x];
        for (int x = 0; f != 2 && x < in.w; x++)
            for (int k = 0; k < f; k++)
                to[x * f + k] = from[x];
        for (int k = 1; k < f; k++)
            memcpy(to + (size_t)k * row, to, row * sizeof(float));
        to += (size_t)f * row;
    }
}

static void upsample_backward(const void *options, const struct pass *pass)
{
    int f = ((const struct upsample *)options)->factor;
    struct shape in = pass->in[0].shape;
    float *to = pass->in_grad[0].at;
    const float *from = pass->out_grad.at;
    for (int i = 0; to && i < in.n * in.c * in.h; i++, to += in.w)
        for (int k = 0; k < f; k++, from += in.w * f) {
            for (int x = 0; f == 2 && x < in.w; x++)
                to[x] += from[2 * x] + from[2 * x + 1];
            for (int x = 0; f != 2 && x < in.w * f; x++)
                to[x / f] += from[x];
        }
}

static enum status average_plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    (void)options;
    (void)n_in;
    plan->out = (struct shape){ in[0].n, 1, in[0].h, in[0].w };
    return OK;
}

static void average_forward(const void *options, const struct pass *pass)
{
    struct shape in = pass->in[0].shape;
    size_t plane = (size_t)(in.h * in.w);
    (void)options;
    memset(pass->out.at, 0, (size_t)in.n * plane * sizeof(float));
    for (int i = 0; i < in.n * in.c; i++)
        pass->kernels->axpy(pass->out.at + (size_t)(i / in.c) * plane, 1.0f / (float)in.c,
                            pass->in[0].at + (size_t)i * plane, plane);
}

static void average_backward(const void *options, const struct pass *pass)
{
    struct shape in = pass->in[0].shape;
    size_t plane = (size_t)(in.h * in.w);
    (void)options;
    for (int i = 0; pass->in_grad[0].at && i < in.n * in.c; i++)
        pass->kernels->axpy(pass->in_grad[0].at + (size_t)i * plane, 1.0f / (float)in.c,
                            pass->out_grad.at + (size_t)(i / in.c) * plane, plane);
}

const struct layer_kind layer_join = { "join", "one after the other along the maps", 0, CAN_SET, join_plan, join_forward,
                                       join_backward, NULL };
const struct layer_kind layer_add = { "add", "sum of equal shapes", 0, CAN_RELU, add_plan, add_forward, add_backward, NULL };
const struct layer_kind layer_upsample = { "upsample", "each value becomes a square", sizeof(struct upsample), 0,
                                           upsample_plan, upsample_forward, upsample_backward, NULL };
const struct layer_kind layer_average = { "average", "mean over the maps (LNet's response)", 0, 0, average_plan,
                                          average_forward, average_backward, NULL };
