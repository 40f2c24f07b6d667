/* SPDX-License-Identifier: MIT
 * Batch normalisation, and a factor and shift a map, on an accelerator. Rows are maps, columns all places of all samples. */
#include "nets/gpu/kernel.h"

enum { SCALE, SHIFT, MEAN, VARIANCE };

struct norm {
    const float *in, *out, *grad, *scale, *shift, *mean, *variance;
    float *to, *in_grad, *scale_grad, *shift_grad, *mean_grad, *variance_grad;
    float *keep;  /* a map: the batch's mean and 1 / deviation */
    float *terms; /* a map, backward: factor of the gradient, of the input, and an offset */
    float epsilon, count;
    unsigned c, cells;
    int relu, set;
};

GPU_FUNCTION size_t place(struct norm a, unsigned map, unsigned column)
{
    return ((size_t)(column / a.cells) * a.c + map) * a.cells + column % a.cells;
}

GPU_FUNCTION unsigned map_of(struct norm a, unsigned i)
{
    return i / a.cells % a.c;
}

/* Around the running mean: no cancellation when the mean is large. */
GPU_FUNCTION struct sums moments_part(struct norm a, unsigned map, unsigned column)
{
    float x = a.in[place(a, map, column)] - a.mean[map];
    struct sums s = { x, x * x };
    return s;
}

GPU_FUNCTION void moments_done(struct norm a, unsigned map, struct sums s)
{
    float off = s.a / a.count, variance = s.b / a.count - off * off;
    variance = variance > 0 ? variance : 0;
    a.keep[2 * map] = a.mean[map] + off;
    a.keep[2 * map + 1] = 1 / sqrtf(variance + a.epsilon);
    a.mean_grad[map] -= off;
    a.variance_grad[map] += a.variance[map] - variance;
}

GPU_FUNCTION void apply_one(struct norm a, unsigned i)
{
    unsigned map = map_of(a, i);
    float y = a.scale[map] * a.keep[2 * map + 1] * (a.in[i] - a.keep[2 * map]) + a.shift[map];
    a.to[i] = a.relu && y < 0 ? 0 : y;
}

GPU_FUNCTION float grad_at(struct norm a, size_t i)
{
    return a.relu && !(a.out[i] > 0) ? 0 : a.grad[i];
}

GPU_FUNCTION struct sums back_part(struct norm a, unsigned map, unsigned column)
{
    size_t i = place(a, map, column);
    float g = grad_at(a, i);
    struct sums s = { g, g * (a.in[i] - a.keep[2 * map]) * a.keep[2 * map + 1] };
    return s;
}

/* g' = scale / deviation (g - mean of g - unit x * mean of g unit x) */
GPU_FUNCTION void back_done(struct norm a, unsigned map, struct sums s)
{
    float times = a.scale[map] * a.keep[2 * map + 1];
    a.shift_grad[map] += s.a;
    a.scale_grad[map] += s.b;
    a.terms[3 * map] = times;
    a.terms[3 * map + 1] = times * s.b / a.count * a.keep[2 * map + 1];
    a.terms[3 * map + 2] = times * s.a / a.count;
}

GPU_FUNCTION void back_one(struct norm a, unsigned i)
{
    unsigned map = map_of(a, i);
    const float *t = a.terms + 3 * map;
    float g = t[0] * grad_at(a, i) - t[1] * (a.in[i] - a.keep[2 * map]) - t[2];
    a.in_grad[i] = a.set ? g : a.in_grad[i] + g;
}

static struct norm norm_of(const struct pass *pass, float epsilon)
{
    struct shape s = pass->in[0].shape;
    struct norm a = { 0 };
    a.in = pass->in[0].at;
    a.out = a.to = pass->out.at;
    a.grad = pass->out_grad.at;
    a.in_grad = pass->in_grad[0].at;
    a.scale = pass->param[SCALE].at;
    a.shift = pass->param[SHIFT].at;
    a.scale_grad = pass->param_grad[SCALE].at;
    a.shift_grad = pass->param_grad[SHIFT].at;
    a.keep = pass->keep;
    a.terms = pass->scratch;
    a.epsilon = epsilon;
    a.cells = (unsigned)(s.h * s.w);
    a.c = (unsigned)s.c;
    a.count = (float)s.n * (float)a.cells;
    a.relu = pass->relu;
    a.set = pass->in_new[0];
    return a;
}

static struct norm statistics_of(const void *options, const struct pass *pass)
{
    float epsilon = ((const struct normalize *)options)->epsilon;
    struct norm a = norm_of(pass, epsilon > 0 ? epsilon : 1e-5f);
    a.mean = pass->param[MEAN].at;
    a.variance = pass->param[VARIANCE].at;
    a.mean_grad = pass->param_grad[MEAN].at;
    a.variance_grad = pass->param_grad[VARIANCE].at;
    return a;
}

static void normalize_forward(struct device *d, const void *options, const struct pass *pass)
{
    struct norm a = statistics_of(options, pass);
    ROWS(d, moments_part, moments_done, a.c, (unsigned)pass->in[0].shape.n * a.cells, a);
    EACH(d, apply_one, shape_count(pass->out.shape), a);
}

static void normalize_backward(struct device *d, const void *options, const struct pass *pass)
{
    struct norm a = statistics_of(options, pass);
    ROWS(d, back_part, back_done, a.c, (unsigned)pass->in[0].shape.n * a.cells, a);
    if (a.in_grad)
        EACH(d, back_one, shape_count(pass->out.shape), a);
}

static size_t terms_scratch(const void *options, struct shape in, struct shape out)
{
    (void)options;
    (void)out;
    return 3 * (size_t)in.c;
}

GPU_FUNCTION void scale_one(struct norm a, unsigned i)
{
    unsigned map = map_of(a, i);
    a.to[i] = a.scale[map] * a.in[i] + a.shift[map];
}

GPU_FUNCTION struct sums scale_part(struct norm a, unsigned map, unsigned column)
{
    size_t i = place(a, map, column);
    struct sums s = { a.grad[i], a.grad[i] * a.in[i] };
    return s;
}

GPU_FUNCTION void scale_done(struct norm a, unsigned map, struct sums s)
{
    a.shift_grad[map] += s.a;
    a.scale_grad[map] += s.b;
}

GPU_FUNCTION void scale_back_one(struct norm a, unsigned i)
{
    float g = a.scale[map_of(a, i)] * a.grad[i];
    a.in_grad[i] = a.set ? g : a.in_grad[i] + g;
}

static void scale_forward(struct device *d, const void *options, const struct pass *pass)
{
    struct norm a = norm_of(pass, 0);
    (void)options;
    EACH(d, scale_one, shape_count(pass->out.shape), a);
}

static void scale_backward(struct device *d, const void *options, const struct pass *pass)
{
    struct norm a = norm_of(pass, 0);
    (void)options;
    ROWS(d, scale_part, scale_done, a.c, (unsigned)pass->in[0].shape.n * a.cells, a);
    if (a.in_grad)
        EACH(d, scale_back_one, shape_count(pass->out.shape), a);
}

const struct gpu_layer gpu_normalize = { true, terms_scratch, normalize_forward, normalize_backward };
const struct gpu_layer gpu_scale = { true, NULL, scale_forward, scale_backward };
