/* SPDX-License-Identifier: MIT
 * The plain C twin of every fast loop: double sums, never optimised. It says what the others must compute. */
#include <math.h>

#include "base/kernels_vector.h"

static void relu(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] > 0 ? x[i] : 0;
}

static void relu_backward(float *grad, const float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        grad[i] = out[i] > 0 ? grad[i] : 0;
}

static void affine(float *out, const float *in, float a, float b, bool clip, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double v = (double)a * in[i] + b;
        out[i] = clip && v < 0 ? 0 : (float)v;
    }
}

static void add(float *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] += in[i];
}

static void axpy(float *out, float a, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(out[i] + (double)a * in[i]);
}

static float sum(const float *x, size_t n)
{
    double s = 0;
    for (size_t i = 0; i < n; i++)
        s += x[i];
    return (float)s;
}

static float dot(const float *x, const float *y, size_t n)
{
    double s = 0;
    for (size_t i = 0; i < n; i++)
        s += (double)x[i] * y[i];
    return (float)s;
}

static int largest(const float *in, int w, int x, int y)
{
    int best = 0;
    for (int k = 1; k < 4; k++)
        if (in[(2 * y + k / 2) * w + 2 * x + k % 2] > in[(2 * y + best / 2) * w + 2 * x + best % 2])
            best = k;
    return (2 * y + best / 2) * w + 2 * x + best % 2;
}

static float softmax(float *x, size_t n)
{
    double most = x[0], total = 0;
    for (size_t i = 0; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (size_t i = 0; i < n; i++)
        total += exp(x[i] - most);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(exp(x[i] - most) / total);
    return (float)(most + log(total));
}

static void max_pool2(float *out, const float *in, int w, int h)
{
    for (int y = 0; y < h / 2; y++)
        for (int x = 0; x < w / 2; x++)
            out[y * (w / 2) + x] = in[largest(in, w, x, y)];
}

static void max_pool2_backward(float *in_grad, const float *in, const float *out_grad, int w, int h, bool set)
{
    for (int i = 0; set && i < w * h; i++)
        in_grad[i] = 0;
    for (int y = 0; y < h / 2; y++)
        for (int x = 0; x < w / 2; x++)
            in_grad[largest(in, w, x, y)] += out_grad[y * (w / 2) + x];
}

static void copy_rows(float *out, size_t out_step, const float *in, size_t in_step, int n, int rows)
{
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < n; x++)
            out[(size_t)y * out_step + (size_t)x] = in[(size_t)y * in_step + (size_t)x];
}

static void add_rows(float *out, size_t out_step, const float *in, size_t in_step, int n, int rows)
{
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < n; x++)
            out[(size_t)y * out_step + (size_t)x] += in[(size_t)y * in_step + (size_t)x];
}

static void depthwise3(float *out, const float *in, struct kernels_rows r, const float *weights, float bias, bool clip)
{
    const int ow = (r.w - 1) / r.stride + 1;
    for (int y = r.first; y < r.first + r.n; y++)
        for (int x = 0; x < ow; x++) {
            double s = bias;
            for (int k = 0; k < 9; k++) {
                int iy = y * r.stride + k / 3 - 1, ix = x * r.stride + k % 3 - 1;
                if (iy >= 0 && iy < r.h && ix >= 0 && ix < r.w)
                    s += (double)weights[k] * in[iy * r.w + ix];
            }
            *out++ = clip && s < 0 ? 0 : (float)s;
        }
}

static void depthwise3_backward(float *in_grad, float *weight_grad, const float *in, const float *out_grad, int w,
                                int h, int stride, const float *weights, bool set)
{
    int ow = (w - 1) / stride + 1, oh = (h - 1) / stride + 1;
    for (int i = 0; in_grad && set && i < w * h; i++)
        in_grad[i] = 0;
    for (int k = 0; k < 9; k++) {
        double s = 0;
        for (int y = 0; y < oh; y++)
            for (int x = 0; x < ow; x++) {
                int iy = y * stride + k / 3 - 1, ix = x * stride + k % 3 - 1;
                if (iy < 0 || iy >= h || ix < 0 || ix >= w)
                    continue;
                s += (double)out_grad[y * ow + x] * in[iy * w + ix];
                if (in_grad)
                    in_grad[iy * w + ix] += weights[k] * out_grad[y * ow + x];
            }
        weight_grad[k] += (float)s;
    }
}

static void momentum_step(float *weight, float *velocity, float *grad, size_t n, float rate, float momentum,
                          float decay, float scale)
{
    for (size_t i = 0; i < n; i++) {
        velocity[i] = momentum * velocity[i] + scale * grad[i] + decay * weight[i];
        weight[i] -= rate * velocity[i];
        grad[i] = 0;
    }
}

static void moments(const float *x, size_t n, float *total, float *squares)
{
    *total = sum(x, n);
    *squares = dot(x, x, n);
}

static float let_through(struct kernels_gate gate, float x, float grad)
{
    return gate.factor * x + gate.shift > 0 ? grad : 0;
}

static void normalize_sums(const float *grad, const float *x, struct kernels_gate gate, size_t n, float *total, float *with_x)
{
    double s = 0, d = 0;
    for (size_t i = 0; i < n; i++) {
        double g = (double)let_through(gate, x[i], grad[i]);
        s += g;
        d += g * (double)x[i];
    }
    *total = (float)s;
    *with_x = (float)d;
}

static void normalize_backward(float *in_grad, const float *grad, const float *x, struct kernels_gate gate, float a, float b,
                               float shift, bool set, size_t n)
{
    for (size_t i = 0; i < n; i++)
        in_grad[i] = (set ? 0 : in_grad[i]) + a * let_through(gate, x[i], grad[i]) + b * x[i] + shift;
}

static void product(float *out, size_t out_step, const float *left, size_t left_row, size_t left_column, const float *right,
                    size_t right_step, int m, int k, int n, bool add)
{
    for (int i = 0; i < m; i++)
        for (int x = 0; x < n; x++) {
            double s = add ? out[(size_t)i * out_step + (size_t)x] : 0;
            for (int t = 0; t < k; t++)
                s += (double)left[(size_t)i * left_row + (size_t)t * left_column] * right[(size_t)t * right_step + (size_t)x];
            out[(size_t)i * out_step + (size_t)x] = (float)s;
        }
}

static void rows_product(float *out, size_t out_step, const float *packed, const float *in, const int32_t *offsets,
                         int m, int k, int n, struct kernels_ends ends)
{
    for (int i = 0; i < m; i++) {
        struct kernels_packed p = kernels_packed_at(i, m, k);
        for (int x = 0; x < n; x++) {
            double s = ends.add ? out[(size_t)i * out_step + (size_t)x] : ends.bias ? ends.bias[i] : 0;
            for (int t = 0; t < k; t++)
                s += (double)packed[p.at + (size_t)(t * p.step)] * in[offsets[t] + x];
            out[(size_t)i * out_step + (size_t)x] = (float)(ends.relu && s < 0 ? 0 : s);
        }
    }
}

static void rows_outer(float *weight_grad, const float *grad, size_t grad_step, const float *in, const int32_t *offsets,
                       int m, int k, int n)
{
    for (int i = 0; i < m; i++)
        for (int t = 0; t < k; t++) {
            double s = 0;
            for (int x = 0; x < n; x++)
                s += (double)grad[(size_t)i * grad_step + (size_t)x] * in[offsets[t] + x];
            weight_grad[i * k + t] += (float)s;
        }
}

void kernels_pack(float *packed, const float *weights, size_t step_m, size_t step_k, int m, int k)
{
    for (int first = 0; first < m; first += KERNELS_MAPS) {
        int wide = m - first < KERNELS_MAPS ? m - first : KERNELS_MAPS;
        for (int t = 0; t < k; t++)
            for (int i = 0; i < wide; i++)
                *packed++ = weights[(size_t)(first + i) * step_m + (size_t)t * step_k];
    }
}

static int hamming(const uint64_t *a, const uint64_t *b, size_t n_words)
{
    int n = 0;
    for (size_t i = 0; i < n_words; i++)
        for (uint64_t x = a[i] ^ b[i]; x; x &= x - 1)
            n++;
    return n;
}

static size_t hamming_near(struct kernels_near *out, const uint64_t *groups, const uint64_t *code, size_t n_words,
                           size_t n, int most)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t *first = groups + i / KERNELS_GROUP * KERNELS_GROUP * n_words + i % KERNELS_GROUP;
        int distance = 0;
        for (size_t w = 0; w < n_words; w++)
            distance += hamming(first + w * KERNELS_GROUP, code + w, 1);
        if (distance <= most)
            out[found++] = (struct kernels_near){ (uint32_t)i, (uint32_t)distance };
    }
    return found;
}

static void split(uint32_t *out, size_t out_step, const uint32_t *in, int parts, int n)
{
    for (int x = 0; x < n; x++)
        for (int i = 0; i < parts; i++)
            out[(size_t)i * out_step + (size_t)x] = in[x * parts + i];
}

static void bytes(uint8_t *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(in[i] + 0.5f);
}

extern const struct kernels kernels_reference;
const struct kernels kernels_reference = {
    "reference", relu,      relu_backward,       affine,        add,     axpy, sum, dot, softmax, max_pool2, max_pool2_backward, copy_rows, add_rows, split,
    depthwise3,  depthwise3_backward, momentum_step, moments, normalize_sums, normalize_backward, rows_product, rows_outer, product, false, false,
    half_rows_reference, half_pairs_reference, pairs_product_reference, half_outer_reference, false, QUAD_PAIR, range_reference,
    byte_quads_reference, pack_pixels_reference, quads_product_reference, transpose_reference, winograd_reference,
    bilinear_reference, bytes, hamming,
    hamming_near,
};
