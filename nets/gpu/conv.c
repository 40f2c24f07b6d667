/* SPDX-License-Identifier: MIT
 * Convolution on an accelerator: for each region of the grid (nets/layers/conv.c; a shared convolution is one region)
 * the patches of many samples side by side, and one product. */
#include "nets/gpu/kernel.h"

enum { CHUNK = 128 << 20, PARTS = 64, PART = 4096 }; /* floats of patches; products of one weight gradient; their length */

/* One region of some samples. Columns are samples, one after the other, with the region's cells row by row. */
struct region {
    const float *in;
    float *out; /* outputs or their gradients */
    float *in_grad;
    const float *bias; /* of the region; NULL: none */
    float *weight_grad, *bias_grad;
    float *patches, *maps_at, *parts; /* [k, columns], [maps, columns], [PARTS, maps, k] */
    int samples, c, h, w, maps, oh, ow, kernel, stride, pad, y, x, rh, rw, n_parts;
    unsigned columns;
};

GPU_FUNCTION void cut_patch(struct region a, unsigned i)
{
    unsigned column = i % a.columns, row = i / a.columns, cells = (unsigned)(a.rh * a.rw), taps = (unsigned)(a.kernel * a.kernel);
    int sample = (int)(column / cells), cell = (int)(column % cells), c = (int)(row / taps), tap = (int)(row % taps);
    int y = (a.y + cell / a.rw) * a.stride - a.pad + tap / a.kernel;
    int x = (a.x + cell % a.rw) * a.stride - a.pad + tap % a.kernel;
    bool inside = y >= 0 && x >= 0 && y < a.h && x < a.w;
    a.patches[i] = inside ? a.in[((size_t)(sample * a.c + c) * (size_t)a.h + (size_t)y) * (size_t)a.w + (size_t)x] : 0;
}

GPU_FUNCTION size_t out_at(struct region a, unsigned i)
{
    unsigned column = i % a.columns, map = i / a.columns, cells = (unsigned)(a.rh * a.rw);
    int sample = (int)(column / cells), cell = (int)(column % cells);
    int y = a.y + cell / a.rw, x = a.x + cell % a.rw;
    return ((size_t)(sample * a.maps + (int)map) * (size_t)a.oh + (size_t)y) * (size_t)a.ow + (size_t)x;
}

GPU_FUNCTION void put_out(struct region a, unsigned i)
{
    a.out[out_at(a, i)] = a.maps_at[i] + (a.bias ? a.bias[i / a.columns] : 0);
}

GPU_FUNCTION void take_out(struct region a, unsigned i)
{
    a.maps_at[i] = a.out[out_at(a, i)];
}

/* What the patches' gradients say of one input value. */
GPU_FUNCTION void add_patches(struct region a, unsigned i)
{
    int x = (int)(i % (unsigned)a.w), y = (int)(i / (unsigned)a.w % (unsigned)a.h), at = (int)(i / (unsigned)(a.w * a.h));
    int c = at % a.c, sample = at / a.c;
    float sum = 0;
    for (int tap = 0; tap < a.kernel * a.kernel; tap++) {
        int oy = y + a.pad - tap / a.kernel, ox = x + a.pad - tap % a.kernel;
        if (oy < 0 || ox < 0 || oy % a.stride || ox % a.stride)
            continue;
        oy = oy / a.stride - a.y;
        ox = ox / a.stride - a.x;
        if (oy >= 0 && ox >= 0 && oy < a.rh && ox < a.rw)
            sum += a.patches[(size_t)(c * a.kernel * a.kernel + tap) * a.columns +
                             (size_t)((sample * a.rh + oy) * a.rw + ox)];
    }
    a.in_grad[i] += sum;
}

GPU_FUNCTION struct sums bias_part(struct region a, unsigned map, unsigned column)
{
    struct sums s = { a.maps_at[(size_t)map * a.columns + column], 0 };
    return s;
}

GPU_FUNCTION void bias_done(struct region a, unsigned map, struct sums s)
{
    a.bias_grad[map] += s.a;
}

GPU_FUNCTION void add_parts(struct region a, unsigned i)
{
    float sum = 0;
    for (int p = 0; p < a.n_parts; p++)
        sum += a.parts[(size_t)p * (size_t)(a.maps * a.c * a.kernel * a.kernel) + i];
    a.weight_grad[i] += sum;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Samples whose patches and outputs fit into a chunk. */
static int chunk_of(int rows, int cells, int n)
{
    long samples = (long)CHUNK / ((long)rows * cells);
    return samples < 1 ? 1 : samples > n ? n : (int)samples;
}

static int cells_of(const struct conv *o, struct shape out)
{
    int grid_y = conv_cells(o, out.h), grid_x = conv_cells(o, out.w);
    return ((out.h + grid_y - 1) / grid_y) * ((out.w + grid_x - 1) / grid_x);
}

static size_t scratch(const void *options, struct shape in, struct shape out)
{
    const struct conv *o = (const struct conv *)options;
    int k = in.c * o->kernel * o->kernel, cells = cells_of(o, out);
    return (size_t)(k + o->maps) * (size_t)cells * (size_t)chunk_of(k + o->maps, cells, in.n) +
           (size_t)PARTS * (size_t)o->maps * (size_t)k;
}

static void learn_weights(struct device *d, struct region a)
{
    int k = a.c * a.kernel * a.kernel;
    int parts = least(PARTS, (int)(a.columns / PART)), length = parts > 1 ? (int)a.columns / parts / 4 * 4 : (int)a.columns;
    struct device_matrix grad = { a.maps_at, (int)a.columns, (size_t)length };
    struct device_matrix patches = { a.patches, (int)a.columns, (size_t)length };
    struct device_matrix to = { a.weight_grad, k, 0 }, part = { a.parts, k, (size_t)(a.maps * k) };
    if (parts <= 1) {
        device_gemm(d, false, true, a.maps, k, length, grad, patches, 1, to, 1);
        return;
    }
    a.n_parts = parts;
    device_gemm(d, false, true, a.maps, k, length, grad, patches, 0, part, parts);
    EACH(d, add_parts, a.maps * k, a);
    int rest = (int)a.columns - parts * length;
    grad.at += (size_t)parts * (size_t)length;
    patches.at += (size_t)parts * (size_t)length;
    if (rest > 0)
        device_gemm(d, false, true, a.maps, k, rest, grad, patches, 1, to, 1);
}

static void one_region(struct device *d, struct region a, float *weight, bool backward)
{
    int k = a.c * a.kernel * a.kernel;
    struct device_matrix w = { weight, k, 0 }, patches = { a.patches, (int)a.columns, 0 };
    struct device_matrix maps = { a.maps_at, (int)a.columns, 0 };
    size_t outs = (size_t)a.maps * a.columns;
    EACH(d, cut_patch, (size_t)k * a.columns, a);
    if (!backward) {
        device_gemm(d, false, false, a.maps, (int)a.columns, k, w, patches, 0, maps, 1);
        EACH(d, put_out, outs, a);
        return;
    }
    EACH(d, take_out, outs, a);
    if (a.bias_grad)
        ROWS(d, bias_part, bias_done, a.maps, a.columns, a);
    learn_weights(d, a);
    if (a.in_grad) {
        device_gemm(d, true, false, k, (int)a.columns, a.maps, w, maps, 0, patches, 1);
        EACH(d, add_patches, (size_t)a.samples * (size_t)(a.c * a.h * a.w), a);
    }
}

/* All regions of samples `first` and on. */
static void some_samples(struct device *d, const struct conv *o, const struct pass *pass, int first, int samples, bool backward)
{
    struct shape in = pass->in[0].shape, out = pass->out.shape;
    int grid_y = conv_cells(o, out.h), grid_x = conv_cells(o, out.w), k = in.c * o->kernel * o->kernel;
    size_t in_at = (size_t)first * (size_t)(in.c * in.h * in.w), out_from = (size_t)first * (size_t)(out.c * out.h * out.w);
    size_t room = (size_t)cells_of(o, out) * (size_t)samples;
    float *in_grad = backward && pass->in_grad[0].at ? pass->in_grad[0].at + in_at : NULL;
    for (int g = 0; g < grid_y * grid_x; g++) {
        int y = conv_cut(out.h, grid_y, g / grid_x), x = conv_cut(out.w, grid_x, g % grid_x);
        int rh = conv_cut(out.h, grid_y, g / grid_x + 1) - y, rw = conv_cut(out.w, grid_x, g % grid_x + 1) - x;
        size_t own = (size_t)g * (size_t)o->maps;
        struct region a = {
            pass->in[0].at + in_at, (backward ? pass->out_grad.at : pass->out.at) + out_from, in_grad,
            o->no_bias ? NULL : pass->param[1].at + own, NULL, NULL, pass->scratch, pass->scratch + (size_t)k * room,
            pass->scratch + (size_t)(k + o->maps) * room, samples, in.c, in.h, in.w, o->maps, out.h, out.w, o->kernel,
            o->stride ? o->stride : 1, o->pad, y, x, rh, rw, 0, (unsigned)(samples * rh * rw),
        };
        if (backward) {
            a.weight_grad = pass->param_grad[0].at + own * (size_t)k;
            a.bias_grad = o->no_bias ? NULL : pass->param_grad[1].at + own;
        }
        one_region(d, a, pass->param[0].at + own * (size_t)k, backward);
    }
}

static void all_samples(struct device *d, const void *options, const struct pass *pass, bool backward)
{
    const struct conv *o = (const struct conv *)options;
    struct shape in = pass->in[0].shape;
    int chunk = chunk_of(in.c * o->kernel * o->kernel + o->maps, cells_of(o, pass->out.shape), in.n);
    for (int first = 0; first < in.n; first += chunk)
        some_samples(d, o, pass, first, least(chunk, in.n - first), backward);
}

static void forward(struct device *d, const void *options, const struct pass *pass)
{
    all_samples(d, options, pass, false);
}

static void backward(struct device *d, const void *options, const struct pass *pass)
{
    all_samples(d, options, pass, true);
}

const struct gpu_layer gpu_conv = { false, scratch, forward, backward };
