/* SPDX-License-Identifier: MIT
 * Products of bytes where one instruction multiplies 32 pairs but its sums of two have 16 bits: two neighbours' weights
 * together are at most 128 levels (QUAD_PAIR), so that 255 times that still fits. Three instructions for 32 products where
 * floats take four. Compiled once per instruction set, and empty for all but AVX2 (kernels_int8.c). */
#include "base/kernels_vector.h"

#if defined(__AVX2__) && !defined(__AVX512F__)
#include <immintrin.h>

static inline __m256i first_lanes(int left)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(left), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static float reduce(__m256 v, bool largest)
{
    float of[LANES];
    _mm256_storeu_ps(of, v);
    for (int i = 1; i < LANES; i++)
        of[0] = largest ? (of[i] > of[0] ? of[i] : of[0]) : (of[i] < of[0] ? of[i] : of[0]);
    return of[0];
}

struct kernels_range INT8(range)(const float *x, size_t n)
{
    __m256 low[4], high[4];
    for (int i = 0; i < 4; i++)
        low[i] = high[i] = _mm256_setzero_ps();
    size_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        for (int v = 0; v < 4; v++) {
            __m256 a = _mm256_loadu_ps(x + i + v * LANES);
            low[v] = _mm256_min_ps(low[v], a);
            high[v] = _mm256_max_ps(high[v], a);
        }
    for (; i < n; i += LANES) {
        __m256 a = _mm256_maskload_ps(x + i, first_lanes((int)(n - i)));
        low[0] = _mm256_min_ps(low[0], a);
        high[0] = _mm256_max_ps(high[0], a);
    }
    low[0] = _mm256_min_ps(_mm256_min_ps(low[0], low[1]), _mm256_min_ps(low[2], low[3]));
    high[0] = _mm256_max_ps(_mm256_max_ps(high[0], high[1]), _mm256_max_ps(high[2], high[3]));
    return (struct kernels_range){ reduce(low[0], false), reduce(high[0], true) };
}

/* Levels of LANES places of `rows` rows, side by side. */
static inline __m256i quads_of(const __m256 *row, int rows, __m256 from, __m256 times)
{
    __m256i quads = _mm256_setzero_si256();
    _Pragma("GCC unroll 4")
    for (int r = 0; r < rows; r++) {
        __m256i level = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_sub_ps(row[r], from), times));
        quads = _mm256_or_si256(quads, _mm256_slli_epi32(level, 8 * r));
    }
    return quads;
}

void INT8(byte_quads)(uint32_t *out, const float *in, size_t in_step, int rows, float low, float per, int n)
{
    const __m256 from = _mm256_set1_ps(low), times = _mm256_set1_ps(per);
    __m256 row[4];
    int x = 0;
    for (; rows == 4 && x + LANES <= n; x += LANES) {
        _Pragma("GCC unroll 4")
        for (int r = 0; r < 4; r++)
            row[r] = _mm256_loadu_ps(in + (size_t)r * in_step + x);
        _mm256_storeu_si256((__m256i *)(void *)(out + x), quads_of(row, 4, from, times));
    }
    for (; x < n; x += LANES) {
        __m256i part = first_lanes(n - x);
        for (int r = 0; r < rows; r++)
            row[r] = _mm256_maskload_ps(in + (size_t)r * in_step + x, part);
        _mm256_maskstore_epi32((int *)(void *)(out + x), part, quads_of(row, rows, from, times));
    }
}

void INT8(pack_pixels)(uint8_t *out, const uint8_t *in, int n)
{
    const __m128i of_four = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    int x = 0;
    for (; x + 6 <= n; x += 4) /* 16 bytes are written: those of four pixels and of one and a third to come */
        _mm_storeu_si128((__m128i *)(void *)(out + 3 * x),
                         _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(in + 4 * x)), of_four));
    for (; x < n; x++)
        memcpy(out + 3 * x, in + 4 * x, 3);
}

static inline __m256i plus_products(__m256i sum, __m256i levels, __m256i weights)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(levels, weights), _mm256_set1_epi16(1)));
}

/* A block of maps by two vectors of places, as in kernels_rows.c. */
#define QUADS_BLOCK(MAPS)                                                                                              \
    static void quads_block##MAPS(float *restrict out, size_t out_step, const void *weights, int w_step,               \
                                  const void *rows, const int32_t *restrict offsets, int k, const struct kernels_ends *ends) \
    {                                                                                                                  \
        const uint32_t *restrict w = weights, *in = rows;                                                              \
        __m256i sum[MAPS][2];                                                                                          \
        _Pragma("GCC unroll 5")                                                                                        \
        for (int i = 0; i < MAPS; i++)                                                                                 \
            sum[i][0] = sum[i][1] = _mm256_setzero_si256();                                                            \
        for (int t = 0; t < k; t++, w += w_step) {                                                                     \
            const __m256i *row = (const __m256i *)(const void *)(in + offsets[t]);                                     \
            __m256i a = _mm256_loadu_si256(row), b = _mm256_loadu_si256(row + 1);                                      \
            _Pragma("GCC unroll 5")                                                                                    \
            for (int i = 0; i < MAPS; i++) {                                                                           \
                __m256i by = _mm256_set1_epi32((int)w[i]);                                                             \
                sum[i][0] = plus_products(sum[i][0], a, by);                                                           \
                sum[i][1] = plus_products(sum[i][1], b, by);                                                           \
            }                                                                                                          \
        }                                                                                                              \
        const __m256 least = _mm256_set1_ps(ends->relu ? 0.0f : -3.4e38f);                                             \
        _Pragma("GCC unroll 5")                                                                                        \
        for (int i = 0; i < MAPS; i++)                                                                                 \
            _Pragma("GCC unroll 2")                                                                                    \
            for (int v = 0; v < 2; v++) {                                                                              \
                float *at = out + (size_t)i * out_step + v * LANES;                                                    \
                __m256 from = ends->add    ? _mm256_loadu_ps(at)                                                       \
                              : ends->bias ? _mm256_set1_ps(ends->bias[i])                                             \
                                          : _mm256_setzero_ps();                                                       \
                from = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[i][v]), _mm256_set1_ps(ends->factor[i]), from);          \
                _mm256_storeu_ps(at, _mm256_max_ps(from, least));                                                      \
            }                                                                                                          \
    }
QUADS_BLOCK(1)
QUADS_BLOCK(2)
QUADS_BLOCK(3)
QUADS_BLOCK(4)
QUADS_BLOCK(5)

static rows_block *const quads_blocks[] = { NULL, quads_block1, quads_block2, quads_block3, quads_block4, quads_block5 };

void INT8(quads_product)(float *out, size_t out_step, const uint32_t *packed, const uint32_t *in, const int32_t *offsets,
                          int m, int k, int n, struct kernels_ends ends)
{
    rows_panels(quads_blocks, 5, out, out_step, packed, in, offsets, m, k, n, ends);
}
#endif
