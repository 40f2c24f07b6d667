/* SPDX-License-Identifier: MIT
 * Matrix products whose right side is rows at any place of a picture; compiled once per instruction set like
 * kernels_vector.c. Blocks of maps and places whose sums stay in registers; vector types of the compiler, which is why
 * this is not plain C. */
#include <string.h>

#include "base/kernels_vector.h"

static inline vec above_zero(vec v)
{
    return (vec)((ivec)v & (v > 0));
}

/* A block of maps by two vectors of places; every sum stays in a register from the first tap to the last. */
#define ROWS_BLOCK(MAPS)                                                                                               \
    static void rows_block##MAPS(float *restrict out, size_t out_step, const void *weights, int w_step,                \
                                 const void *rows, const int32_t *restrict offsets, int k, const struct kernels_ends *ends) \
    {                                                                                                                  \
        const float *restrict w = weights, *in = rows;                                                                 \
        vec sum[MAPS][2];                                                                                              \
        _Pragma("GCC unroll 10")                                                                                       \
        for (int i = 0; i < MAPS; i++)                                                                                 \
            _Pragma("GCC unroll 2")                                                                                    \
            for (int v = 0; v < 2; v++)                                                                                \
                sum[i][v] = ends->add    ? *(const vec *)(out + (size_t)i * out_step + v * LANES)                      \
                            : ends->bias ? (vec){ 0 } + ends->bias[i]                                                  \
                                        : (vec){ 0 };                                                                  \
        for (int t = 0; t < k; t++, w += w_step) {                                                                     \
            const float *row = in + offsets[t];                                                                        \
            vec a = *(const vec *)row, b = *(const vec *)(row + LANES);                                                \
            _Pragma("GCC unroll 10")                                                                                   \
            for (int i = 0; i < MAPS; i++) {                                                                           \
                sum[i][0] += w[i] * a;                                                                                 \
                sum[i][1] += w[i] * b;                                                                                 \
            }                                                                                                          \
        }                                                                                                              \
        _Pragma("GCC unroll 10")                                                                                       \
        for (int i = 0; i < MAPS; i++)                                                                                 \
            _Pragma("GCC unroll 2")                                                                                    \
            for (int v = 0; v < 2; v++)                                                                                \
                *(vec *)(out + (size_t)i * out_step + v * LANES) = ends->relu ? above_zero(sum[i][v]) : sum[i][v];     \
    }
ROWS_BLOCK(1)
ROWS_BLOCK(2)
ROWS_BLOCK(3)
ROWS_BLOCK(4)
ROWS_BLOCK(5)
#if defined(__AVX512F__) /* 32 registers; others have 16 */
ROWS_BLOCK(6)
ROWS_BLOCK(7)
ROWS_BLOCK(8)
ROWS_BLOCK(9)
ROWS_BLOCK(10)
#endif

static rows_block *const rows_blocks[] = {
    NULL,        rows_block1, rows_block2, rows_block3, rows_block4,  rows_block5,
#if defined(__AVX512F__)
    rows_block6, rows_block7, rows_block8, rows_block9, rows_block10,
#endif
};

void JOIN(rows_product_, KERNELS)(float *out, size_t out_step, const float *packed, const float *in, const int32_t *offsets,
                         int m, int k, int n, struct kernels_ends ends)
{
    rows_panels(rows_blocks, (int)(sizeof rows_blocks / sizeof *rows_blocks) - 1, out, out_step, packed, in, offsets, m, k, n, ends);
}

/* A block of maps by taps. */
#define OUTER_BLOCK(MAPS, TAPS)                                                                                        \
    static void outer_block##MAPS##x##TAPS(float *restrict wg, int k, const float *restrict grad, size_t grad_step,    \
                                           const float *in, const int32_t *restrict offsets, int n)                    \
    {                                                                                                                  \
        vec sum[MAPS][TAPS];                                                                                           \
        const float *row[TAPS];                                                                                        \
        _Pragma("GCC unroll 6")                                                                                        \
        for (int t = 0; t < TAPS; t++)                                                                                 \
            row[t] = in + offsets[t];                                                                                  \
        _Pragma("GCC unroll 4")                                                                                        \
        for (int i = 0; i < MAPS; i++)                                                                                 \
            _Pragma("GCC unroll 6")                                                                                    \
            for (int t = 0; t < TAPS; t++)                                                                             \
                sum[i][t] = (vec){ 0 };                                                                                \
        for (int x = 0; x < n; x += LANES) {                                                                           \
            vec g[MAPS];                                                                                               \
            _Pragma("GCC unroll 4")                                                                                    \
            for (int i = 0; i < MAPS; i++)                                                                             \
                g[i] = *(const vec *)(grad + (size_t)i * grad_step + x);                                               \
            _Pragma("GCC unroll 6")                                                                                    \
            for (int t = 0; t < TAPS; t++) {                                                                           \
                vec r = *(const vec *)(row[t] + x);                                                                    \
                _Pragma("GCC unroll 4")                                                                                \
                for (int i = 0; i < MAPS; i++)                                                                         \
                    sum[i][t] += g[i] * r;                                                                             \
            }                                                                                                          \
        }                                                                                                              \
        _Pragma("GCC unroll 4")                                                                                        \
        for (int i = 0; i < MAPS; i++)                                                                                 \
            _Pragma("GCC unroll 6")                                                                                    \
            for (int t = 0; t < TAPS; t++)                                                                             \
                wg[i * k + t] += lanes_sum(sum[i][t]);                                                                 \
    }
OUTER_BLOCK(1, 1)
OUTER_BLOCK(1, 6)
#if defined(__AVX512F__)
enum { OUTER_MAPS = 4 };
OUTER_BLOCK(4, 1)
OUTER_BLOCK(4, 6)
#define outer_wide outer_block4x6
#define outer_narrow outer_block4x1
#else /* 12 sums, 2 gradients and a row in 16 registers */
enum { OUTER_MAPS = 2 };
OUTER_BLOCK(2, 1)
OUTER_BLOCK(2, 6)
#define outer_wide outer_block2x6
#define outer_narrow outer_block2x1
#endif

void JOIN(rows_outer_, KERNELS)(float *weight_grad, const float *grad, size_t grad_step, const float *in, const int32_t *offsets,
                       int m, int k, int n)
{
    for (int i = 0; i < m;) {
        bool many = i + OUTER_MAPS <= m;
        const float *g = grad + (size_t)i * grad_step;
        float *wg = weight_grad + (size_t)i * (size_t)k;
        int t = 0;
        for (; t + 6 <= k; t += 6)
            (many ? outer_wide : outer_block1x6)(wg + t, k, g, grad_step, in, offsets + t, n);
        for (; t < k; t++)
            (many ? outer_narrow : outer_block1x1)(wg + t, k, g, grad_step, in, offsets + t, n);
        i += many ? OUTER_MAPS : 1;
    }
}
