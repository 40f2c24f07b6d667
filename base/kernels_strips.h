/* SPDX-License-Identifier: MIT
 * What forward and backward of depthwise convolutions share: rows at the picture's edges, and registers whose columns are
 * moved by one or taken apart. */
#ifndef FACETRAIL_BASE_KERNELS_STRIPS_H
#define FACETRAIL_BASE_KERNELS_STRIPS_H

#include "base/kernels_vector.h"

/* One output row of a 3x3 sum. Rows outside the picture are given as rows of zeros' stand-in: NULL, and skipped. */
static inline void row_edges(float *out, const float *row, int w, int ow, int stride, const float *k)
{
    out[0] += k[1] * row[0] + (w > 1 ? k[2] * row[1] : 0);
    if (ow > 1) {
        int x = (ow - 1) * stride;
        out[ow - 1] += k[0] * row[x - 1] + k[1] * row[x] + (x + 1 < w ? k[2] * row[x + 1] : 0);
    }
}

static inline void row_add1(float *restrict out, const float *restrict row, int ow, float k0, float k1, float k2)
{
#pragma omp simd
    for (int x = 1; x < ow - 1; x++)
        out[x] += k0 * row[x - 1] + k1 * row[x] + k2 * row[x + 1];
}

/* Orders of columns for __builtin_shuffle: moved right or left by one, the other register coming in; every second one. */
#if defined(__AVX512F__)
#define AFTER_ONE 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
#define BEFORE_ONE 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
#define EVENS 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODDS 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define ZIP_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define ZIP_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif defined(__AVX2__)
#define AFTER_ONE 8, 0, 1, 2, 3, 4, 5, 6
#define BEFORE_ONE 1, 2, 3, 4, 5, 6, 7, 8
#define EVENS 0, 2, 4, 6, 8, 10, 12, 14
#define ODDS 1, 3, 5, 7, 9, 11, 13, 15
#define ZIP_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define ZIP_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define AFTER_ONE 4, 0, 1, 2
#define BEFORE_ONE 1, 2, 3, 4
#define EVENS 0, 2, 4, 6
#define ODDS 1, 3, 5, 7
#define ZIP_LOW 0, 4, 1, 5
#define ZIP_HIGH 2, 6, 3, 7
#endif

/* Even and odd columns of a row from p on, and the odd ones one to the left of the even ones. */
#define TAKE_ROW(p)                                                                                                    \
    do {                                                                                                               \
        const vec a = *(const vec *)(p), b = *(const vec *)((p) + LANES);                                              \
        even = __builtin_shuffle(a, b, (ivec){ EVENS });                                                               \
        odd = __builtin_shuffle(a, b, (ivec){ ODDS });                                                                 \
        left = first ? __builtin_shuffle(odd, zero, (ivec){ AFTER_ONE })                                               \
                     : __builtin_shuffle(*(const vec *)((p) - 1), *(const vec *)((p) - 1 + LANES), (ivec){ EVENS });   \
    } while (0)

/* kernels_depthwise.c: a plane of step 1, w >= LANES, at least 0 with clip; add: to what is there. */
#define PLANE1 JOIN(depthwise_plane1_, KERNELS)
void PLANE1(float *out, const float *in, struct kernels_rows rows, const float *k, float bias, bool clip, bool add);

#endif
