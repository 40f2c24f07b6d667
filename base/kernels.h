/* SPDX-License-Identifier: MIT
 * Table of fast loops: one const table per instruction set, all from one source (kernels_vector.c), and the plain
 * C twin (kernels_reference.c) that they are tested against. Planes are row-major floats. */
#ifndef FACETRAIL_BASE_KERNELS_H
#define FACETRAIL_BASE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KERNELS_SLACK = 32, KERNELS_MAPS = 10 }; /* rows_product works on so many maps at once */
enum { KERNELS_GROUP = 64 };                    /* codes that hamming_near compares at once */
struct kernels_near { uint32_t number, distance; };

/* How a product of rows begins and ends: from what `out` holds, or from bias[m] (NULL: 0); at least 0 with relu. A sum of
 * bytes counts factor[m] times. */
struct kernels_ends { bool add, relu; const float *bias, *factor; };
struct kernels_range { float low, high; };
/* A plane w x h, and which rows of the output are wanted: n from `first` on, the first of which goes where `out` points. */
struct kernels_rows { int w, h, stride, first, n; };

/* What half_outer multiplies; steps in halves. */
struct kernels_outer {
    const uint16_t *grad, *in;
    size_t grad_step, grad_next, in_next; /* from map to map; from picture to picture */
    const int32_t *offsets;               /* of the k rows in `in` */
    int samples;
};

/* Winograd's convolution F(4x4, 3x3): 6x6 inputs, 3x3 weights and 4x4 outputs of a channel to and from 6x6 factors;
 * _BACK are the transposes: gradients of the result to gradients of what was transformed. */
enum kernels_winograd {
    WINOGRAD_INPUT,
    WINOGRAD_INPUT_BACK,
    WINOGRAD_OUTPUT,
    WINOGRAD_OUTPUT_BACK,
    WINOGRAD_WEIGHTS,
    WINOGRAD_WEIGHTS_BACK,
};

/* Places (x + i dx, y + i dy) of a picture of pixels of 4 bytes; what lies outside counts as the nearest edge. */
struct kernels_line { const uint8_t *pixels; ptrdiff_t stride; int w, h; float x, y, dx, dy; };

struct kernels_gate { float factor, shift; };

struct kernels {
    /* "reference", "sse2", "avx2", "avx512", "vpopcnt" (AVX-512 that also counts bits and multiplies bytes), "bf16"
     * (and multiplies bfloat16), "amx" (and multiplies it tile by tile) */
    const char *name;
    void (*relu)(float *x, size_t n);
    /* grad[i] = out[i] > 0 ? grad[i] : 0 */
    void (*relu_backward)(float *grad, const float *out, size_t n);
    /* out[i] = a * in[i] + b, then, with relu, at least 0; in place allowed */
    void (*affine)(float *out, const float *in, float a, float b, bool relu, size_t n);
    void (*add)(float *out, const float *in, size_t n);            /* out += in */
    void (*axpy)(float *out, float a, const float *in, size_t n);  /* out += a in */
    float (*sum)(const float *x, size_t n);
    float (*dot)(const float *x, const float *y, size_t n);
    /* x[i] = exp(x[i]) / sum of all exp(x), n > 0; returns the logarithm of that sum. */
    float (*softmax)(float *x, size_t n);
    /* 2x2 windows, step 2, of a plane w x h; an odd last row or column is dropped. Backward: the gradient goes to
     * the first of the window's largest values, and is added, or with `set` written (0 elsewhere). */
    void (*max_pool2)(float *out, const float *in, int w, int h);
    void (*max_pool2_backward)(float *in_grad, const float *in, const float *out_grad, int w, int h, bool set);
    /* Short rows of n floats: `rows` of them, steps in floats. */
    void (*copy_rows)(float *out, size_t out_step, const float *in, size_t in_step, int n, int rows);
    void (*add_rows)(float *out, size_t out_step, const float *in, size_t in_step, int n, int rows); /* += */
    /* Every `parts`-th word: out[i * out_step + x] = in[x * parts + i], for i below parts, x below n. */
    void (*split)(uint32_t *out, size_t out_step, const uint32_t *in, int parts, int n);
    /* 3x3, one border pixel of zeros, one plane; stride 1 or 2; all of out is (w - 1) / stride + 1 by (h - 1) / stride + 1.
     * weights: 9, row by row. */
    void (*depthwise3)(float *out, const float *in, struct kernels_rows rows, const float *weights, float bias, bool relu);
    /* weight_grad[9] is added to; in_grad (may be NULL) is too, or with `set` written. */
    void (*depthwise3_backward)(float *in_grad, float *weight_grad, const float *in, const float *out_grad, int w,
                                int h, int stride, const float *weights, bool set);
    /* velocity = momentum * velocity + scale * grad + decay * weight;  weight -= rate * velocity;  grad = 0 */
    void (*momentum_step)(float *weight, float *velocity, float *grad, size_t n, float rate, float momentum,
                          float decay, float scale);
    /* Batch normalisation: sums of x and its squares; of grad and grad * x; in_grad += a * grad + b * x + shift, or with
     * `set` =. A relu stood behind gate.factor * x + gate.shift: where that is not above 0, grad counts as 0 ({0, 1}: no
     * relu). */
    void (*moments)(const float *x, size_t n, float *sum, float *squares);
    void (*normalize_sums)(const float *grad, const float *x, struct kernels_gate gate, size_t n, float *sum, float *with_x);
    void (*normalize_backward)(float *in_grad, const float *grad, const float *x, struct kernels_gate gate, float a, float b,
                               float shift, bool set, size_t n);
    /* Matrix products whose right side is rows at any place of a picture, so that a convolution needs no patches:
     * row k is in[offsets[k] .. offsets[k] + n - 1]. Up to KERNELS_SLACK floats behind a row may be read (and count
     * for nothing).
     * rows_product: out[m][x] = sum_k weights[m][k] row_k[x], between its ends. `packed`: see kernels_pack.
     * rows_outer: weight_grad[m][k] += sum_x grad[m][x] row_k[x]; grad's rows are grad_step apart and zero from n up
     * to the next multiple of 16. */
    void (*rows_product)(float *out, size_t out_step, const float *packed, const float *in, const int32_t *offsets, int m,
                         int k, int n, struct kernels_ends ends);
    void (*rows_outer)(float *weight_grad, const float *grad, size_t grad_step, const float *in,
                       const int32_t *offsets, int m, int k, int n);
    /* A product of small matrices as they lie, for which copying would cost as much as multiplying: out[i][x] is, or with
     * `add` grows by, sum_t left[i left_row + t left_column] right[t right_step + x]. n is a multiple of 16. */
    void (*product)(float *out, size_t out_step, const float *left, size_t left_row, size_t left_column, const float *right,
                    size_t right_step, int m, int k, int n, bool add);
    /* The same products from bfloat16, for learning; sums stay floats. Where `fast_half` is false they are the plain C
     * twin, which nobody should learn with.
     * half_rows: floats rounded to the nearest, rows as in copy_rows. half_pairs: place by place the pair (even, odd) of
     * two rows, the even one in the low bits; odd NULL: zeros.
     * pairs_product: rows_product whose taps, weights and rows are pairs: kernels_pack_pairs, half_pairs.
     * half_outer: rows_outer over `samples` pictures; rows of halves; grad is zero from n up to a multiple of 32. */
    bool fast_half;
    bool tiles; /* pairs_product and half_outer multiply by tiles, which beats convolutions of floats that need fewer products */
    void (*half_rows)(uint16_t *out, size_t out_step, const float *in, size_t in_step, int n, int rows);
    void (*half_pairs)(uint32_t *out, size_t out_step, const float *even, const float *odd, size_t in_step, int n,
                       int rows);
    void (*pairs_product)(float *out, size_t out_step, const uint32_t *packed, const uint32_t *in,
                          const int32_t *offsets, int m, int k, int n, struct kernels_ends ends);
    void (*half_outer)(float *weight_grad, const struct kernels_outer *o, int m, int k, int n);
    /* The same products from bytes, for running: inputs are levels 0 to 255, weights -127 to 127, four of each in a word
     * (the first in the low bits), sums whole numbers. Weights of a word's first two inputs, and of its last two, must add up
     * to no more than quad_pair or less than -quad_pair. Where `fast_int8` is false they are the plain C twin.
     * range: the least and the largest of x and 0.
     * byte_quads: place by place the levels of up to four rows, round((in - low) * per); in is not below low.
     * pack_pixels: n pixels of four bytes without their last bytes.
     * quads_product: rows_product whose taps, weights and rows are quads: kernels_pack_quads, byte_quads. */
    bool fast_int8;
    int quad_pair;
    struct kernels_range (*range)(const float *x, size_t n);
    void (*byte_quads)(uint32_t *out, const float *in, size_t in_step, int rows, float low, float per, int n);
    void (*pack_pixels)(uint8_t *out, const uint8_t *in, int n);
    void (*quads_product)(float *out, size_t out_step, const uint32_t *packed, const uint32_t *in,
                          const int32_t *offsets, int m, int k, int n, struct kernels_ends ends);
    /* out[x][y] = in[y][x], or += */
    void (*transpose)(float *out, size_t out_step, const float *in, size_t in_step, int rows, int columns, bool add);
    /* One tile of n channels (a multiple of 16) that lie side by side; places are row and step floats apart. Written, or
     * added to. */
    void (*winograd)(enum kernels_winograd how, float *out, size_t out_row, size_t out_step, const float *in,
                     size_t in_row, size_t in_step, int n, bool add);
    /* Bilinear look-ups at n places of a line: out [n][4]; up to 15 places behind may be looked up and written as well.
     * bytes: non-negative floats below 255.5, rounded. */
    void (*bilinear)(float *out, const struct kernels_line *line, int n);
    void (*bytes)(uint8_t *out, const float *in, size_t n);
    int (*hamming)(const uint64_t *a, const uint64_t *b, size_t n_words);
    /* Which of n codes differ from `code` in at most `most` bits: writes their numbers, rising, with their distances
     * (out: room for n) and returns how many. The codes lie in groups of KERNELS_GROUP, a group word by word:
     * [group][n_words][KERNELS_GROUP]; the last group is whole, too. */
    size_t (*hamming_near)(struct kernels_near *out, const uint64_t *groups, const uint64_t *code, size_t n_words,
                           size_t n, int most);
};

/* weights [m, k] as rows_product wants them: blocks of KERNELS_MAPS maps, in each [k][map]; the last block is smaller.
 * step_m and step_k: floats from map to map and from tap to tap, so that a transpose packs as well. */
void kernels_pack(float *packed, const float *weights, size_t step_m, size_t step_k, int m, int k);

/* Where map i of m lies in such weights of k taps, or of any other packing below: its first tap, and from tap to tap. */
struct kernels_packed { size_t at; int step; };
static inline struct kernels_packed kernels_packed_at(int i, int m, int k)
{
    int first = i / KERNELS_MAPS * KERNELS_MAPS;
    return (struct kernels_packed){ (size_t)first * (size_t)k + (size_t)(i - first), m - first < KERNELS_MAPS ? m - first : KERNELS_MAPS };
}

/* The nearest bfloat16, ties to even. */
static inline uint16_t kernels_half(float v)
{
    union { float f; uint32_t bits; } u = { v };
    return (uint16_t)((u.bits + 0x7fffu + (u.bits >> 16 & 1)) >> 16);
}

/* Weights (output o, input i, tap t) at o * step_out + i * step_in + t as pairs of inputs (2j, 2j + 1), tap by tap:
 * blocks of KERNELS_MAPS outputs, in each [ceil(n_in / 2) * taps][output]. */
void kernels_pack_pairs(uint32_t *packed, const float *weights, size_t step_out, size_t step_in, int n_out, int n_in,
                        int taps);

/* Weights [n_out, rows, width] as quads of neighbours in a row, the last of a row filled up with zeros: blocks of
 * KERNELS_MAPS outputs, in each [rows * ceil(width / 4)][output]. A level of output m's weights is worth factor[m], as little
 * as 127 levels and `pair`, the table's quad_pair, allow; sums[m] is the sum of its levels, which a shift of all inputs
 * counts by. */
void kernels_pack_quads(uint32_t *packed, float *factor, float *sums, const float *weights, int n_out, int rows, int width,
                        int pair);

enum cpu_feature { CPU_AVX2 = 1, CPU_AVX512 = 2, CPU_VPOPCNT = 4, CPU_BF16 = 8, CPU_AMX = 16 };
/* What this processor and system can do; FACETRAIL_KERNELS=reference, sse2, avx2, avx512, vpopcnt or bf16 in the environment
 * lowers it. */
unsigned cpu_features(void);
/* The best table for those features. */
const struct kernels *kernels_for(unsigned features);
const struct kernels *kernels_best(void); /* kernels_for(cpu_features()), or the reference when asked for */
/* All tables this processor can run, the reference first; returns how many. For tests and benches. */
int kernels_all(const struct kernels **tables, int max);

#endif
