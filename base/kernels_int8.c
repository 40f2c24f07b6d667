/* SPDX-License-Identifier: MIT
 * Products of bytes: one instruction multiplies and adds 64 pairs, four times what floats reach. Compiled once per
 * instruction set, and empty for those without that instruction (kernels_int8_reference.c stands in). */
#include "base/kernels_vector.h"

#ifdef __AVX512VNNI__
#include <immintrin.h>

struct kernels_range INT8(range)(const float *x, size_t n)
{
    __m512 low[4], high[4];
    for (int i = 0; i < 4; i++)
        low[i] = high[i] = _mm512_setzero_ps();
    size_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        for (int v = 0; v < 4; v++) {
            __m512 a = _mm512_loadu_ps(x + i + v * LANES);
            low[v] = _mm512_min_ps(low[v], a);
            high[v] = _mm512_max_ps(high[v], a);
        }
    for (; i < n; i += LANES) {
        __m512 a = _mm512_maskz_loadu_ps(lanes_of((int)(n - i)), x + i);
        low[0] = _mm512_min_ps(low[0], a);
        high[0] = _mm512_max_ps(high[0], a);
    }
    low[0] = _mm512_min_ps(_mm512_min_ps(low[0], low[1]), _mm512_min_ps(low[2], low[3]));
    high[0] = _mm512_max_ps(_mm512_max_ps(high[0], high[1]), _mm512_max_ps(high[2], high[3]));
    return (struct kernels_range){ _mm512_reduce_min_ps(low[0]), _mm512_reduce_max_ps(high[0]) };
}

static inline __m512i levels(__m512 x, __m512 low, __m512 per)
{
    return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_sub_ps(x, low), per));
}

void INT8(byte_quads)(uint32_t *out, const float *in, size_t in_step, int rows, float low, float per, int n)
{
    const __m512 from = _mm512_set1_ps(low), times = _mm512_set1_ps(per);
    for (int x = 0; x < n; x += LANES) {
        __mmask16 part = lanes_of(n - x);
        __m512i level[4];
        _Pragma("GCC unroll 4")
        for (int r = 0; r < 4; r++)
            level[r] = levels(_mm512_maskz_loadu_ps(part, in + (size_t)(r < rows ? r : 0) * in_step + x), from, times);
        level[0] = _mm512_or_si512(level[0], rows > 1 ? _mm512_slli_epi32(level[1], 8) : _mm512_setzero_si512());
        level[2] = _mm512_or_si512(rows > 2 ? level[2] : _mm512_setzero_si512(),
                                   rows > 3 ? _mm512_slli_epi32(level[3], 8) : _mm512_setzero_si512());
        _mm512_mask_storeu_epi32(out + x, part, _mm512_or_si512(level[0], _mm512_slli_epi32(level[2], 16)));
    }
}

void INT8(pack_pixels)(uint8_t *out, const uint8_t *in, int n)
{
    const __m512i in_quarter = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m512i quarters = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
    for (int x = 0; x < n; x += LANES, out += 3 * LANES, in += 4 * LANES) {
        int part = n - x < LANES ? n - x : LANES;
        __m512i pixels = _mm512_maskz_loadu_epi32(lanes_of(part), in);
        pixels = _mm512_permutexvar_epi32(quarters, _mm512_shuffle_epi8(pixels, in_quarter));
        _mm512_mask_storeu_epi8(out, ((__mmask64)1 << 3 * part) - 1, pixels);
    }
}

/* The instruction itself: around its intrinsic GCC 12 copies and spills every sum. */
static inline __m512i plus_products(__m512i sum, __m512i levels, __m512i weights)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(levels), "v"(weights));
    return sum;
}

/* A block of maps by two vectors of places, as in kernels_rows.c. */
#define QUADS_BLOCK(MAPS)                                                                                              \
    static void quads_block##MAPS(float *restrict out, size_t out_step, const void *weights, int w_step,               \
                                  const void *rows, const int32_t *restrict offsets, int k, const struct kernels_ends *ends) \
    {                                                                                                                  \
        const uint32_t *restrict w = weights, *in = rows;                                                              \
        __m512i sum[MAPS][2];                                                                                          \
        _Pragma("GCC unroll 10")                                                                                       \
        for (int i = 0; i < MAPS; i++)                                                                                 \
            sum[i][0] = sum[i][1] = _mm512_setzero_si512();                                                            \
        for (int t = 0; t < k; t++, w += w_step) {                                                                     \
            const uint32_t *row = in + offsets[t];                                                                     \
            __m512i a = _mm512_loadu_si512(row), b = _mm512_loadu_si512(row + LANES);                                  \
            _Pragma("GCC unroll 10")                                                                                   \
            for (int i = 0; i < MAPS; i++) {                                                                           \
                __m512i by = _mm512_set1_epi32((int)w[i]);                                                             \
                sum[i][0] = plus_products(sum[i][0], a, by);                                                           \
                sum[i][1] = plus_products(sum[i][1], b, by);                                                           \
            }                                                                                                          \
        }                                                                                                              \
        const __m512 least = _mm512_set1_ps(ends->relu ? 0.0f : -3.4e38f);                                             \
        _Pragma("GCC unroll 10")                                                                                       \
        for (int i = 0; i < MAPS; i++)                                                                                 \
            _Pragma("GCC unroll 2")                                                                                    \
            for (int v = 0; v < 2; v++) {                                                                              \
                float *at = out + (size_t)i * out_step + v * LANES;                                                    \
                __m512 from = ends->add    ? _mm512_loadu_ps(at)                                                       \
                              : ends->bias ? _mm512_set1_ps(ends->bias[i])                                             \
                                          : _mm512_setzero_ps();                                                       \
                from = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[i][v]), _mm512_set1_ps(ends->factor[i]), from);          \
                _mm512_storeu_ps(at, _mm512_max_ps(from, least));                                                      \
            }                                                                                                          \
    }
TEN_BLOCKS(QUADS_BLOCK)

static rows_block *const quads_blocks[KERNELS_MAPS + 1] = { TEN_NAMES(quads_block) };

void INT8(quads_product)(float *out, size_t out_step, const uint32_t *packed, const uint32_t *in, const int32_t *offsets,
                          int m, int k, int n, struct kernels_ends ends)
{
    rows_panels(quads_blocks, KERNELS_MAPS, out, out_step, packed, in, offsets, m, k, n, ends);
}
#endif
