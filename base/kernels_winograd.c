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

void JOIN(transpose_, KERNELS)(float *restrict out, size_t out_step, const float *restrict in, size_t in_step, int rows,
                               int columns, bool add)
{
    for (int y = 0; y < rows; y += 4)
        for (int x = 0; x < columns; x += 4) {
            const float *from = in + (size_t)y * in_step + x;
            float *to = out + (size_t)x * out_step + y;
            if (y + 4 > rows || x + 4 > columns) { /* the edge */
                for (int i = 0; i < 4 && y + i < rows; i++)
                    for (int k = 0; k < 4 && x + k < columns; k++) {
                        float *one = &to[(size_t)k * out_step + (size_t)i];
                        *one = from[(size_t)i * in_step + (size_t)k] + (add ? *one : 0);
                    }
                continue;
            }
            vec4 a = *(const vec4 *)from, b = *(const vec4 *)(from + in_step), c = *(const vec4 *)(from + 2 * in_step),
                 d = *(const vec4 *)(from + 3 * in_step);
            vec4 ab = __builtin_shuffle(a, b, (index4){ 0, 4, 1, 5 }), ba = __builtin_shuffle(a, b, (index4){ 2, 6, 3, 7 });
            vec4 cd = __builtin_shuffle(c, d, (index4){ 0, 4, 1, 5 }), dc = __builtin_shuffle(c, d, (index4){ 2, 6, 3, 7 });
            vec4 turned[4] = {
                __builtin_shuffle(ab, cd, (index4){ 0, 1, 4, 5 }), __builtin_shuffle(ab, cd, (index4){ 2, 3, 6, 7 }),
                __builtin_shuffle(ba, dc, (index4){ 0, 1, 4, 5 }), __builtin_shuffle(ba, dc, (index4){ 2, 3, 6, 7 }),
            };
            _Pragma("GCC unroll 4")
            for (size_t k = 0; k < 4; k++) {
                vec4 *one = (vec4 *)(to + k * out_step);
                *one = add ? *one + turned[k] : turned[k];
            }
        }
}
