/* SPDX-License-Identifier: MIT
 * Plain C twins of kernels_winograd.c: the matrices of F(4x4, 3x3) as printed (Lavin, Gray: Fast Algorithms for
 * Convolutional Neural Networks, CVPR 2016). */
#include "base/kernels_vector.h"

struct factor { int rows, columns; double at[6][6]; };

static const struct factor input = { 6, 6,
                                     { { 4, 0, -5, 0, 1, 0 },
                                       { 0, -4, -4, 1, 1, 0 },
                                       { 0, 4, -4, -1, 1, 0 },
                                       { 0, -2, -1, 2, 1, 0 },
                                       { 0, 2, -1, -2, 1, 0 },
                                       { 0, 4, 0, -5, 0, 1 } } };
static const struct factor output = { 4, 6, { { 1, 1, 1, 1, 1, 0 }, { 0, 1, -1, 2, -2, 0 }, { 0, 1, 1, 4, 4, 0 }, { 0, 1, -1, 8, -8, 1 } } };
static const struct factor weights = { 6, 3,
                                       { { 1 / 4., 0, 0 },
                                         { -1 / 6., -1 / 6., -1 / 6. },
                                         { -1 / 6., 1 / 6., -1 / 6. },
                                         { 1 / 24., 1 / 12., 1 / 6. },
                                         { 1 / 24., -1 / 12., 1 / 6. },
                                         { 0, 0, 1 } } };

void winograd_reference(enum kernels_winograd how, float *out, size_t out_row, size_t out_step, const float *in,
                        size_t in_row, size_t in_step, int n, bool add)
{
    static const struct factor *const factors[] = { &input, &input, &output, &output, &weights, &weights };
    const struct factor *f = factors[how];
    bool back = how % 2; /* the transpose */
    size_t from = (size_t)(back ? f->rows : f->columns), to = (size_t)(back ? f->columns : f->rows);
    for (size_t at = 0; at < (size_t)n; at++)
        for (size_t y = 0; y < to; y++)
            for (size_t x = 0; x < to; x++) {
                float *one = &out[y * out_row + x * out_step + at];
                double sum = add ? *one : 0;
                for (size_t i = 0; i < from; i++)
                    for (size_t k = 0; k < from; k++)
                        sum += (back ? f->at[i][y] * f->at[k][x] : f->at[y][i] * f->at[x][k]) *
                               in[i * in_row + k * in_step + at];
                *one = (float)sum;
            }
}

void transpose_reference(float *out, size_t out_step, const float *in, size_t in_step, int rows, int columns, bool add)
{
    for (size_t y = 0; y < (size_t)rows; y++)
        for (size_t x = 0; x < (size_t)columns; x++) {
            float *one = &out[x * out_step + y];
            *one = in[y * in_step + x] + (add ? *one : 0);
        }
}
