/* SPDX-License-Identifier: MIT
 * One kernel everywhere: a matrix product a tile of output rows. 1x1 kernels need no patches. */
#include "nets/gemm.h"
#include "nets/layers/conv.h"

static bool is_pointwise(const struct patches *p)
{
    return p->kernel == 1 && p->stride == 1 && p->pad == 0;
}

void conv_shared_forward(const struct conv *o, const struct pass *pass)
{
    struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    int k = p.c * p.kernel * p.kernel, plane = p.oh * p.ow, rows = conv_tile_rows(&p);
    bool direct = is_pointwise(&p);
    for (int n = 0; n < pass->in[0].shape.n; n++) {
        const float *in = pass->in[0].at + (size_t)n * (size_t)(p.c * p.h * p.w);
        float *out = pass->out.at + (size_t)n * (size_t)o->maps * (size_t)plane;
        for (int y = 0; y < p.oh; y += rows) {
            int end = y + rows < p.oh ? y + rows : p.oh, cols = (end - y) * p.ow;
            if (!direct)
                patches_rows(pass->scratch, in, &p, y, end);
            gemm(false, false, o->maps, cols, k, 1, pass->param[0].at, k, direct ? in + y * p.ow : pass->scratch,
                 direct ? plane : cols, 0, out + y * p.ow, plane);
            if (o->no_bias && !pass->relu)
                continue;
            for (int m = 0; m < o->maps; m++) { /* while the tile is still in the cache */
                float *at = out + (size_t)m * (size_t)plane + y * p.ow;
                pass->kernels->affine(at, at, 1, o->no_bias ? 0 : pass->param[1].at[m], pass->relu, (size_t)cols);
            }
        }
    }
}

void conv_shared_backward(const struct conv *o, const struct pass *pass)
{
    struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    int k = p.c * p.kernel * p.kernel, plane = p.oh * p.ow, rows = conv_tile_rows(&p);
    bool direct = is_pointwise(&p);
    float *col = pass->scratch, *col_grad = pass->scratch + (size_t)k * (size_t)rows * (size_t)p.ow;
    for (int n = 0; n < pass->in[0].shape.n; n++) {
        size_t at = (size_t)n * (size_t)(p.c * p.h * p.w);
        const float *in = pass->in[0].at + at, *grad = pass->out_grad.at + (size_t)n * (size_t)o->maps * (size_t)plane;
        float *in_grad = pass->in_grad[0].at ? pass->in_grad[0].at + at : NULL;
        for (int y = 0; y < p.oh; y += rows) {
            int end = y + rows < p.oh ? y + rows : p.oh, cols = (end - y) * p.ow;
            const float *g = grad + y * p.ow;
            if (!direct)
                patches_rows(col, in, &p, y, end);
            gemm(false, true, o->maps, k, cols, 1, g, plane, direct ? in + y * p.ow : col, direct ? plane : cols, 1,
                 pass->param_grad[0].at, k);
            if (!in_grad)
                continue;
            if (direct) {
                gemm(true, false, k, cols, o->maps, 1, pass->param[0].at, k, g, plane, 1, in_grad + y * p.ow, plane);
            } else {
                gemm(true, false, k, cols, o->maps, 1, pass->param[0].at, k, g, plane, 0, col_grad, cols);
                patches_rows_back(in_grad, col_grad, &p, y, end);
            }
        }
        for (int m = 0; m < o->maps && !o->no_bias; m++)
            pass->param_grad[1].at[m] += pass->kernels->sum(grad + (size_t)m * (size_t)plane, (size_t)plane);
    }
}
