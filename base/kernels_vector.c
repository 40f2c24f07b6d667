/* SPDX-License-Identifier: MIT
 * The fast loops, compiled once per instruction set (see the Makefile: -DKERNELS=avx2 and so on). Plain loops that the
 * compiler turns into vectors: restrict pointers, no branches inside, `omp simd` where a sum may be reordered. */
#include "base/kernels.h"

#include <string.h>

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
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

static float sum(const float *restrict x, size_t n)
{
    float s = 0;
#pragma omp simd reduction(+ : s)
    for (size_t i = 0; i < n; i++)
        s += x[i];
    return s;
}

static float dot(const float *restrict x, const float *restrict y, size_t n)
{
    float s = 0;
#pragma omp simd reduction(+ : s)
    for (size_t i = 0; i < n; i++)
        s += x[i] * y[i];
    return s;
}

static void pool_row(float *restrict out, const float *restrict top, const float *restrict low, int n)
{
    for (int x = 0; x < n; x++) {
        float a = top[2 * x] > top[2 * x + 1] ? top[2 * x] : top[2 * x + 1];
        float b = low[2 * x] > low[2 * x + 1] ? low[2 * x] : low[2 * x + 1];
        out[x] = a > b ? a : b;
    }
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

static void max_pool2_backward(float *in_grad, const float *in, const float *out_grad, int w, int h)
{
    for (int y = 0; y < h / 2; y++) {
        size_t at = (size_t)(2 * y) * (size_t)w;
        pool_row_back(in_grad + at, in_grad + at + w, in + at, in + at + w, out_grad + (size_t)y * (size_t)(w / 2), w / 2);
    }
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

/* One output row of a 3x3 sum. Rows outside the picture are given as rows of zeros' stand-in: NULL, and skipped. */
static void row_edges(float *out, const float *row, int w, int ow, int stride, const float *k)
{
    out[0] += k[1] * row[0] + (w > 1 ? k[2] * row[1] : 0);
    if (ow > 1) {
        int x = (ow - 1) * stride;
        out[ow - 1] += k[0] * row[x - 1] + k[1] * row[x] + (x + 1 < w ? k[2] * row[x + 1] : 0);
    }
}

static void row_add1(float *restrict out, const float *restrict row, int ow, float k0, float k1, float k2)
{
#pragma omp simd
    for (int x = 1; x < ow - 1; x++)
        out[x] += k0 * row[x - 1] + k1 * row[x] + k2 * row[x + 1];
}

static void row_add2(float *restrict out, const float *restrict row, int ow, float k0, float k1, float k2)
{
#pragma omp simd
    for (int x = 1; x < ow - 1; x++)
        out[x] += k0 * row[2 * x - 1] + k1 * row[2 * x] + k2 * row[2 * x + 1];
}

/* All three rows inside the picture: one pass, sums kept in registers. */
static void row_full1(float *restrict out, const float *restrict a, const float *restrict b,
                      const float *restrict c, int ow, const float *restrict k, float bias)
{
#pragma omp simd
    for (int x = 1; x < ow - 1; x++)
        out[x] = bias + k[0] * a[x - 1] + k[1] * a[x] + k[2] * a[x + 1] + k[3] * b[x - 1] + k[4] * b[x] +
                 k[5] * b[x + 1] + k[6] * c[x - 1] + k[7] * c[x] + k[8] * c[x + 1];
}

static void row_full2(float *restrict out, const float *restrict a, const float *restrict b,
                      const float *restrict c, int ow, const float *restrict k, float bias)
{
#pragma omp simd
    for (int x = 1; x < ow - 1; x++)
        out[x] = bias + k[0] * a[2 * x - 1] + k[1] * a[2 * x] + k[2] * a[2 * x + 1] + k[3] * b[2 * x - 1] +
                 k[4] * b[2 * x] + k[5] * b[2 * x + 1] + k[6] * c[2 * x - 1] + k[7] * c[2 * x] +
                 k[8] * c[2 * x + 1];
}

static void depthwise3(float *out, const float *in, int w, int h, int stride, const float *weights, float bias,
                       bool clip)
{
    int ow = (w - 1) / stride + 1, oh = (h - 1) / stride + 1;
    for (int y = 0; y < oh; y++) {
        float *o = out + (size_t)y * (size_t)ow;
        const float *mid = in + (size_t)(y * stride) * (size_t)w;
        bool inside = y > 0 && y * stride + 1 < h;
        o[0] = bias;
        o[ow - 1] = bias;
        if (inside) {
            if (stride == 1)
                row_full1(o, mid - w, mid, mid + w, ow, weights, bias);
            else
                row_full2(o, mid - w, mid, mid + w, ow, weights, bias);
            for (int r = 0; r < 3; r++)
                row_edges(o, mid + (r - 1) * w, w, ow, stride, weights + 3 * r);
        } else {
            for (int x = 1; x < ow - 1; x++)
                o[x] = bias;
            for (int r = 0; r < 3; r++) {
                int iy = y * stride + r - 1;
                if (iy < 0 || iy >= h)
                    continue;
                const float *row = in + (size_t)iy * (size_t)w, *k = weights + 3 * r;
                (stride == 1 ? row_add1 : row_add2)(o, row, ow, k[0], k[1], k[2]);
                row_edges(o, row, w, ow, stride, k);
            }
        }
        if (clip)
            relu(o, (size_t)ow);
    }
}

static void row_back1(float *restrict g, float *restrict wg, const float *restrict row, const float *restrict d,
                      int w, int ow, const float *restrict k)
{
    float s0 = 0, s1 = 0, s2 = 0;
#pragma omp simd reduction(+ : s0, s1, s2)
    for (int x = 1; x < ow - 1; x++) {
        s0 += d[x] * row[x - 1];
        s1 += d[x] * row[x];
        s2 += d[x] * row[x + 1];
    }
    wg[0] += s0;
    wg[1] += s1;
    wg[2] += s2;
    if (g && w > 2) {
#pragma omp simd
        for (int x = 1; x < w - 1; x++)
            g[x] += k[0] * d[x + 1] + k[1] * d[x] + k[2] * d[x - 1];
        g[0] += k[1] * d[0] + k[0] * d[1];
        g[w - 1] += k[2] * d[w - 2] + k[1] * d[w - 1];
    } else if (g) {
        for (int x = 0; x < ow; x++)
            for (int t = 0; t < 3; t++)
                if (x + t - 1 >= 0 && x + t - 1 < w)
                    g[x + t - 1] += k[t] * d[x];
    }
}

static void row_back2(float *restrict g, float *restrict wg, const float *restrict row, const float *restrict d,
                      int w, int ow, const float *restrict k)
{
    float s0 = 0, s1 = 0, s2 = 0;
    (void)w;
#pragma omp simd reduction(+ : s0, s1, s2)
    for (int x = 1; x < ow - 1; x++) {
        s0 += d[x] * row[2 * x - 1];
        s1 += d[x] * row[2 * x];
        s2 += d[x] * row[2 * x + 1];
    }
    wg[0] += s0;
    wg[1] += s1;
    wg[2] += s2;
    if (!g)
        return;
    for (int x = 0; x < ow; x++)
        g[2 * x] += k[1] * d[x];
    for (int x = 0; x + 1 < ow; x++)
        g[2 * x + 1] += k[2] * d[x] + k[0] * d[x + 1];
    if (2 * (ow - 1) + 1 < w)
        g[2 * (ow - 1) + 1] += k[2] * d[ow - 1];
}

static void depthwise3_backward(float *in_grad, float *weight_grad, const float *in, const float *out_grad, int w,
                                int h, int stride, const float *weights)
{
    int ow = (w - 1) / stride + 1, oh = (h - 1) / stride + 1;
    for (int y = 0; y < oh; y++)
        for (int r = 0; r < 3; r++) {
            int iy = y * stride + r - 1;
            if (iy < 0 || iy >= h)
                continue;
            const float *row = in + (size_t)iy * (size_t)w, *d = out_grad + (size_t)y * (size_t)ow;
            float *g = in_grad ? in_grad + (size_t)iy * (size_t)w : NULL, *wg = weight_grad + 3 * r;
            /* the two ends of the row, where a tap may fall outside */
            wg[1] += d[0] * row[0];
            if (w > 1)
                wg[2] += d[0] * row[1];
            if (ow > 1) {
                int x = (ow - 1) * stride;
                wg[0] += d[ow - 1] * row[x - 1];
                wg[1] += d[ow - 1] * row[x];
                if (x + 1 < w)
                    wg[2] += d[ow - 1] * row[x + 1];
            }
            (stride == 1 ? row_back1 : row_back2)(g, wg, row, d, w, ow, weights + 3 * r);
        }
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

static void normalize_backward(float *restrict out, const float *restrict x, const float *restrict y, float a,
                               float b, float shift, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] += a * x[i] + b * y[i] + shift;
}

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif
typedef float vec __attribute__((vector_size(LANES * sizeof(float)), aligned(4)));

/* A block of maps by two vectors of places; every sum stays in a register from the first tap to the last. */
#define ROWS_BLOCK(MAPS)                                                                                               \
    static void rows_block##MAPS(float *restrict out, size_t out_step, const float *restrict w, const float *in,       \
                                 const int32_t *restrict offsets, int k, bool more)                                    \
    {                                                                                                                  \
        vec sum[MAPS][2];                                                                                              \
        _Pragma("GCC unroll 10")                                                                                       \
        for (int i = 0; i < MAPS; i++)                                                                                 \
            _Pragma("GCC unroll 2")                                                                                    \
            for (int v = 0; v < 2; v++)                                                                                \
                sum[i][v] = more ? *(const vec *)(out + (size_t)i * out_step + v * LANES) : (vec){ 0 };                \
        for (int t = 0; t < k; t++, w += MAPS) {                                                                       \
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
                *(vec *)(out + (size_t)i * out_step + v * LANES) = sum[i][v];                                          \
    }
ROWS_BLOCK(1)
ROWS_BLOCK(2)
ROWS_BLOCK(3)
ROWS_BLOCK(4)
ROWS_BLOCK(5)
ROWS_BLOCK(6)
ROWS_BLOCK(7)
ROWS_BLOCK(8)
ROWS_BLOCK(9)
ROWS_BLOCK(10)

typedef void rows_block(float *out, size_t out_step, const float *w, const float *in, const int32_t *offsets, int k,
                        bool more);
static rows_block *const rows_blocks[KERNELS_MAPS + 1] = {
    NULL,        rows_block1, rows_block2, rows_block3, rows_block4,  rows_block5,
    rows_block6, rows_block7, rows_block8, rows_block9, rows_block10,
};

static void rows_product(float *out, size_t out_step, const float *packed, const float *in, const int32_t *offsets,
                         int m, int k, int n, bool more)
{
    enum { WIDE = 2 * LANES, PANEL = 4 * WIDE };
    float edge[KERNELS_MAPS * WIDE];
    for (int panel = 0; panel < n; panel += PANEL) /* the rows of a panel stay in the first-level cache */
        for (int first = 0; first < m; first += KERNELS_MAPS) {
            int maps = m - first < KERNELS_MAPS ? m - first : KERNELS_MAPS;
            const float *w = packed + (size_t)first * (size_t)k;
            float *to = out + (size_t)first * out_step;
            int end = panel + PANEL < n ? panel + PANEL : n, x = panel;
            for (; x + WIDE <= end; x += WIDE)
                rows_blocks[maps](to + x, out_step, w, in + x, offsets, k, more);
            if (x == end)
                continue;
            size_t left = (size_t)(end - x) * sizeof(float);
            for (int i = 0; more && i < maps; i++)
                memcpy(edge + i * WIDE, to + (size_t)i * out_step + x, left);
            rows_blocks[maps](edge, WIDE, w, in + x, offsets, k, more);
            for (int i = 0; i < maps; i++)
                memcpy(to + (size_t)i * out_step + x, edge + i * WIDE, left);
        }
}

typedef float vec4 __attribute__((vector_size(16)));

static float lanes_sum(vec v)
{
    vec4 part[LANES / 4], s;
    memcpy(part, &v, sizeof part);
    s = part[0];
    for (int i = 1; i < LANES / 4; i++)
        s += part[i];
    return (s[0] + s[2]) + (s[1] + s[3]);
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
OUTER_BLOCK(4, 1)
OUTER_BLOCK(1, 6)
OUTER_BLOCK(4, 6)

static void rows_outer(float *weight_grad, const float *grad, size_t grad_step, const float *in, const int32_t *offsets,
                       int m, int k, int n)
{
    for (int i = 0; i < m;) {
        bool four = i + 4 <= m;
        const float *g = grad + (size_t)i * grad_step;
        float *wg = weight_grad + (size_t)i * (size_t)k;
        int t = 0;
        for (; t + 6 <= k; t += 6)
            (four ? outer_block4x6 : outer_block1x6)(wg + t, k, g, grad_step, in, offsets + t, n);
        for (; t < k; t++)
            (four ? outer_block4x1 : outer_block1x1)(wg + t, k, g, grad_step, in, offsets + t, n);
        i += four ? 4 : 1;
    }
}

static int hamming(const uint64_t *restrict a, const uint64_t *restrict b, size_t n_words)
{
    int n = 0;
    for (size_t i = 0; i < n_words; i++)
        n += __builtin_popcountll(a[i] ^ b[i]);
    return n;
}

extern const struct kernels JOIN(kernels_, KERNELS);
const struct kernels JOIN(kernels_, KERNELS) = {
    TEXT(KERNELS), relu,      relu_backward,       affine,        add,     axpy, sum, dot, max_pool2, max_pool2_backward, copy_rows, add_rows,
    depthwise3,    depthwise3_backward, momentum_step, normalize_backward, rows_product, rows_outer, hamming,
};
