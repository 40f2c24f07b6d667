/* SPDX-License-Identifier: MIT
 * conv_rows.c with factors rounded to bfloat16, for learning: pairs of input maps (forward) or of output maps (backward)
 * lie side by side, so that one instruction multiplies both. Sums are floats. */
#include <string.h>

#include "nets/layers/conv.h"

enum { TOGETHER = 4 }; /* samples whose weight gradients are summed in registers */

struct layout { int square, span, step, front, in_size, in_pairs, out_pairs; };

static struct layout layout_of(const struct conv *o, const struct patches *p)
{
    int front = (p->kernel - 1) * (p->w + 1), plane = p->h * p->w;
    return (struct layout){
        .square = p->kernel * p->kernel,
        .span = (p->oh - 1) * p->w + p->ow,
        .step = (front + plane + 2 * KERNELS_SLACK + 15) / 16 * 16,
        .front = front,
        .in_size = (p->c * plane + KERNELS_SLACK + 31) / 32 * 32,
        .in_pairs = (p->c + 1) / 2,
        .out_pairs = (o->maps + 1) / 2,
    };
}

size_t conv_rows_half_scratch(const struct conv *o, const struct patches *p)
{
    struct layout l = layout_of(o, p);
    size_t pair_taps = (size_t)(l.in_pairs * l.square), maps = (size_t)o->maps, step = (size_t)l.step;
    size_t forward = pair_taps * (maps + 1) + maps * step + (size_t)(l.in_pairs * p->h * p->w + KERNELS_SLACK);
    size_t back_taps = (size_t)(l.out_pairs * l.square);
    size_t backward = back_taps * (size_t)(p->c + 1) + (size_t)(p->c * l.square) + (size_t)l.out_pairs * step +
                      TOGETHER * (maps * step + (size_t)l.in_size) / 2;
    return (forward > backward ? forward : backward) + 256;
}

void conv_rows_half_forward(const struct conv *o, const struct pass *pass)
{
    struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    struct layout l = layout_of(o, &p);
    const struct kernels *k = pass->kernels;
    size_t plane = (size_t)(p.oh * p.ow), in_plane = (size_t)(p.h * p.w), step = (size_t)l.step;
    int taps = l.in_pairs * l.square;
    bool direct = p.kernel == 1; /* the picture's width is the output's */
    float *scratch = pass->scratch;
    uint32_t *packed = scratch_take(&scratch, (size_t)o->maps * (size_t)taps);
    int32_t *offsets = scratch_take(&scratch, (size_t)taps);
    float *wide = scratch_take(&scratch, (size_t)o->maps * step);
    uint32_t *pairs = scratch_take(&scratch, (size_t)l.in_pairs * in_plane + KERNELS_SLACK);
    struct kernels_ends ends = { .bias = o->no_bias ? NULL : pass->param[1].at, .relu = pass->relu };
    conv_rows_offsets(offsets, &p, l.in_pairs);
    kernels_pack_pairs(packed, pass->param[0].at, (size_t)(p.c * l.square), (size_t)l.square, o->maps, p.c, l.square);
    for (int n = 0; n < pass->in[0].shape.n; n++) {
        const float *in = pass->in[0].at + (size_t)n * (size_t)p.c * in_plane;
        float *out = pass->out.at + (size_t)n * (size_t)o->maps * plane;
        for (int c = 0; c < l.in_pairs; c++)
            k->half_pairs(pairs + (size_t)c * in_plane, 0, in + (size_t)(2 * c) * in_plane,
                          2 * c + 1 < p.c ? in + (size_t)(2 * c + 1) * in_plane : NULL, 0, (int)in_plane, 1);
        k->pairs_product(direct ? out : wide, direct ? plane : step, packed, pairs, offsets, o->maps, taps, l.span, ends);
        for (int m = 0; m < o->maps && !direct; m++, out += plane)
            k->copy_rows(out, (size_t)p.ow, wide + (size_t)m * step, (size_t)p.w, p.ow, p.oh);
    }
}

/* The gradient of a sample's outputs in the picture's width, zeros between and around: halves and pairs of maps. */
static void widen(uint16_t *wide, uint32_t *pairs, const float *grad, const struct conv *o, const struct patches *p,
                  const struct layout *l)
{
    size_t step = (size_t)l->step, plane = (size_t)(p->oh * p->ow), row = (size_t)p->ow, w = (size_t)p->w;
    for (int m = 0; m < o->maps; m++)
        p->kernels->half_rows(wide + (size_t)m * step + l->front, w, grad + (size_t)m * plane, row, p->ow, p->oh);
    for (int m = 0; m < o->maps && pairs; m += 2)
        p->kernels->half_pairs(pairs + (size_t)(m / 2) * step + l->front, w, grad + (size_t)m * plane,
                               m + 1 < o->maps ? grad + (size_t)(m + 1) * plane : NULL, row, p->ow, p->oh);
}

void conv_rows_half_backward(const struct conv *o, const struct pass *pass)
{
    struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    struct layout l = layout_of(o, &p);
    const struct kernels *k = pass->kernels;
    int taps = l.out_pairs * l.square, all = pass->in[0].shape.n;
    size_t plane = (size_t)(p.oh * p.ow), in_plane = (size_t)(p.h * p.w), step = (size_t)l.step, maps = (size_t)o->maps;
    float *scratch = pass->scratch;
    uint32_t *packed = scratch_take(&scratch, (size_t)p.c * (size_t)taps);
    int32_t *offsets = scratch_take(&scratch, (size_t)(p.c * l.square)), *back = scratch_take(&scratch, (size_t)taps);
    uint32_t *pairs = scratch_take(&scratch, (size_t)l.out_pairs * step);
    uint16_t *wide = scratch_take(&scratch, TOGETHER * maps * step / 2), *in = scratch_take(&scratch, TOGETHER * (size_t)l.in_size / 2);
    memset(pairs, 0, (size_t)l.out_pairs * step * sizeof *pairs);
    memset(wide, 0, TOGETHER * maps * step * sizeof *wide);
    memset(in, 0, TOGETHER * (size_t)l.in_size * sizeof *in);
    conv_rows_offsets(offsets, &p, p.c);
    for (int t = 0; t < taps; t++) {
        int at = t % l.square;
        back[t] = t / l.square * l.step + l.front - at / p.kernel * p.w - at % p.kernel;
    }
    kernels_pack_pairs(packed, pass->param[0].at, (size_t)l.square, (size_t)(p.c * l.square), p.c, o->maps, l.square);
    for (int first = 0; first < all; first += TOGETHER) {
        int samples = all - first < TOGETHER ? all - first : TOGETHER;
        for (int s = 0; s < samples; s++) {
            size_t at = (size_t)(first + s) * (size_t)p.c * in_plane;
            const float *grad = pass->out_grad.at + (size_t)(first + s) * maps * plane;
            bool on = pass->in_grad[0].at != NULL;
            k->half_rows(in + (size_t)s * (size_t)l.in_size, 0, pass->in[0].at + at, 0, (int)((size_t)p.c * in_plane), 1);
            widen(wide + (size_t)s * maps * step, on ? pairs : NULL, grad, o, &p, &l);
            if (on)
                k->pairs_product(pass->in_grad[0].at + at, in_plane, packed, pairs, back, p.c, taps, (int)in_plane,
                                 (struct kernels_ends){ .add = !pass->in_new[0] });
            for (int m = 0; m < o->maps && !o->no_bias; m++)
                pass->param_grad[1].at[m] += k->sum(grad + (size_t)m * plane, plane);
        }
        k->half_outer(pass->param_grad[0].at,
                      &(struct kernels_outer){ .grad = wide + l.front, .in = in, .grad_step = step, .grad_next = maps * step,
                                               .in_next = (size_t)l.in_size, .offsets = offsets, .samples = samples },
                      o->maps, p.c * l.square, l.span);
    }
}
