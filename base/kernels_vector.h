/* SPDX-License-Identifier: MIT
 * What the files share that are compiled once per instruction set: names with the set behind. */
#ifndef FACETRAIL_BASE_KERNELS_VECTOR_H
#define FACETRAIL_BASE_KERNELS_VECTOR_H

#include <string.h>

#include "base/kernels.h"

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif
/* A register's worth of floats, anywhere in memory. */
typedef float vec __attribute__((vector_size(LANES * sizeof(float)), aligned(4)));
typedef int32_t ivec __attribute__((vector_size(LANES * sizeof(int32_t)), aligned(4)));
typedef float vec4 __attribute__((vector_size(16), aligned(4)));

#if defined(__AVX512F__)
/* The mask of the first `left` lanes, or of all. */
static inline uint16_t lanes_of(int left)
{
    return left < LANES ? (uint16_t)((1u << left) - 1) : 0xffff;
}

/* KERNELS_MAPS blocks, whose sums 32 registers hold, and the table of them. */
#define TEN_BLOCKS(B) B(1) B(2) B(3) B(4) B(5) B(6) B(7) B(8) B(9) B(10)
#define TEN_NAMES(n) NULL, n##1, n##2, n##3, n##4, n##5, n##6, n##7, n##8, n##9, n##10
#endif

static inline float lanes_sum(vec v)
{
    vec4 part[LANES / 4], s;
    memcpy(part, &v, sizeof part);
    s = part[0];
    for (int i = 1; i < LANES / 4; i++)
        s += part[i];
    return (s[0] + s[2]) + (s[1] + s[3]);
}

/* A block of maps by two vectors of places; weights and rows are words: floats, pairs of halves, or quads of bytes; a tap's weights are
 * w_step words from the next one's. */
typedef void rows_block(float *out, size_t out_step, const void *weights, int w_step, const void *rows,
                        const int32_t *offsets, int k, const struct kernels_ends *ends);

/* All blocks of a product of shifted rows: blocks[i] does i maps at once, `most` of them at the most: as many as have
 * their sums in registers. */
static inline void rows_panels(rows_block *const *blocks, int most, float *out, size_t out_step, const void *packed,
                               const void *in, const int32_t *offsets, int m, int k, int n, struct kernels_ends ends)
{
    enum { WIDE = 2 * LANES, PANEL = 4 * WIDE, TAPS = 256 };
    float edge[KERNELS_MAPS * WIDE] = {0};
    for (int tap = 0; tap < k || tap == 0; tap += TAPS) { /* rows and weights of some taps stay in the first-level cache */
        int taps = k - tap < TAPS ? k - tap : TAPS;
        struct kernels_ends now = { ends.add || tap > 0, ends.relu && tap + TAPS >= k, NULL, NULL };
        for (int panel = 0; panel < n; panel += PANEL)
            for (int first = 0, maps; first < m; first += maps) {
                int in_block = first % KERNELS_MAPS, block = first - in_block;
                int w_step = m - block < KERNELS_MAPS ? m - block : KERNELS_MAPS, parts = (w_step + most - 1) / most;
                maps = (w_step + parts - 1) / parts;
                maps = w_step - in_block < maps ? w_step - in_block : maps;
                const uint32_t *w = (const uint32_t *)packed + (size_t)block * (size_t)k + tap * w_step + in_block;
                const uint32_t *rows = in;
                float *to = out + (size_t)first * out_step;
                now.bias = ends.bias ? ends.bias + first : NULL;
                now.factor = ends.factor ? ends.factor + first : NULL;
                int end = panel + PANEL < n ? panel + PANEL : n, x = panel;
                for (; x + WIDE <= end; x += WIDE)
                    blocks[maps](to + x, out_step, w, w_step, rows + x, offsets + tap, taps, &now);
                if (x == end)
                    continue;
                size_t left = (size_t)(end - x) * sizeof(float);
                for (int i = 0; now.add && i < maps; i++)
                    memcpy(edge + i * WIDE, to + (size_t)i * out_step + x, left);
                blocks[maps](edge, WIDE, w, w_step, rows + x, offsets + tap, taps, &now);
                for (int i = 0; i < maps; i++)
                    memcpy(to + (size_t)i * out_step + x, edge + i * WIDE, left);
            }
    }
}

extern const struct kernels JOIN(kernels_, KERNELS);
void JOIN(rows_product_, KERNELS)(float *out, size_t out_step, const float *packed, const float *in,
                                  const int32_t *offsets, int m, int k, int n, struct kernels_ends ends);
void JOIN(product_, KERNELS)(float *out, size_t out_step, const float *left, size_t left_row, size_t left_column, const float *right,
                             size_t right_step, int m, int k, int n, bool add);
void JOIN(rows_outer_, KERNELS)(float *weight_grad, const float *grad, size_t grad_step, const float *in,
                                const int32_t *offsets, int m, int k, int n);
void JOIN(depthwise3_, KERNELS)(float *out, const float *in, struct kernels_rows rows, const float *weights, float bias,
                                bool clip);
void JOIN(depthwise3_backward_, KERNELS)(float *in_grad, float *weight_grad, const float *in, const float *out_grad, int w,
                                         int h, int stride, const float *weights, bool set);
void JOIN(transpose_, KERNELS)(float *out, size_t out_step, const float *in, size_t in_step, int rows, int columns, bool add);
void JOIN(winograd_, KERNELS)(enum kernels_winograd how, float *out, size_t out_row, size_t out_step, const float *in,
                              size_t in_row, size_t in_step, int n, bool add);
void transpose_reference(float *out, size_t out_step, const float *in, size_t in_step, int rows, int columns, bool add);
void winograd_reference(enum kernels_winograd how, float *out, size_t out_row, size_t out_step, const float *in,
                        size_t in_row, size_t in_step, int n, bool add);

void bilinear_reference(float *out, const struct kernels_line *line, int n);
#ifdef __AVX2__
#define BILINEAR JOIN(bilinear_, KERNELS)
void BILINEAR(float *out, const struct kernels_line *line, int n);
#else
#define BILINEAR bilinear_reference
#endif

/* bfloat16: kernels_half.c where the set has it, else kernels_half_reference.c. */
#ifdef __AVX512BF16__
#define HALF(name) JOIN(JOIN2(name, _), KERNELS)
enum { FAST_HALF = 1 };
#else
#define HALF(name) name##_reference
enum { FAST_HALF = 0 };
#endif
void HALF(half_rows)(uint16_t *out, size_t out_step, const float *in, size_t in_step, int n, int rows);
void HALF(half_pairs)(uint32_t *out, size_t out_step, const float *even, const float *odd, size_t in_step, int n, int rows);
void HALF(pairs_product)(float *out, size_t out_step, const uint32_t *packed, const uint32_t *in, const int32_t *offsets,
                         int m, int k, int n, struct kernels_ends ends);
void HALF(half_outer)(float *weight_grad, const struct kernels_outer *o, int m, int k, int n);

/* The two products of them: kernels_tiles.c where the set has tiles. */
#ifdef __AMX_BF16__
#define TILES(name) JOIN(tiles_##name##_, KERNELS)
enum { HAS_TILES = 1 };
void TILES(pairs_product)(float *out, size_t out_step, const uint32_t *packed, const uint32_t *in, const int32_t *offsets,
                          int m, int k, int n, struct kernels_ends ends);
void TILES(half_outer)(float *weight_grad, const struct kernels_outer *o, int m, int k, int n);
#else
#define TILES(name) HALF(name)
enum { HAS_TILES = 0 };
#endif

/* Bytes: kernels_int8.c and kernels_int8_avx2.c likewise. */
#if defined(__AVX512VNNI__)
#define INT8(name) JOIN(JOIN2(name, _), KERNELS)
enum { FAST_INT8 = 1, QUAD_PAIR = 255 };
#elif defined(__AVX2__) && !defined(__AVX512F__)
#define INT8(name) JOIN(JOIN2(name, _), KERNELS)
enum { FAST_INT8 = 1, QUAD_PAIR = 128 };
#else
#define INT8(name) name##_reference
enum { FAST_INT8 = 0, QUAD_PAIR = 255 };
#endif
struct kernels_range INT8(range)(const float *x, size_t n);
void INT8(byte_quads)(uint32_t *out, const float *in, size_t in_step, int rows, float low, float per, int n);
void INT8(pack_pixels)(uint8_t *out, const uint8_t *in, int n);
void INT8(quads_product)(float *out, size_t out_step, const uint32_t *packed, const uint32_t *in, const int32_t *offsets,
                          int m, int k, int n, struct kernels_ends ends);

#endif
