/* SPDX-License-Identifier: MIT
 * Depthwise 3x3 convolution on an accelerator: one border pixel of zeros, stride 1 or 2. */
#include "nets/gpu/kernel.h"

struct deep {
    const float *in, *weight, *bias, *grad;
    float *out, *in_grad, *weight_grad, *bias_grad;
    int c, h, w, oh, ow, stride;
};

GPU_FUNCTION void forward_one(struct deep a, unsigned i)
{
    int x = (int)(i % (unsigned)a.ow), y = (int)(i / (unsigned)a.ow % (unsigned)a.oh), plane = (int)(i / (unsigned)(a.ow * a.oh));
    const float *w = a.weight + 9 * (plane % a.c), *in = a.in + (size_t)plane * (size_t)(a.h * a.w);
    float sum = a.bias ? a.bias[plane % a.c] : 0;
    for (int tap = 0; tap < 9; tap++) {
        int iy = y * a.stride - 1 + tap / 3, ix = x * a.stride - 1 + tap % 3;
        if (iy >= 0 && ix >= 0 && iy < a.h && ix < a.w)
            sum += w[tap] * in[iy * a.w + ix];
    }
    a.out[i] = sum;
}

GPU_FUNCTION void backward_one(struct deep a, unsigned i)
{
    int x = (int)(i % (unsigned)a.w), y = (int)(i / (unsigned)a.w % (unsigned)a.h), plane = (int)(i / (unsigned)(a.w * a.h));
    const float *w = a.weight + 9 * (plane % a.c), *grad = a.grad + (size_t)plane * (size_t)(a.oh * a.ow);
    float sum = 0;
    for (int tap = 0; tap < 9; tap++) {
        int oy = y + 1 - tap / 3, ox = x + 1 - tap % 3;
        if (oy < 0 || ox < 0 || oy % a.stride || ox % a.stride)
            continue;
        oy /= a.stride;
        ox /= a.stride;
        if (oy < a.oh && ox < a.ow)
            sum += w[tap] * grad[oy * a.ow + ox];
    }
    a.in_grad[i] += sum;
}

/* A row is one tap of one map; the columns are all places of all samples. */
GPU_FUNCTION struct sums weight_part(struct deep a, unsigned row, unsigned column)
{
    unsigned cells = (unsigned)(a.oh * a.ow);
    int map = (int)(row / 9), tap = (int)(row % 9), y = (int)(column % cells) / a.ow, x = (int)(column % cells) % a.ow;
    size_t plane = (size_t)(column / cells) * (size_t)a.c + (size_t)map;
    int iy = y * a.stride - 1 + tap / 3, ix = x * a.stride - 1 + tap % 3;
    bool inside = iy >= 0 && ix >= 0 && iy < a.h && ix < a.w;
    float grad = a.grad[plane * cells + column % cells];
    struct sums s = { inside ? grad * a.in[plane * (size_t)(a.h * a.w) + (size_t)(iy * a.w + ix)] : 0, grad };
    return s;
}

GPU_FUNCTION void weight_done(struct deep a, unsigned row, struct sums s)
{
    a.weight_grad[row] += s.a;
    if (a.bias_grad && row % 9 == 0)
        a.bias_grad[row / 9] += s.b;
}

static struct deep deep_of(const void *options, const struct pass *pass)
{
    const struct conv *o = (const struct conv *)options;
    struct shape in = pass->in[0].shape, out = pass->out.shape;
    struct deep a = { pass->in[0].at, pass->param[0].at, o->no_bias ? NULL : pass->param[1].at, pass->out_grad.at,
                      pass->out.at, pass->in_grad[0].at, pass->param_grad[0].at,
                      o->no_bias ? NULL : pass->param_grad[1].at, in.c, in.h, in.w, out.h, out.w, o->stride ? o->stride : 1 };
    return a;
}

static void forward(struct device *d, const void *options, const struct pass *pass)
{
    struct deep a = deep_of(options, pass);
    EACH(d, forward_one, shape_count(pass->out.shape), a);
}

static void backward(struct device *d, const void *options, const struct pass *pass)
{
    struct deep a = deep_of(options, pass);
    ROWS(d, weight_part, weight_done, 9 * a.c, pass->out.shape.n * a.oh * a.ow, a);
    if (a.in_grad)
        EACH(d, backward_one, shape_count(pass->in[0].shape), a);
}

const struct gpu_layer gpu_depthwise = { false, NULL, forward, backward };
