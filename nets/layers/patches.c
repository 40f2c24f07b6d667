/* SPDX-License-Identifier: MIT
 * im2col and back. Columns outside the picture are zero. */
#include "nets/layers/patches.h"

#include <string.h>

/* Outputs x0 .. x1 - 1 whose tap kx lies inside the row: *from .. *to - 1. */
static void inside(const struct patches *p, int kx, int x0, int x1, int *from, int *to)
{
    int low = p->pad - kx, high = p->w + p->pad - kx; /* need low <= x * stride < high */
    int a = low <= 0 ? 0 : (low + p->stride - 1) / p->stride;
    int b = high <= 0 ? 0 : (high + p->stride - 1) / p->stride;
    *from = a < x0 ? x0 : a > x1 ? x1 : a;
    *to = b > x1 ? x1 : b < *from ? *from : b;
}

static void row_out(float *col, const float *row, const struct patches *p, int kx, int x0, int x1)
{
    int from, to;
    inside(p, kx, x0, x1, &from, &to);
    for (int x = x0; x < from; x++)
        col[x - x0] = 0;
    const float *at = row + from * p->stride + kx - p->pad;
    if (p->stride == 1)
        memcpy(col + from - x0, at, (size_t)(to - from) * sizeof(float));
    else if (p->stride == 2)
        for (int x = from; x < to; x++)
            col[x - x0] = at[2 * (x - from)];
    else if (p->stride == 4)
        for (int x = from; x < to; x++)
            col[x - x0] = at[4 * (x - from)];
    else
        for (int x = from; x < to; x++)
            col[x - x0] = at[(x - from) * p->stride];
    for (int x = to; x < x1; x++)
        col[x - x0] = 0;
}

static void row_back(float *row, const float *col, const struct patches *p, int kx, int x0, int x1)
{
    int from, to;
    inside(p, kx, x0, x1, &from, &to);
    float *at = row + from * p->stride + kx - p->pad;
    const float *c = col + from - x0;
    if (p->stride == 1)
        for (int x = 0; x < to - from; x++)
            at[x] += c[x];
    else
        for (int x = 0; x < to - from; x++)
            at[x * p->stride] += c[x];
}

/* Step 1 and no padding: every tap of a region is a plain rectangle of the picture. */
static bool whole(const struct patches *p)
{
    return p->stride == 1 && p->pad == 0;
}

static size_t corner(const struct patches *p, int c, int k, int y0, int x0)
{
    return ((size_t)c * (size_t)p->h + (size_t)(y0 + k / p->kernel)) * (size_t)p->w + (size_t)(x0 + k % p->kernel);
}

void patches_region(float *col, const float *in, size_t step, int n, const struct patches *p, int y0, int y1, int x0,
                    int x1)
{
    int wide = x1 - x0;
    for (int c = 0; c < p->c; c++)
        for (int k = 0; k < p->kernel * p->kernel; k++)
            for (int s = 0; s < n; s++) {
                if (whole(p)) {
                    const float *at = in + (size_t)s * step + corner(p, c, k, y0, x0);
                    p->kernels->copy_rows(col, (size_t)wide, at, (size_t)p->w, wide, y1 - y0);
                    col += (size_t)(y1 - y0) * (size_t)wide;
                    continue;
                }
                const float *plane = in + (size_t)s * step + (size_t)c * (size_t)(p->h * p->w);
                for (int y = y0; y < y1; y++, col += wide) {
                    int iy = y * p->stride + k / p->kernel - p->pad;
                    if (iy < 0 || iy >= p->h)
                        memset(col, 0, (size_t)wide * sizeof(float));
                    else
                        row_out(col, plane + (size_t)iy * (size_t)p->w, p, k % p->kernel, x0, x1);
                }
            }
}

void patches_region_back(float *in_grad, size_t step, const float *col, int n, const struct patches *p, int y0, int y1,
                         int x0, int x1)
{
    int wide = x1 - x0;
    for (int c = 0; c < p->c; c++)
        for (int k = 0; k < p->kernel * p->kernel; k++)
            for (int s = 0; s < n; s++) {
                if (whole(p)) {
                    float *at = in_grad + (size_t)s * step + corner(p, c, k, y0, x0);
                    p->kernels->add_rows(at, (size_t)p->w, col, (size_t)wide, wide, y1 - y0);
                    col += (size_t)(y1 - y0) * (size_t)wide;
                    continue;
                }
                float *plane = in_grad + (size_t)s * step + (size_t)c * (size_t)(p->h * p->w);
                for (int y = y0; y < y1; y++, col += wide) {
                    int iy = y * p->stride + k / p->kernel - p->pad;
                    if (iy >= 0 && iy < p->h)
                        row_back(plane + (size_t)iy * (size_t)p->w, col, p, k % p->kernel, x0, x1);
                }
            }
}

void patches_rows(float *col, const float *in, const struct patches *p, int y0, int y1)
{
    patches_region(col, in, 0, 1, p, y0, y1, 0, p->ow);
}

void patches_rows_back(float *in_grad, const float *col, const struct patches *p, int y0, int y1)
{
    patches_region_back(in_grad, 0, col, 1, p, y0, y1, 0, p->ow);
}
