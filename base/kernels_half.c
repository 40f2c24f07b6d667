/* SPDX-License-Identifier: MIT
 * Products of bfloat16 with float sums: one instruction multiplies and adds 32 pairs, twice what floats reach. Compiled
 * once per instruction set, and empty for those without that instruction (kernels_half_reference.c stands in). */
#include "base/kernels_vector.h"

#ifdef __AVX512BF16__
#include <immintrin.h>
#include <string.h>

void HALF(half_rows)(uint16_t *out, size_t out_step, const float *in, size_t in_step, int n, int rows)
{
    for (int y = 0; y < rows; y++, out += out_step, in += in_step)
        for (int x = 0; x < n; x += LANES) {
            __mmask16 part = lanes_of(n - x);
            __m256i half = (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(part, in + x));
            _mm256_mask_storeu_epi16(out + x, part, half);
        }
}

static __m512i wide_half(__mmask16 part, const float *in)
{
    return _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(part, in)));
}

void HALF(half_pairs)(uint32_t *out, size_t out_step, const float *even, const float *odd, size_t in_step, int n, int rows)
{
    for (int y = 0; y < rows; y++, out += out_step)
        for (int x = 0; x < n; x += LANES) {
            __mmask16 part = lanes_of(n - x);
            size_t at = (size_t)y * in_step + (size_t)x;
            __m512i pair = wide_half(part, even + at);
            if (odd)
                pair = _mm512_or_si512(pair, _mm512_slli_epi32(wide_half(part, odd + at), 16));
            _mm512_mask_storeu_epi32(out + x, part, pair);
        }
}

static inline __m512 times(__m512 sum, uint32_t w, __m512i row)
{
    return _mm512_dpbf16_ps(sum, (__m512bh)_mm512_set1_epi32((int)w), (__m512bh)row);
}

/* A block of maps by two vectors of places, as in kernels_rows.c. */
#define PAIRS_BLOCK(MAPS)                                                                                              \
    static void pairs_block##MAPS(float *restrict out, size_t out_step, const void *weights, int w_step,               \
                                  const void *rows, const int32_t *restrict offsets, int k, const struct kernels_ends *ends) \
    {                                                                                                                  \
        const uint32_t *restrict w = weights, *in = rows;                                                              \
        __m512 sum[MAPS][2];                                                                                           \
        _Pragma("GCC unroll 10")                                                                                       \
        for (int i = 0; i < MAPS; i++)                                                                                 \
            _Pragma("GCC unroll 2")                                                                                    \
            for (int v = 0; v < 2; v++)                                                                                \
                sum[i][v] = ends->add    ? _mm512_loadu_ps(out + (size_t)i * out_step + v * LANES)                     \
                            : ends->bias ? _mm512_set1_ps(ends->bias[i])                                               \
                                        : _mm512_setzero_ps();                                                         \
        for (int t = 0; t < k; t++, w += w_step) {                                                                     \
            const uint32_t *row = in + offsets[t];                                                                     \
            __m512i a = _mm512_loadu_si512(row), b = _mm512_loadu_si512(row + LANES);                                  \
            _Pragma("GCC unroll 10")                                                                                   \
            for (int i = 0; i < MAPS; i++) {                                                                           \
                sum[i][0] = times(sum[i][0], w[i], a);                                                                 \
                sum[i][1] = times(sum[i][1], w[i], b);                                                                 \
            }                                                                                                          \
        }                                                                                                              \
        _Pragma("GCC unroll 10")                                                                                       \
        for (int i = 0; i < MAPS; i++)                                                                                 \
            _Pragma("GCC unroll 2")                                                                                    \
            for (int v = 0; v < 2; v++)                                                                                \
                _mm512_storeu_ps(out + (size_t)i * out_step + v * LANES,                                               \
                                 ends->relu ? _mm512_max_ps(sum[i][v], _mm512_setzero_ps()) : sum[i][v]);              \
    }
TEN_BLOCKS(PAIRS_BLOCK)

static rows_block *const pairs_blocks[KERNELS_MAPS + 1] = { TEN_NAMES(pairs_block) };

void HALF(pairs_product)(float *out, size_t out_step, const uint32_t *packed, const uint32_t *in, const int32_t *offsets,
                         int m, int k, int n, struct kernels_ends ends)
{
    rows_panels(pairs_blocks, KERNELS_MAPS, out, out_step, packed, in, offsets, m, k, n, ends);
}

enum { OUTER_MAPS = 4, OUTER_TAPS = 6 };

/* A block of maps by taps over all samples; the sums of lanes are taken once. */
#define HALF_BLOCK(MAPS, TAPS)                                                                                         \
    static void half_block##MAPS##x##TAPS(float *restrict wg, int k, const struct kernels_outer *o, int map, int tap,  \
                                          int n)                                                                       \
    {                                                                                                                  \
        __m512 sum[MAPS][TAPS];                                                                                        \
        _Pragma("GCC unroll 4")                                                                                        \
        for (int i = 0; i < MAPS; i++)                                                                                 \
            _Pragma("GCC unroll 6")                                                                                    \
            for (int t = 0; t < TAPS; t++)                                                                             \
                sum[i][t] = _mm512_setzero_ps();                                                                       \
        for (int s = 0; s < o->samples; s++) {                                                                         \
            const uint16_t *grad = o->grad + (size_t)s * o->grad_next + (size_t)map * o->grad_step;                    \
            const uint16_t *in = o->in + (size_t)s * o->in_next, *row[TAPS];                                           \
            size_t step = o->grad_step;                                                                                \
            _Pragma("GCC unroll 6")                                                                                    \
            for (int t = 0; t < TAPS; t++)                                                                             \
                row[t] = in + o->offsets[tap + t];                                                                     \
            for (int x = 0; x < n; x += 2 * LANES) {                                                                   \
                __m512bh g[MAPS];                                                                                      \
                _Pragma("GCC unroll 4")                                                                                \
                for (int i = 0; i < MAPS; i++)                                                                         \
                    g[i] = (__m512bh)_mm512_loadu_si512(grad + (size_t)i * step + x);                                  \
                _Pragma("GCC unroll 6")                                                                                \
                for (int t = 0; t < TAPS; t++) {                                                                       \
                    __m512bh r = (__m512bh)_mm512_loadu_si512(row[t] + x);                                             \
                    _Pragma("GCC unroll 4")                                                                            \
                    for (int i = 0; i < MAPS; i++)                                                                     \
                        sum[i][t] = _mm512_dpbf16_ps(sum[i][t], g[i], r);                                              \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        _Pragma("GCC unroll 4")                                                                                        \
        for (int i = 0; i < MAPS; i++)                                                                                 \
            _Pragma("GCC unroll 6")                                                                                    \
            for (int t = 0; t < TAPS; t++)                                                                             \
                wg[(map + i) * k + tap + t] += _mm512_reduce_add_ps(sum[i][t]);                                        \
    }
HALF_BLOCK(1, 1)
HALF_BLOCK(4, 1)
HALF_BLOCK(1, 6)
HALF_BLOCK(4, 6)

void HALF(half_outer)(float *weight_grad, const struct kernels_outer *o, int m, int k, int n)
{
    for (int i = 0; i < m;) {
        bool many = i + OUTER_MAPS <= m;
        int t = 0;
        for (; t + OUTER_TAPS <= k; t += OUTER_TAPS)
            (many ? half_block4x6 : half_block1x6)(weight_grad, k, o, i, t, n);
        for (; t < k; t++)
            (many ? half_block4x1 : half_block1x1)(weight_grad, k, o, i, t, n);
        i += many ? OUTER_MAPS : 1;
    }
}
#endif
