/* SPDX-License-Identifier: MIT
 * Kernels of their own at every place. Samples come to lie side by side, so that what a tap sees is one row of them, and
 * the rows under a kernel are one matrix: a product a place, its results in their rows at once. */
#include <string.h>

#include "nets/gemm.h"
#include "nets/layers/conv.h"

enum { TOGETHER = 128, FEW = 2 }; /* samples a product; fewer than FEW are not worth the turning round */

bool conv_unshared_fits(const struct conv *o)
{
    return o->grid == -1 && o->stride <= 1 && o->pad == 0 && o->groups != -1;
}

bool conv_unshared_pays(const struct conv *o, int n)
{
    return conv_unshared_fits(o) && n >= FEW;
}

struct work { size_t in_size, out_size; int k, places, row; float *in, *out, *in_grad, *col; };

static struct work work_of(const struct conv *o, const struct patches *p, float *scratch)
{
    struct work w = { (size_t)(p->c * p->h * p->w), (size_t)(o->maps * p->oh * p->ow), p->c * p->kernel * p->kernel,
                      p->oh * p->ow, p->oh * p->ow * TOGETHER, scratch, NULL, NULL, NULL };
    w.out = w.in + w.in_size * TOGETHER;
    w.in_grad = w.out + w.out_size * TOGETHER;
    w.col = w.in_grad + w.in_size * TOGETHER;
    return w;
}

size_t conv_unshared_scratch(const struct conv *o, const struct patches *p)
{
    struct work w = work_of(o, p, NULL);
    return (2 * w.in_size + w.out_size + (size_t)w.k) * TOGETHER;
}

/* Which row of the turned input tap t of place r sees. */
static size_t seen(const struct patches *p, int r, int t)
{
    int square = p->kernel * p->kernel, y = r / p->ow + t % square / p->kernel, x = r % p->ow + t % p->kernel;
    return (size_t)((t / square * p->h + y) * p->w + x) * TOGETHER;
}

/* The inputs of the samples from s on, turned; returns how many they are. */
static int turn_inputs(const struct work *w, const struct pass *pass, int s)
{
    int all = pass->in[0].shape.n, n = s + TOGETHER < all ? TOGETHER : all - s;
    pass->kernels->transpose(w->in, TOGETHER, pass->in[0].at + (size_t)s * w->in_size, w->in_size, n, (int)w->in_size, false);
    return n;
}

static void gather(const struct work *w, const struct patches *p, int r, int n)
{
    for (int t = 0; t < w->k; t++)
        memcpy(w->col + (size_t)t * TOGETHER, w->in + seen(p, r, t), (size_t)n * sizeof(float));
}

void conv_unshared_forward(const struct conv *o, const struct pass *pass)
{
    struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    struct work w = work_of(o, &p, pass->scratch);
    for (int s = 0; s < pass->in[0].shape.n; s += TOGETHER) {
        int n = turn_inputs(&w, pass, s);
        for (int r = 0; r < w.places; r++) {
            gather(&w, &p, r, n);
            float *out = w.out + (size_t)r * TOGETHER;
            gemm(false, false, o->maps, n, w.k, 1, pass->param[0].at + (size_t)(r * o->maps * w.k), w.k, w.col, TOGETHER, 0, out,
                 w.row);
            for (int m = 0; m < o->maps; m++, out += w.row) {
                float bias = o->no_bias ? 0 : pass->param[1].at[r * o->maps + m];
                p.kernels->affine(out, out, 1, bias, pass->relu, (size_t)n);
            }
        }
        p.kernels->transpose(pass->out.at + (size_t)s * w.out_size, w.out_size, w.out, TOGETHER, (int)w.out_size, n, false);
    }
}

/* Place r: gradients of its kernels, and of what they saw. */
static void place_back(const struct conv *o, const struct pass *pass, const struct work *w, const struct patches *p, int r, int n)
{
    size_t at = (size_t)(r * o->maps * w->k);
    const float *grad = w->out + (size_t)r * TOGETHER;
    gather(w, p, r, n);
    gemm(false, true, o->maps, w->k, n, 1, grad, w->row, w->col, TOGETHER, 1, pass->param_grad[0].at + at, w->k);
    for (int m = 0; m < o->maps && !o->no_bias; m++)
        pass->param_grad[1].at[r * o->maps + m] += p->kernels->sum(grad + (size_t)m * (size_t)w->row, (size_t)n);
    if (!pass->in_grad[0].at)
        return;
    gemm(true, false, w->k, n, o->maps, 1, pass->param[0].at + at, w->k, grad, w->row, 0, w->col, TOGETHER);
    for (int t = 0; t < w->k; t++)
        p->kernels->add(w->in_grad + seen(p, r, t), w->col + (size_t)t * TOGETHER, (size_t)n);
}

void conv_unshared_backward(const struct conv *o, const struct pass *pass)
{
    struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    struct work w = work_of(o, &p, pass->scratch);
    for (int s = 0; s < pass->in[0].shape.n; s += TOGETHER) {
        int n = turn_inputs(&w, pass, s);
        p.kernels->transpose(w.out, TOGETHER, pass->out_grad.at + (size_t)s * w.out_size, w.out_size, n, (int)w.out_size, false);
        memset(w.in_grad, 0, w.in_size * TOGETHER * sizeof(float));
        for (int r = 0; r < w.places; r++)
            place_back(o, pass, &w, &p, r, n);
        if (pass->in_grad[0].at)
            p.kernels->transpose(pass->in_grad[0].at + (size_t)s * w.in_size, w.in_size, w.in_grad, TOGETHER, (int)w.in_size, n,
                                 true);
    }
}
