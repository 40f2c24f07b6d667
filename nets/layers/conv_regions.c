/* SPDX-License-Identifier: MIT
 * Kernels of their own in every region of a grid of outputs (or at every place): one product a region over many
 * samples at once, since a region alone is small. */
#include "nets/gemm.h"
#include "nets/layers/conv.h"

enum { CHUNK_FLOATS = 256 * 1024 };

struct region { int y0, y1, x0, x1; };

static struct region region_at(const struct patches *p, int cells_y, int cells_x, int r)
{
    int gy = r / cells_x, gx = r % cells_x;
    return (struct region){ conv_cut(p->oh, cells_y, gy), conv_cut(p->oh, cells_y, gy + 1), conv_cut(p->ow, cells_x, gx),
                            conv_cut(p->ow, cells_x, gx + 1) };
}

static int most_places(const struct patches *p, int cells_y, int cells_x)
{
    return ((p->oh + cells_y - 1) / cells_y) * ((p->ow + cells_x - 1) / cells_x);
}

int conv_regions_chunk(const struct patches *p, int cells_y, int cells_x, int n)
{
    int a_sample = p->c * p->kernel * p->kernel * most_places(p, cells_y, cells_x), chunk = CHUNK_FLOATS / a_sample;
    return chunk < 1 ? 1 : chunk > n ? n : chunk;
}

size_t conv_regions_scratch(const struct conv *o, const struct patches *p, int n)
{
    int cells_y = conv_cells(o, p->oh), cells_x = conv_cells(o, p->ow), places = most_places(p, cells_y, cells_x);
    size_t cols = (size_t)conv_regions_chunk(p, cells_y, cells_x, n) * (size_t)places;
    /* patches, their gradient, outputs or their gradient gathered [maps, n * places] */
    return cols * (size_t)(2 * p->c * p->kernel * p->kernel + o->maps);
}

/* The outputs of a region, [n, maps, oh, ow] <-> [maps, n * places]. */
static void move_region(float *matrix, float *planes, const struct patches *p, int maps, int n, struct region r,
                        bool gather)
{
    int wide = r.x1 - r.x0, high = r.y1 - r.y0;
    size_t row = (size_t)p->ow, step = (size_t)wide;
    for (int m = 0; m < maps; m++)
        for (int s = 0; s < n; s++, matrix += wide * high) {
            float *at = planes + ((size_t)(s * maps + m) * (size_t)p->oh + (size_t)r.y0) * row + r.x0;
            if (gather)
                p->kernels->copy_rows(matrix, step, at, row, wide, high);
            else
                p->kernels->copy_rows(at, row, matrix, step, wide, high);
        }
}

void conv_regions_forward(const struct conv *o, const struct pass *pass)
{
    struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    int cells_y = conv_cells(o, p.oh), cells_x = conv_cells(o, p.ow), k = p.c * p.kernel * p.kernel;
    int all = pass->in[0].shape.n, chunk = conv_regions_chunk(&p, cells_y, cells_x, all);
    size_t in_step = (size_t)(p.c * p.h * p.w), out_step = (size_t)(o->maps * p.oh * p.ow);
    float *col = pass->scratch;
    float *matrix = col + (size_t)k * (size_t)chunk * (size_t)most_places(&p, cells_y, cells_x);
    for (int r = 0; r < cells_y * cells_x; r++) {
        struct region g = region_at(&p, cells_y, cells_x, r);
        const float *weight = pass->param[0].at + (size_t)r * (size_t)o->maps * (size_t)k;
        for (int s = 0; s < all; s += chunk) {
            int n = s + chunk < all ? chunk : all - s, cols = n * (g.y1 - g.y0) * (g.x1 - g.x0);
            patches_region(col, pass->in[0].at + (size_t)s * in_step, in_step, n, &p, g.y0, g.y1, g.x0, g.x1);
            gemm(false, false, o->maps, cols, k, 1, weight, k, col, cols, 0, matrix, cols);
            for (int m = 0; m < o->maps; m++) {
                float *at = matrix + (size_t)m * (size_t)cols;
                float bias = o->no_bias ? 0 : pass->param[1].at[r * o->maps + m];
                pass->kernels->affine(at, at, 1, bias, pass->relu, (size_t)cols);
            }
            move_region(matrix, pass->out.at + (size_t)s * out_step, &p, o->maps, n, g, false);
        }
    }
}

void conv_regions_backward(const struct conv *o, const struct pass *pass)
{
    struct patches p = conv_patches(o, pass->in[0].shape, pass->kernels);
    int cells_y = conv_cells(o, p.oh), cells_x = conv_cells(o, p.ow), k = p.c * p.kernel * p.kernel;
    int all = pass->in[0].shape.n, chunk = conv_regions_chunk(&p, cells_y, cells_x, all);
    size_t in_step = (size_t)(p.c * p.h * p.w), out_step = (size_t)(o->maps * p.oh * p.ow);
    size_t col_size = (size_t)k * (size_t)chunk * (size_t)most_places(&p, cells_y, cells_x);
    float *col = pass->scratch, *col_grad = col + col_size, *matrix = col_grad + col_size;
    for (int r = 0; r < cells_y * cells_x; r++) {
        struct region g = region_at(&p, cells_y, cells_x, r);
        size_t at = (size_t)r * (size_t)o->maps * (size_t)k;
        for (int s = 0; s < all; s += chunk) {
            int n = s + chunk < all ? chunk : all - s, cols = n * (g.y1 - g.y0) * (g.x1 - g.x0);
            patches_region(col, pass->in[0].at + (size_t)s * in_step, in_step, n, &p, g.y0, g.y1, g.x0, g.x1);
            move_region(matrix, pass->out_grad.at + (size_t)s * out_step, &p, o->maps, n, g, true);
            gemm(false, true, o->maps, k, cols, 1, matrix, cols, col, cols, 1, pass->param_grad[0].at + at, k);
            for (int m = 0; m < o->maps && !o->no_bias; m++)
                pass->param_grad[1].at[r * o->maps + m] +=
                    pass->kernels->sum(matrix + (size_t)m * (size_t)cols, (size_t)cols);
            if (!pass->in_grad[0].at)
                continue;
            gemm(true, false, k, cols, o->maps, 1, pass->param[0].at + at, k, matrix, cols, 0, col_grad, cols);
            patches_region_back(pass->in_grad[0].at + (size_t)s * in_step, in_step, col_grad, n, &p, g.y0, g.y1, g.x0,
                                g.x1);
        }
    }
}
