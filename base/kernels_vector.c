/* SPDX-License-Identifier: MIT
 * The fast loops, compiled once per instruction set (see the Makefile: -DKERNELS=avx2 and so on). Plain loops that the
 * compiler turns into vectors: restrict pointers, no branches inside, `omp simd` where a sum may be reordered. */
#include "base/kernels_vector.h"

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

static int hamming(const uint64_t *restrict a, const uint64_t *restrict b, size_t n_words)
{
    int n = 0;
    for (size_t i = 0; i < n_words; i++)
        n += __builtin_popcountll(a[i] ^ b[i]);
    return n;
}

const struct kernels JOIN(kernels_, KERNELS) = {
    TEXT(KERNELS), relu,      relu_backward,       affine,        add,     axpy, sum, dot, max_pool2, max_pool2_backward, copy_rows, add_rows,
    depthwise3,    depthwise3_backward, momentum_step, normalize_backward, JOIN(rows_product_, KERNELS), JOIN(rows_outer_, KERNELS), hamming,
};
