/* SPDX-License-Identifier: MIT
 * Layers between convolutions on an accelerator: max pooling, relu, join, sum, upsampling, mean over the maps. */
#include "nets/gpu/kernel.h"

struct planes { /* of an input and an output */
    const float *in, *grad;
    float *out, *in_grad;
    unsigned char *where; /* pool: of the largest value in its window */
    int c, h, w, oh, ow, kernel, stride;
};

static struct planes planes_of(const struct pass *pass, int kernel, int stride)
{
    struct shape in = pass->in[0].shape, out = pass->out.shape;
    struct planes a = { pass->in[0].at, pass->out_grad.at, pass->out.at, pass->in_grad[0].at, (unsigned char *)pass->keep,
                        in.c, in.h, in.w, out.h, out.w, kernel, stride };
    return a;
}

GPU_FUNCTION void pool_one(struct planes a, unsigned i)
{
    unsigned x = i % (unsigned)a.ow, y = i / (unsigned)a.ow % (unsigned)a.oh, plane = i / (unsigned)(a.ow * a.oh);
    const float *at = a.in + ((size_t)plane * (size_t)a.h + y * (size_t)a.stride) * (size_t)a.w + x * (size_t)a.stride;
    int best = 0;
    float most = at[0];
    for (int k = 1; k < a.kernel * a.kernel; k++) {
        float v = at[k / a.kernel * a.w + k % a.kernel];
        best = v > most ? k : best;
        most = v > most ? v : most;
    }
    a.out[i] = most;
    a.where[i] = (unsigned char)best;
}

/* Input value i gathers from the windows that it was the largest of. */
GPU_FUNCTION void pool_back_one(struct planes a, unsigned i)
{
    int x = (int)(i % (unsigned)a.w), y = (int)(i / (unsigned)a.w % (unsigned)a.h);
    size_t plane = (size_t)(i / (unsigned)(a.w * a.h)) * (size_t)(a.oh * a.ow);
    float sum = 0;
    for (int oy = y / a.stride; oy >= 0 && oy * a.stride + a.kernel > y; oy--)
        for (int ox = x / a.stride; ox >= 0 && ox * a.stride + a.kernel > x; ox--) {
            size_t at = plane + (size_t)(oy * a.ow + ox);
            if (oy < a.oh && ox < a.ow && a.where[at] == (y - oy * a.stride) * a.kernel + x - ox * a.stride)
                sum += a.grad[at];
        }
    a.in_grad[i] += sum;
}

static void pool_forward(struct device *d, const void *options, const struct pass *pass)
{
    const struct pool *o = (const struct pool *)options;
    struct planes a = planes_of(pass, o->kernel, o->stride ? o->stride : o->kernel);
    EACH(d, pool_one, shape_count(pass->out.shape), a);
}

static void pool_backward(struct device *d, const void *options, const struct pass *pass)
{
    const struct pool *o = (const struct pool *)options;
    struct planes a = planes_of(pass, o->kernel, o->stride ? o->stride : o->kernel);
    if (a.in_grad)
        EACH(d, pool_back_one, shape_count(pass->in[0].shape), a);
}

struct values { const float *in, *out; float *to; int set; };

GPU_FUNCTION void relu_one(struct values a, unsigned i)
{
    a.to[i] = a.in[i] > 0 ? a.in[i] : 0;
}

/* In place the gradient is replaced. */
GPU_FUNCTION void relu_back_one(struct values a, unsigned i)
{
    float g = a.out[i] > 0 ? a.in[i] : 0;
    a.to[i] = a.set ? g : a.to[i] + g;
}

static void relu_forward(struct device *d, const void *options, const struct pass *pass)
{
    struct values a = { pass->in[0].at, NULL, pass->out.at, 1 };
    (void)options;
    EACH(d, relu_one, shape_count(pass->out.shape), a);
}

static void relu_backward(struct device *d, const void *options, const struct pass *pass)
{
    struct values a = { pass->out_grad.at, pass->out.at, pass->in_grad[0].at, pass->in_grad[0].at == pass->out_grad.at };
    (void)options;
    if (a.to)
        EACH(d, relu_back_one, shape_count(pass->out.shape), a);
}

/* `size` values a sample, from the `from`-th on of those of a sample of the joined `whole`. */
struct joint { const float *in; float *to; unsigned size, whole, from; };

GPU_FUNCTION void join_one(struct joint a, unsigned i)
{
    a.to[(size_t)(i / a.size) * a.whole + a.from + i % a.size] = a.in[i];
}

GPU_FUNCTION void part_one(struct joint a, unsigned i)
{
    a.to[i] += a.in[(size_t)(i / a.size) * a.whole + a.from + i % a.size];
}

static unsigned sample(struct shape s)
{
    return (unsigned)(s.c * s.h * s.w);
}

static void join_forward(struct device *d, const void *options, const struct pass *pass)
{
    unsigned from = 0;
    (void)options;
    for (int k = 0; k < pass->n_in; k++) {
        struct joint a = { pass->in[k].at, pass->out.at, sample(pass->in[k].shape), sample(pass->out.shape), from };
        EACH(d, join_one, shape_count(pass->in[k].shape), a);
        from += a.size;
    }
}

static void join_backward(struct device *d, const void *options, const struct pass *pass)
{
    unsigned from = 0;
    (void)options;
    for (int k = 0; k < pass->n_in; k++) {
        struct joint a = { pass->out_grad.at, pass->in_grad[k].at, sample(pass->in[k].shape), sample(pass->out.shape), from };
        if (a.to)
            EACH(d, part_one, shape_count(pass->in[k].shape), a);
        from += a.size;
    }
}

GPU_FUNCTION void add_one(struct values a, unsigned i)
{
    a.to[i] = a.set ? a.in[i] : a.to[i] + a.in[i];
}

static void add_forward(struct device *d, const void *options, const struct pass *pass)
{
    (void)options;
    for (int k = 0; k < pass->n_in; k++) {
        struct values a = { pass->in[k].at, NULL, pass->out.at, k == 0 };
        EACH(d, add_one, shape_count(pass->out.shape), a);
    }
}

static void add_backward(struct device *d, const void *options, const struct pass *pass)
{
    (void)options;
    for (int k = 0; k < pass->n_in; k++) {
        struct values a = { pass->out_grad.at, NULL, pass->in_grad[k].at, 0 };
        if (a.to)
            EACH(d, add_one, shape_count(pass->out.shape), a);
    }
}

GPU_FUNCTION void upsample_one(struct planes a, unsigned i)
{
    unsigned x = i % (unsigned)a.ow, y = i / (unsigned)a.ow % (unsigned)a.oh, plane = i / (unsigned)(a.ow * a.oh);
    a.out[i] = a.in[((size_t)plane * (size_t)a.h + y / (unsigned)a.stride) * (size_t)a.w + x / (unsigned)a.stride];
}

GPU_FUNCTION void upsample_back_one(struct planes a, unsigned i)
{
    unsigned x = i % (unsigned)a.w, y = i / (unsigned)a.w % (unsigned)a.h, plane = i / (unsigned)(a.w * a.h);
    float sum = 0;
    for (int k = 0; k < a.stride * a.stride; k++)
        sum += a.grad[((size_t)plane * (size_t)a.oh + y * (size_t)a.stride + (size_t)(k / a.stride)) * (size_t)a.ow +
                      x * (size_t)a.stride + (size_t)(k % a.stride)];
    a.in_grad[i] += sum;
}

static void upsample_forward(struct device *d, const void *options, const struct pass *pass)
{
    struct planes a = planes_of(pass, 1, ((const struct upsample *)options)->factor);
    EACH(d, upsample_one, shape_count(pass->out.shape), a);
}

static void upsample_backward(struct device *d, const void *options, const struct pass *pass)
{
    struct planes a = planes_of(pass, 1, ((const struct upsample *)options)->factor);
    if (a.in_grad)
        EACH(d, upsample_back_one, shape_count(pass->in[0].shape), a);
}

GPU_FUNCTION void average_one(struct planes a, unsigned i)
{
    unsigned cells = (unsigned)(a.h * a.w), sample_ = i / cells;
    float sum = 0;
    for (int c = 0; c < a.c; c++)
        sum += a.in[((size_t)sample_ * (size_t)a.c + (size_t)c) * cells + i % cells];
    a.out[i] = sum / (float)a.c;
}

GPU_FUNCTION void average_back_one(struct planes a, unsigned i)
{
    unsigned cells = (unsigned)(a.h * a.w), sample_ = i / (cells * (unsigned)a.c);
    a.in_grad[i] += a.grad[(size_t)sample_ * cells + i % cells] / (float)a.c;
}

static void average_forward(struct device *d, const void *options, const struct pass *pass)
{
    struct planes a = planes_of(pass, 1, 1);
    (void)options;
    EACH(d, average_one, shape_count(pass->out.shape), a);
}

static void average_backward(struct device *d, const void *options, const struct pass *pass)
{
    struct planes a = planes_of(pass, 1, 1);
    (void)options;
    if (a.in_grad)
        EACH(d, average_back_one, shape_count(pass->in[0].shape), a);
}

const struct gpu_layer gpu_pool = { false, NULL, pool_forward, pool_backward };
const struct gpu_layer gpu_relu = { false, NULL, relu_forward, relu_backward };
const struct gpu_layer gpu_join = { false, NULL, join_forward, join_backward };
const struct gpu_layer gpu_add = { false, NULL, add_forward, add_backward };
const struct gpu_layer gpu_upsample = { false, NULL, upsample_forward, upsample_backward };
const struct gpu_layer gpu_average = { false, NULL, average_forward, average_backward };
