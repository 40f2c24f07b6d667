/* SPDX-License-Identifier: MIT
 * The six transforms of Winograd's convolution, many channels at once; compiled once per instruction set like
 * kernels_vector.c. Points 0, 1, -1, 2, -2 and infinity: Lavin, Gray: Fast Algorithms for Convolutional Neural Networks,
 * CVPR 2016. The matrices themselves stand in kernels_winograd_reference.c. */
#include "base/kernels_vector.h"

static inline void input(vec *restrict o, const vec *restrict x)
{
    vec a = x[4] - 4 * x[2], b = x[3] - 4 * x[1], c = x[4] - x[2], d = 2 * (x[3] - x[1]);
    o[0] = 4 * x[0] - 5 * x[2] + x[4];
    o[1] = a + b;
    o[2] = a - b;
    o[3] = c + d;
    o[4] = c - d;
    o[5] = 4 * x[1] - 5 * x[3] + x[5];
}

static inline void input_back(vec *restrict o, const vec *restrict x)
{
    vec a = x[1] + x[2], b = x[1] - x[2], c = x[3] + x[4], d = x[3] - x[4];
    o[0] = 4 * x[0];
    o[1] = 4 * x[5] - 4 * b - 2 * d;
    o[2] = -5 * x[0] - 4 * a - c;
    o[3] = b + 2 * d - 5 * x[5];
    o[4] = x[0] + a + c;
    o[5] = x[5];
}

static inline void output(vec *restrict o, const vec *restrict x)
{
    vec a = x[1] + x[2], b = x[1] - x[2], c = x[3] + x[4], d = x[3] - x[4];
    o[0] = x[0] + a + c;
    o[1] = b + 2 * d;
    o[2] = a + 4 * c;
    o[3] = b + 8 * d + x[5];
}

static inline void output_back(vec *restrict o, const vec *restrict x)
{
    vec a = x[0] + x[2], b = x[1] + x[3], c = x[0] + 4 * x[2], d = 2 * x[1] + 8 * x[3];
    o[0] = x[0];
    o[1] = a + b;
    o[2] = a - b;
    o[3] = c + d;
    o[4] = c - d;
    o[5] = x[3];
}

static inline void weights(vec *restrict o, const vec *restrict x)
{
    vec a = (x[0] + x[2]) * (-1 / 6.f), b = x[1] * (1 / 6.f), c = x[0] * (1 / 24.f) + x[2] * (1 / 6.f), d = x[1] * (1 / 12.f);
    o[0] = x[0] * 0.25f;
    o[1] = a - b;
    o[2] = a + b;
    o[3] = c + d;
    o[4] = c - d;
    o[5] = x[2];
}

static inline void weights_back(vec *restrict o, const vec *restrict x)
{
    vec a = (x[1] + x[2]) * (-1 / 6.f), b = (x[2] - x[1]) * (1 / 6.f), c = x[3] + x[4], d = (x[3] - x[4]) * (1 / 12.f);
    o[0] = x[0] * 0.25f + a + c * (1 / 24.f);
    o[1] = b + d;
    o[2] = a + c * (1 / 6.f) + x[5];
}

/* Down the columns, then along the rows. */
#define TILE(HOW, FROM, TO)                                                                                            \
    static void HOW##_tile(float *restrict out, size_t out_row, size_t out_step, const float *restrict in, size_t in_row, \
                           size_t in_step, int n, bool add)                                                            \
    {                                                                                                                  \
        for (int at = 0; at < n; at += LANES, in += LANES, out += LANES) {                                             \
            vec part[TO][FROM], column[FROM], to[TO];                                                                  \
            _Pragma("GCC unroll 6")                                                                                    \
            for (size_t x = 0; x < FROM; x++) {                                                                        \
                _Pragma("GCC unroll 6")                                                                                \
                for (size_t y = 0; y < FROM; y++)                                                                      \
                    column[y] = *(const vec *)(in + y * in_row + x * in_step);                                         \
                HOW(to, column);                                                                                       \
                _Pragma("GCC unroll 6")                                                                                \
                for (size_t y = 0; y < TO; y++)                                                                        \
                    part[y][x] = to[y];                                                                                \
            }                                                                                                          \
            _Pragma("GCC unroll 6")                                                                                    \
            for (size_t y = 0; y < TO; y++) {                                                                          \
                HOW(to, part[y]);                                                                                      \
                _Pragma("GCC unroll 6")                                                                                \
                for (size_t x = 0; x < TO; x++) {                                                                      \
                    vec *at_out = (vec *)(out + y * out_row + x * out_step);                                           \
                    *at_out = add ? *at_out + to[x] : to[x];                                                           \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }
TILE(input, 6, 6)
TILE(input_back, 6, 6)
TILE(output, 6, 4)
TILE(output_back, 4, 6)
TILE(weights, 3, 6)
TILE(weights_back, 6, 3)

void JOIN(winograd_, KERNELS)(enum kernels_winograd how, float *out, size_t out_row, size_t out_step, const float *in,
                              size_t in_row, size_t in_step, int n, bool add)
{
    static void (*const tiles[])(float *restrict, size_t, size_t, const float *restrict, size_t, size_t, int, bool) = {
        input_tile, input_back_tile, output_tile, output_back_tile, weights_tile, weights_back_tile,
    };
    tiles[how](out, out_row, out_step, in, in_row, in_step, n, add);
}

typedef int32_t index4 __attribute__((vector_size(16)));
#define TURN(a, b, ...) __builtin_shuffle(a, b, (index4){ __VA_ARGS__ })

static inline void turn4(float *to, size_t out_step, const float *from, size_t in_step, bool add)
{
    const vec4 a = *(const vec4 *)from, b = *(const vec4 *)(from + in_step), c = *(const vec4 *)(from + 2 * in_step),
               d = *(const vec4 *)(from + 3 * in_step);
    const vec4 ab = TURN(a, b, 0, 4, 1, 5), ba = TURN(a, b, 2, 6, 3, 7), cd = TURN(c, d, 0, 4, 1, 5), dc = TURN(c, d, 2, 6, 3, 7);
    const vec4 turned[4] = { TURN(ab, cd, 0, 1, 4, 5), TURN(ab, cd, 2, 3, 6, 7), TURN(ba, dc, 0, 1, 4, 5), TURN(ba, dc, 2, 3, 6, 7) };
    _Pragma("GCC unroll 4")
    for (size_t k = 0; k < 4; k++) {
        vec4 *one = (vec4 *)(to + k * out_step);
        *one = add ? *one + turned[k] : turned[k];
    }
}
#undef TURN

#if defined(__AVX__)
typedef float vec8 __attribute__((vector_size(32), aligned(4)));
typedef int32_t index8 __attribute__((vector_size(32)));
#define TURN(a, b, ...) __builtin_shuffle(a, b, (index8){ __VA_ARGS__ })

/* Pairs, fours, then the halves of eight. */
static inline void turn8(float *to, size_t out_step, const float *from, size_t in_step, bool add)
{
    vec8 row[8], pair[8], four[8];
    _Pragma("GCC unroll 8")
    for (size_t i = 0; i < 8; i++)
        row[i] = *(const vec8 *)(from + i * in_step);
    _Pragma("GCC unroll 4")
    for (size_t i = 0; i < 8; i += 2) {
        pair[i] = TURN(row[i], row[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        pair[i + 1] = TURN(row[i], row[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    _Pragma("GCC unroll 2")
    for (size_t i = 0; i < 8; i += 4)
        _Pragma("GCC unroll 2")
        for (size_t k = 0; k < 2; k++) {
            four[i + 2 * k] = TURN(pair[i + k], pair[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            four[i + 2 * k + 1] = TURN(pair[i + k], pair[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    _Pragma("GCC unroll 8")
    for (size_t k = 0; k < 8; k++) {
        const vec8 turned = k < 4 ? TURN(four[k], four[k + 4], 0, 1, 2, 3, 8, 9, 10, 11)
                                  : TURN(four[k - 4], four[k], 4, 5, 6, 7, 12, 13, 14, 15);
        vec8 *one = (vec8 *)(to + k * out_step);
        *one = add ? *one + turned : turned;
    }
}
#undef TURN
#else
#define turn8 turn4
#endif

static void turn_edge(float *to, size_t out_step, const float *from, size_t in_step, int rows, int columns, bool add)
{
    for (size_t i = 0; i < (size_t)rows; i++)
        for (size_t k = 0; k < (size_t)columns; k++) {
            float *one = &to[k * out_step + i];
            *one = add ? *one + from[i * in_step + k] : from[i * in_step + k];
        }
}

void JOIN(transpose_, KERNELS)(float *restrict out, size_t out_step, const float *restrict in, size_t in_step, int rows,
                               int columns, bool add)
{
    enum { MOST = LANES > 4 ? 8 : 4 };
    const int side = rows >= MOST && columns >= MOST ? MOST : 4;
    const bool twice = !add && rows >= side && columns >= side; /* what is only written may be written again: no edges */
    for (int down = 0; down < rows; down += side)
        for (int along = 0; along < columns; along += side) {
            const int y = twice && down + side > rows ? rows - side : down;
            const int x = twice && along + side > columns ? columns - side : along;
            const float *from = in + (size_t)y * in_step + x;
            float *to = out + (size_t)x * out_step + y;
            if (y + side > rows || x + side > columns)
                turn_edge(to, out_step, from, in_step, rows - y < side ? rows - y : side, columns - x < side ? columns - x : side, add);
            else if (side == 4)
                turn4(to, out_step, from, in_step, add);
            else
                turn8(to, out_step, from, in_step, add);
        }
}
