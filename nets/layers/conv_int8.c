/* SPDX-License-Identifier: MIT
 * 1x1 convolutions whose factors are rounded to bytes, for running: four input maps lie side by side, so that one
 * instruction multiplies and adds all four. The levels of the inputs follow the part of the picture at hand: no numbers
 * from training are needed. */
#include "nets/layers/conv.h"

enum { BAND_FLOATS = 32 * 1024 };

size_t conv_levels_size(int maps, int rows, int width)
{
    return (size_t)maps * (size_t)(rows * ((width + 3) / 4) + 2);
}

void conv_levels_prepare(const struct conv *o, const struct pass *pass, const float *weights, int rows, int width)
{
    float *factor = pass->keep, *sums = factor + o->maps;
    kernels_pack_quads((uint32_t *)(void *)(sums + o->maps), factor, sums, weights, o->maps, rows, width,
                       pass->kernels->quad_pair);
}

/* in = low + level / per: sum of w in = factor (sum of levels) / per + low (sum of w). */
struct conv_levels conv_levels_at(const struct conv *o, const struct pass *pass, struct kernels_range range, float *ends)
{
    const float *factor = pass->keep, *sums = factor + o->maps;
    float step = (range.high - range.low) / 255, *bias = ends + o->maps;
    for (int m = 0; m < o->maps; m++) {
        ends[m] = factor[m] * step;
        bias[m] = (o->no_bias ? 0 : pass->param[1].at[m]) + factor[m] * sums[m] * range.low;
    }
    return (struct conv_levels){ .packed = (const uint32_t *)(const void *)(sums + o->maps), .low = range.low,
                                 .per = step > 0 ? 1 / step : 0,
                                 .ends = { .bias = bias, .factor = ends, .relu = pass->relu } };
}

bool conv_int8_fits(const struct conv *o)
{
    return o->kernel == 1 && o->stride <= 1 && o->pad == 0 && !o->grid && !o->groups;
}

size_t conv_int8_levels(const struct conv *o, int maps_in)
{
    return conv_levels_size(o->maps, 1, maps_in);
}

void conv_int8_prepare(const struct conv *o, const struct pass *pass)
{
    conv_levels_prepare(o, pass, pass->param[0].at, 1, pass->in[0].shape.c);
}

static int quads_of(int maps)
{
    return (maps + 3) / 4;
}

/* Places whose inputs stay in the second-level cache while their range is found and their levels are taken. */
static int band_of(int maps_in, int plane)
{
    int band = BAND_FLOATS / maps_in / KERNELS_SLACK * KERNELS_SLACK;
    return band < KERNELS_SLACK ? KERNELS_SLACK : band < plane ? band : plane;
}

size_t conv_int8_scratch(const struct conv *o, const struct patches *p)
{
    int band = band_of(p->c, p->h * p->w);
    return CONV_LEVELS_ENDS * (size_t)o->maps + (size_t)quads_of(p->c) * (size_t)(band + 1) + 4 * KERNELS_SLACK;
}

static struct kernels_range range_of(const struct kernels *k, const float *in, int maps, size_t plane, int n)
{
    struct kernels_range all = { 0, 0 };
    for (int c = 0; c < maps; c++) {
        struct kernels_range one = k->range(in + (size_t)c * plane, (size_t)n);
        all.low = one.low < all.low ? one.low : all.low;
        all.high = one.high > all.high ? one.high : all.high;
    }
    return all;
}

void conv_int8_forward(const struct conv *o, const struct pass *pass)
{
    const struct shape shape = pass->in[0].shape;
    const struct kernels *k = pass->kernels;
    const struct pass_rows rows = pass->rows;
    const size_t plane = (size_t)(shape.h * shape.w), plane_out = (size_t)(pass->out.shape.h * shape.w);
    const int n_quads = quads_of(shape.c), band = band_of(shape.c, (int)plane), places = rows.n * shape.w;
    int32_t *offsets = (int32_t *)(void *)(pass->scratch + CONV_LEVELS_ENDS * o->maps);
    uint32_t *quads = (uint32_t *)(void *)(offsets + n_quads);
    for (int q = 0; q < n_quads; q++)
        offsets[q] = q * band;
    for (int i = 0; i < shape.n; i++)
        for (int at = 0; at < places; at += band) {
            const float *in = pass->in[0].at + (size_t)(i * shape.c) * plane + rows.first * shape.w + at;
            float *out = pass->out.at + (size_t)(i * o->maps) * plane_out + rows.to * shape.w + at;
            int n = places - at < band ? places - at : band;
            struct conv_levels l = conv_levels_at(o, pass, range_of(k, in, shape.c, plane, n), pass->scratch);
            for (int q = 0; q < n_quads; q++)
                k->byte_quads(quads + q * band, in + (size_t)(4 * q) * plane, plane, shape.c - 4 * q < 4 ? shape.c - 4 * q : 4,
                              l.low, l.per, n);
            k->quads_product(out, plane_out, l.packed, quads, offsets, o->maps, n_quads, n, l.ends);
        }
}
