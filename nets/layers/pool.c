/* SPDX-License-Identifier: MIT
 * Max pooling. Windows lie wholly inside the picture: a partial window at the edge is dropped. */
#include <string.h>

#include "nets/internal.h"
#include "nets/layers/layers.h"

bool pool_halves(const struct pool *o)
{
    return o->kernel == 2 && (o->stride == 0 || o->stride == 2);
}

static enum status plan(struct layer_plan *plan, const void *options, const struct shape *in, int n_in)
{
    const struct pool *o = options;
    int stride = o->stride ? o->stride : o->kernel;
    (void)n_in;
    if (o->kernel < 1 || o->kernel > 15 || stride < 1 || in[0].h < o->kernel || in[0].w < o->kernel)
        return fail(BAD_USAGE, "a %dx%d window does not pool %dx%d", o->kernel, o->kernel, in[0].h, in[0].w);
    plan->out = (struct shape){ in[0].n, in[0].c, (in[0].h - o->kernel) / stride + 1, (in[0].w - o->kernel) / stride + 1 };
    plan->keep = (shape_count(plan->out) + 3) / 4; /* one byte an output: where in the window */
    return OK;
}

static void pool_plane(float *out, uint8_t *from, const float *in, int w, struct shape o, int kernel, int stride)
{
    for (int y = 0; y < o.h; y++)
        for (int x = 0; x < o.w; x++) {
            const float *at = in + (size_t)(y * stride) * (size_t)w + x * stride;
            int best = 0;
            for (int k = 1; k < kernel * kernel; k++)
                if (at[k / kernel * w + k % kernel] > at[best / kernel * w + best % kernel])
                    best = k;
            out[y * o.w + x] = at[best / kernel * w + best % kernel];
            if (from)
                from[y * o.w + x] = (uint8_t)best;
        }
}

static void forward(const void *options, const struct pass *pass)
{
    const struct pool *o = options;
    struct shape in = pass->in[0].shape, out = pass->out.shape;
    int stride = o->stride ? o->stride : o->kernel;
    for (int i = 0; i < in.n * in.c; i++) {
        float *to = pass->out.at + (size_t)i * (size_t)(out.h * out.w);
        const float *from = pass->in[0].at + (size_t)i * (size_t)(in.h * in.w);
        uint8_t *where = pass->keep ? (uint8_t *)pass->keep + (size_t)i * (size_t)(out.h * out.w) : NULL;
        if (pool_halves(o))
            pass->kernels->max_pool2(to, from, in.w, in.h);
        else
            pool_plane(to, where, from, in.w, out, o->kernel, stride);
    }
}

static void backward(const void *options, const struct pass *pass)
{
    const struct pool *o = options;
    struct shape in = pass->in[0].shape, out = pass->out.shape;
    int stride = o->stride ? o->stride : o->kernel;
    if (!pass->in_grad[0].at)
        return;
    for (int i = 0; i < in.n * in.c; i++) {
        float *to = pass->in_grad[0].at + (size_t)i * (size_t)(in.h * in.w);
        const float *grad = pass->out_grad.at + (size_t)i * (size_t)(out.h * out.w);
        if (pool_halves(o)) {
            pass->kernels->max_pool2_backward(to, pass->in[0].at + (size_t)i * (size_t)(in.h * in.w), grad, in.w, in.h,
                                              pass->in_new[0]);
            continue;
        }
        if (pass->in_new[0])
            memset(to, 0, (size_t)(in.h * in.w) * sizeof(float));
        const uint8_t *where = (const uint8_t *)pass->keep + (size_t)i * (size_t)(out.h * out.w);
        for (int y = 0; y < out.h; y++)
            for (int x = 0; x < out.w; x++) {
                int k = where[y * out.w + x];
                to[(y * stride + k / o->kernel) * in.w + x * stride + k % o->kernel] += grad[y * out.w + x];
            }
    }
}

const struct layer_kind layer_pool = { "pool", "max pooling", sizeof(struct pool), CAN_SET, plan, forward, backward, NULL };
