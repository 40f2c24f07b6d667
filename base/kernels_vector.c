/* SPDX-License-Identifier: MIT
 * The fast loops, compiled once per instruction set (see the Makefile: -DKERNELS=avx2 and so on). Plain loops that the
 * compiler turns into vectors: restrict pointers, no branches inside, `omp simd` where a sum may be reordered. */
#include <math.h>
#include <string.h>

#include "base/kernels_strips.h"

#define TEXT2(a) #a
#define TEXT(a) TEXT2(a)

static void relu(float *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] > 0 ? x[i] : 0;
}

static void relu_backward(float *restrict grad, const float *restrict out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        grad[i] = out[i] > 0 ? grad[i] : 0;
}

static void affine(float *out, const float *in, float a, float b, bool clip, size_t n)
{
    float least = clip ? 0.0f : -3.4e38f;
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        float v = a * in[i] + b;
        out[i] = v > least ? v : least;
    }
}

static void add(float *restrict out, const float *restrict in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] += in[i];
}

static void axpy(float *restrict out, float a, const float *restrict in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] += a * in[i];
}

/* Sums of several registers: an addition waits for the one before it, not for the memory. */
enum { SUMS = 4, SUMMED = SUMS * LANES };

static float sum(const float *restrict x, size_t n)
{
    vec s[SUMS] = { 0 };
    size_t i = 0;
    for (; i + SUMMED <= n; i += SUMMED)
        for (size_t k = 0; k < SUMS; k++)
            s[k] += *(const vec *)(x + i + k * LANES);
    float rest = 0;
    for (; i < n; i++)
        rest += x[i];
    return lanes_sum((s[0] + s[1]) + (s[2] + s[3])) + rest;
}

static float dot(const float *restrict x, const float *restrict y, size_t n)
{
    vec s[SUMS] = { 0 };
    size_t i = 0;
    for (; i + SUMMED <= n; i += SUMMED)
        for (size_t k = 0; k < SUMS; k++)
            s[k] += *(const vec *)(x + i + k * LANES) * *(const vec *)(y + i + k * LANES);
    float rest = 0;
    for (; i < n; i++)
        rest += x[i] * y[i];
    return lanes_sum((s[0] + s[1]) + (s[2] + s[3])) + rest;
}

static void pool_row(float *restrict out, const float *restrict top, const float *restrict low, int n)
{
    for (int x = 0; x < n; x++) {
        float a = top[2 * x] > top[2 * x + 1] ? top[2 * x] : top[2 * x + 1];
        float b = low[2 * x] > low[2 * x + 1] ? low[2 * x] : low[2 * x + 1];
        out[x] = a > b ? a : b;
    }
}

/* e^x for x at most 0: 2^n times a polynomial between -ln 2 / 2 and ln 2 / 2. */
static inline vec exp_below(vec x)
{
    const vec least = (vec){ 0 } - 87;
    ivec above = x > least;
    x = (vec)(((ivec)x & above) | ((ivec)least & ~above));
    ivec n = __builtin_convertvector(x * 1.44269504f - 0.5f, ivec);
    vec whole = __builtin_convertvector(n, vec), r = x - whole * 0.693359375f + whole * 2.12194440e-4f;
    vec p = 1.9875691500e-4f * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return (p * r * r + r + 1) * (vec)((n + 127) << 23);
}

static float softmax(float *x, size_t n)
{
    float most = x[0], total = 0, last[LANES];
    vec sums = { 0 };
    size_t i = 0;
#pragma omp simd reduction(max : most)
    for (size_t k = 0; k < n; k++)
        most = x[k] > most ? x[k] : most;
    for (; i + LANES <= n; i += LANES) {
        vec *at = (vec *)(x + i);
        *at = exp_below(*at - most);
        sums += *at;
    }
    for (size_t k = 0; k < LANES; k++) {
        total += sums[k];
        last[k] = i + k < n ? x[i + k] - most : -87;
    }
    *(vec *)last = exp_below(*(vec *)last);
    for (size_t k = 0; i + k < n; k++)
        total += x[i + k] = last[k];
    float part = 1 / total;
    for (size_t k = 0; k < n; k++)
        x[k] *= part;
    return most + logf(total);
}

static void max_pool2(float *out, const float *in, int w, int h)
{
    for (int y = 0; y < h / 2; y++) {
        const float *top = in + (size_t)(2 * y) * (size_t)w;
        pool_row(out + (size_t)y * (size_t)(w / 2), top, top + w, w / 2);
    }
}

static void pool_row_back(float *restrict top_grad, float *restrict low_grad, const float *restrict top,
                          const float *restrict low, const float *restrict grad, int n)
{
#pragma omp simd
    for (int x = 0; x < n; x++) {
        float a = top[2 * x], b = top[2 * x + 1], c = low[2 * x], d = low[2 * x + 1], g = grad[x];
        float ab = a > b ? a : b, cd = c > d ? c : d;
        float up = cd > ab ? 0 : g, down = g - up;
        float ga = b > a ? 0 : up, gc = d > c ? 0 : down;
        top_grad[2 * x] += ga;
        top_grad[2 * x + 1] += up - ga;
        low_grad[2 * x] += gc;
        low_grad[2 * x + 1] += down - gc;
    }
}

/* The same, written: LANES windows from a register of each column. */
static inline void pool_windows_back(float *top_grad, float *low_grad, const float *top, const float *low, const float *grad)
{
    const vec g = *(const vec *)grad;
    const vec t0 = *(const vec *)top, t1 = *(const vec *)(top + LANES), l0 = *(const vec *)low, l1 = *(const vec *)(low + LANES);
    const vec a = __builtin_shuffle(t0, t1, (ivec){ EVENS }), b = __builtin_shuffle(t0, t1, (ivec){ ODDS });
    const vec c = __builtin_shuffle(l0, l1, (ivec){ EVENS }), d = __builtin_shuffle(l0, l1, (ivec){ ODDS });
    const ivec second = b > a, fourth = d > c;
    const vec ab = (vec)(((ivec)b & second) | ((ivec)a & ~second)), cd = (vec)(((ivec)d & fourth) | ((ivec)c & ~fourth));
    const ivec lower = cd > ab, up = (ivec)g & ~lower, down = (ivec)g & lower;
    const vec ga = (vec)(up & ~second), gb = (vec)(up & second), gc = (vec)(down & ~fourth), gd = (vec)(down & fourth);
    *(vec *)top_grad = __builtin_shuffle(ga, gb, (ivec){ ZIP_LOW });
    *(vec *)(top_grad + LANES) = __builtin_shuffle(ga, gb, (ivec){ ZIP_HIGH });
    *(vec *)low_grad = __builtin_shuffle(gc, gd, (ivec){ ZIP_LOW });
    *(vec *)(low_grad + LANES) = __builtin_shuffle(gc, gd, (ivec){ ZIP_HIGH });
}

static void pool_row_back_set(float *top_grad, float *low_grad, const float *top, const float *low, const float *grad, int w)
{
    int n = w / 2;
    for (int x = 0; x < n; x += LANES) {
        int at = x + LANES <= n ? x : n - LANES; /* the last may overlap the one before */
        pool_windows_back(top_grad + 2 * at, low_grad + 2 * at, top + 2 * at, low + 2 * at, grad + at);
    }
    if (w % 2)
        top_grad[w - 1] = low_grad[w - 1] = 0;
}

static void max_pool2_backward(float *in_grad, const float *in, const float *out_grad, int w, int h, bool set)
{
    for (int y = 0; y < h / 2; y++) {
        size_t at = (size_t)(2 * y) * (size_t)w;
        const float *grad = out_grad + (size_t)y * (size_t)(w / 2);
        if (set && w / 2 >= LANES) {
            pool_row_back_set(in_grad + at, in_grad + at + w, in + at, in + at + w, grad, w);
            continue;
        }
        if (set) /* two rows at a time: they are still in the cache when they are added to */
            memset(in_grad + at, 0, 2 * (size_t)w * sizeof(float));
        pool_row_back(in_grad + at, in_grad + at + w, in + at, in + at + w, grad, w / 2);
    }
    if (set && h % 2)
        memset(in_grad + (size_t)(h - 1) * (size_t)w, 0, (size_t)w * sizeof(float));
}

static void copy_rows(float *restrict out, size_t out_step, const float *restrict in, size_t in_step, int n, int rows)
{
    for (int y = 0; y < rows; y++, out += out_step, in += in_step)
#pragma omp simd
        for (int x = 0; x < n; x++)
            out[x] = in[x];
}

static void add_rows(float *restrict out, size_t out_step, const float *restrict in, size_t in_step, int n, int rows)
{
    for (int y = 0; y < rows; y++, out += out_step, in += in_step)
#pragma omp simd
        for (int x = 0; x < n; x++)
            out[x] += in[x];
}

static void momentum_step(float *restrict weight, float *restrict velocity, float *restrict grad, size_t n,
                          float rate, float momentum, float decay, float scale)
{
    for (size_t i = 0; i < n; i++) {
        float v = momentum * velocity[i] + scale * grad[i] + decay * weight[i];
        velocity[i] = v;
        weight[i] -= rate * v;
        grad[i] = 0;
    }
}

static void moments(const float *restrict x, size_t n, float *total, float *squares)
{
    vec s[SUMS] = { 0 }, q[SUMS] = { 0 };
    size_t i = 0;
    for (; i + SUMMED <= n; i += SUMMED)
        for (size_t k = 0; k < SUMS; k++) {
            vec v = *(const vec *)(x + i + k * LANES);
            s[k] += v;
            q[k] += v * v;
        }
    float rest = 0, more = 0;
    for (; i < n; i++) {
        rest += x[i];
        more += x[i] * x[i];
    }
    *total = lanes_sum((s[0] + s[1]) + (s[2] + s[3])) + rest;
    *squares = lanes_sum((q[0] + q[1]) + (q[2] + q[3])) + more;
}

/* grad, or 0 where a relu was shut. */
static inline vec let_through(struct kernels_gate gate, vec x, vec grad)
{
    return (vec)((ivec)grad & (gate.factor * x + gate.shift > 0));
}

static void normalize_sums(const float *restrict grad, const float *restrict x, struct kernels_gate gate, size_t n, float *total,
                           float *with_x)
{
    vec s[SUMS] = { 0 }, d[SUMS] = { 0 };
    size_t i = 0;
    for (; i + SUMMED <= n; i += SUMMED)
        for (size_t k = 0; k < SUMS; k++) {
            size_t at = i + k * LANES;
            vec v = *(const vec *)(x + at), g = let_through(gate, v, *(const vec *)(grad + at));
            s[k] += g;
            d[k] += g * v;
        }
    float rest = 0, more = 0;
    for (; i < n; i++) {
        float g = gate.factor * x[i] + gate.shift > 0 ? grad[i] : 0;
        rest += g;
        more += g * x[i];
    }
    *total = lanes_sum((s[0] + s[1]) + (s[2] + s[3])) + rest;
    *with_x = lanes_sum((d[0] + d[1]) + (d[2] + d[3])) + more;
}

static void normalize_backward(float *restrict in_grad, const float *restrict grad, const float *restrict x,
                               struct kernels_gate gate, float a, float b, float shift, bool set, size_t n)
{
    if (set)
        for (size_t i = 0; i < n; i++)
            in_grad[i] = a * (gate.factor * x[i] + gate.shift > 0 ? grad[i] : 0) + b * x[i] + shift;
    else
        for (size_t i = 0; i < n; i++)
            in_grad[i] += a * (gate.factor * x[i] + gate.shift > 0 ? grad[i] : 0) + b * x[i] + shift;
}

/* With the number of parts known, the loads are vectors and shuffles. */
static inline void split_into(uint32_t *restrict out, size_t out_step, const uint32_t *restrict in, size_t parts, size_t n)
{
    for (size_t x = 0; x < n; x++)
        for (size_t i = 0; i < parts; i++)
            out[i * out_step + x] = in[x * parts + i];
}

static void split(uint32_t *restrict out, size_t out_step, const uint32_t *restrict in, int parts, int n)
{
    if (parts == 2)
        split_into(out, out_step, in, 2, (size_t)n);
    else if (parts == 3)
        split_into(out, out_step, in, 3, (size_t)n);
    else if (parts == 4)
        split_into(out, out_step, in, 4, (size_t)n);
    else
        split_into(out, out_step, in, (size_t)parts, (size_t)n);
}

static int hamming(const uint64_t *restrict a, const uint64_t *restrict b, size_t n_words)
{
    int n = 0;
    for (size_t i = 0; i < n_words; i++)
        n += __builtin_popcountll(a[i] ^ b[i]);
    return n;
}

/* Bits that differ, of KERNELS_GROUP codes; returns how many codes differ in at most `most`. 64-bit lanes all along:
 * that is what the vector instruction counts. */
static uint64_t group_distances(uint64_t *restrict out, const uint64_t *restrict group, const uint64_t *restrict code,
                                size_t n_words, uint64_t most)
{
    uint64_t near = 0;
    for (size_t i = 0; i < KERNELS_GROUP; i++)
        out[i] = (uint64_t)__builtin_popcountll(group[i] ^ code[0]);
    for (size_t w = 1; w < n_words; w++) {
        group += KERNELS_GROUP;
        for (size_t i = 0; i < KERNELS_GROUP; i++)
            out[i] += (uint64_t)__builtin_popcountll(group[i] ^ code[w]);
    }
#pragma omp simd reduction(+ : near)
    for (size_t i = 0; i < KERNELS_GROUP; i++)
        near += out[i] <= most;
    return near;
}

static size_t hamming_near(struct kernels_near *restrict out, const uint64_t *restrict groups,
                           const uint64_t *restrict code, size_t n_words, size_t n, int most)
{
    uint64_t distance[KERNELS_GROUP];
    size_t found = 0;
    if (most < 0 || n_words == 0)
        return 0;
    for (size_t i = 0; i < n; i += KERNELS_GROUP, groups += n_words * KERNELS_GROUP) {
        if (!group_distances(distance, groups, code, n_words, (uint64_t)most)) /* nearly always */
            continue;
        for (size_t k = 0; k < KERNELS_GROUP && i + k < n; k++)
            if (distance[k] <= (uint64_t)most)
                out[found++] = (struct kernels_near){ (uint32_t)(i + k), (uint32_t)distance[k] };
    }
    return found;
}

static void bytes(uint8_t *restrict out, const float *restrict in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(in[i] + 0.5f);
}

const struct kernels JOIN(kernels_, KERNELS) = {
    TEXT(KERNELS), relu,      relu_backward,       affine,        add,     axpy, sum, dot, softmax, max_pool2, max_pool2_backward, copy_rows, add_rows, split,
    JOIN(depthwise3_, KERNELS), JOIN(depthwise3_backward_, KERNELS), momentum_step, moments, normalize_sums, normalize_backward, JOIN(rows_product_, KERNELS), JOIN(rows_outer_, KERNELS), JOIN(product_, KERNELS), FAST_HALF, HAS_TILES,
    HALF(half_rows), HALF(half_pairs), TILES(pairs_product), TILES(half_outer), FAST_INT8, QUAD_PAIR, INT8(range),
    INT8(byte_quads), INT8(pack_pixels), INT8(quads_product), JOIN(transpose_, KERNELS), JOIN(winograd_, KERNELS),
    BILINEAR, bytes, hamming,
    hamming_near,
};
