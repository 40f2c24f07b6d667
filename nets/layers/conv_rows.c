/* SPDX-License-Identifier: MIT
 * Shared convolution of step 1 without padding, without patches: seen as one long row with the picture's own width,
 * each tap is the picture itself shifted, so a convolution is a product with rows at offsets. What lies at the ends of
 * the rows, beyond the outputs, is computed too and left out. */
#include <string.h>

#include "nets/layers/conv.h"

struct rows { int taps, span, grad_step, front; }; /* span: from the first output to the last, in the picture's width */

static struct rows rows_of(const struct patches *p)
{
    int span = (p->oh - 1) * p->w + p->ow, front = (p->kernel - 1) * (p->w + 1);
    int back = p->h * p->w; /* what the gradient of the input reads */
    return (struct rows){ p->c * p->kernel * p->kernel, span, (front + back + 2 * KERNELS_SLACK) / 16 * 16, front };
}

bool conv_rows_fits(const struct conv *o)
{
    return o->stride <= 1 && !o->pad && !o->grid && o->groups != -1;
}

size_t conv_rows_scratch(const struct conv *o, const struct patches *p)
{
    struct rows r = rows_of(p);
    size_t weights = (size_t)o->maps * (size_t)r.taps, taps = (size_t)r.taps + (size_t)(o->maps * p->kernel * p->kernel);
    /* packed weights, offsets, and outputs or their gradient in the picture's width */
    return weights + taps + (size_t)o->maps * (size_t)r.grad_step + 128;
}

void conv_rows_offsets(int32_t *offsets, const struct patches *p, int planes)
{
    for (int c = 0; c < planes; c++)
        for (int y = 0; y < p->kernel; y++)
            for (int x = 0; x < p->kernel; x++)
                *offsets++ = (c * p->h + y) * p->w + x;
}

void conv_rows_forward(const struct conv *o, const struct pass *pass)
{
    struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    struct rows r = rows_of(&p);
    float *packed = pass->scratch, *wide = packed + (size_t)o->maps * (size_t)r.taps;
    int32_t *offsets = (int32_t *)(void *)(wide + (size_t)o->maps * (size_t)r.grad_step);
    size_t plane = (size_t)(p.oh * p.ow);
    bool direct = p.kernel == 1; /* the picture's width is the output's */
    struct kernels_ends ends = { .bias = o->no_bias ? NULL : pass->param[1].at, .relu = pass->relu };
    conv_rows_offsets(offsets, &p, p.c);
    kernels_pack(packed, pass->param[0].at, (size_t)r.taps, 1, o->maps, r.taps);
    for (int n = 0; n < pass->in[0].shape.n; n++) {
        float *out = pass->out.at + (size_t)n * (size_t)o->maps * plane;
        pass->kernels->rows_product(direct ? out : wide, direct ? plane : (size_t)r.grad_step, packed,
                                    pass->in[0].at + (size_t)n * (size_t)(p.c * p.h * p.w), offsets, o->maps, r.taps,
                                    r.span, ends);
        for (int m = 0; m < o->maps && !direct; m++, out += plane)
            pass->kernels->copy_rows(out, (size_t)p.ow, wide + (size_t)m * (size_t)r.grad_step, (size_t)p.w, p.ow, p.oh);
    }
}

/* The gradient of the outputs in the picture's width, zeros between and around. */
static void widen(float *wide, const float *grad, const struct conv *o, const struct patches *p, const struct rows *r)
{
    for (int m = 0; m < o->maps; m++)
        p->kernels->copy_rows(wide + (size_t)m * (size_t)r->grad_step + r->front, (size_t)p->w,
                              grad + (size_t)m * (size_t)(p->oh * p->ow), (size_t)p->ow, p->ow, p->oh);
}

void conv_rows_backward(const struct conv *o, const struct pass *pass)
{
    struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    struct rows r = rows_of(&p);
    int square = p.kernel * p.kernel;
    size_t plane = (size_t)(p.oh * p.ow), wide_size = (size_t)o->maps * (size_t)r.grad_step;
    float *packed = pass->scratch, *wide = packed + (size_t)o->maps * (size_t)r.taps;
    int32_t *offsets = (int32_t *)(void *)(wide + wide_size), *back = offsets + r.taps;
    conv_rows_offsets(offsets, &p, p.c);
    memset(wide, 0, wide_size * sizeof(float));
    for (int m = 0; m < o->maps; m++)
        for (int t = 0; t < square; t++)
            back[m * square + t] = m * r.grad_step + r.front - t / p.kernel * p.w - t % p.kernel;
    for (int t = 0; t < square; t++) { /* weights [maps, c, taps] seen from the input: [c][maps, taps], tap by tap */
        for (int m = 0; m < o->maps; m++)
            for (int c = 0; c < p.c; c++) {
                struct kernels_packed to = kernels_packed_at(c, p.c, o->maps * square);
                packed[to.at + (size_t)((m * square + t) * to.step)] =
                    pass->param[0].at[(m * p.c + c) * square + t];
            }
    }
    for (int n = 0; n < pass->in[0].shape.n; n++) {
        size_t at = (size_t)n * (size_t)(p.c * p.h * p.w);
        const float *grad = pass->out_grad.at + (size_t)n * (size_t)o->maps * plane;
        widen(wide, grad, o, &p, &r);
        pass->kernels->rows_outer(pass->param_grad[0].at, wide + r.front, (size_t)r.grad_step, pass->in[0].at + at, offsets,
                                  o->maps, r.taps, r.span);
        if (pass->in_grad[0].at)
            pass->kernels->rows_product(pass->in_grad[0].at + at, (size_t)(p.h * p.w), packed, wide, back, p.c,
                                        o->maps * square, p.h * p.w, (struct kernels_ends){ .add = !pass->in_new[0] });
        for (int m = 0; m < o->maps && !o->no_bias; m++)
            pass->param_grad[1].at[m] += pass->kernels->sum(grad + (size_t)m * plane, plane);
    }
}
