/* SPDX-License-Identifier: MIT
 * The plain C twins of the bfloat16 products: double sums of the rounded numbers. */
#include "base/kernels_vector.h"

static double value(uint16_t half)
{
    union { uint32_t bits; float f; } u = { (uint32_t)half << 16 };
    return (double)u.f;
}

void half_rows_reference(uint16_t *out, size_t out_step, const float *in, size_t in_step, int n, int rows)
{
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < n; x++)
            out[(size_t)y * out_step + (size_t)x] = kernels_half(in[(size_t)y * in_step + (size_t)x]);
}

void half_pairs_reference(uint32_t *out, size_t out_step, const float *even, const float *odd, size_t in_step, int n,
                          int rows)
{
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < n; x++) {
            size_t at = (size_t)y * in_step + (size_t)x;
            uint32_t high = odd ? kernels_half(odd[at]) : 0;
            out[(size_t)y * out_step + (size_t)x] = high << 16 | kernels_half(even[at]);
        }
}

void pairs_product_reference(float *out, size_t out_step, const uint32_t *packed, const uint32_t *in,
                             const int32_t *offsets, int m, int k, int n, struct kernels_ends ends)
{
    for (int i = 0; i < m; i++) {
        struct kernels_packed p = kernels_packed_at(i, m, k);
        for (int x = 0; x < n; x++) {
            double sum = ends.add ? (double)out[(size_t)i * out_step + (size_t)x] : ends.bias ? (double)ends.bias[i] : 0;
            for (int t = 0; t < k; t++) {
                uint32_t a = packed[p.at + (size_t)(t * p.step)], b = in[offsets[t] + x];
                sum += value((uint16_t)a) * value((uint16_t)b) + value((uint16_t)(a >> 16)) * value((uint16_t)(b >> 16));
            }
            out[(size_t)i * out_step + (size_t)x] = (float)(ends.relu && sum < 0 ? 0 : sum);
        }
    }
}

void half_outer_reference(float *weight_grad, const struct kernels_outer *o, int m, int k, int n)
{
    for (int i = 0; i < m; i++)
        for (int t = 0; t < k; t++) {
            double sum = 0;
            for (int s = 0; s < o->samples; s++) {
                const uint16_t *grad = o->grad + (size_t)s * o->grad_next + (size_t)i * o->grad_step;
                const uint16_t *row = o->in + (size_t)s * o->in_next + o->offsets[t];
                for (int x = 0; x < n; x++)
                    sum += value(grad[x]) * value(row[x]);
            }
            weight_grad[i * k + t] += (float)sum;
        }
}

void kernels_pack_pairs(uint32_t *packed, const float *weights, size_t step_out, size_t step_in, int n_out, int n_in,
                        int taps)
{
    int pairs = (n_in + 1) / 2;
    for (int first = 0; first < n_out; first += KERNELS_MAPS) {
        int maps = n_out - first < KERNELS_MAPS ? n_out - first : KERNELS_MAPS;
        for (int j = 0; j < pairs; j++)
            for (int t = 0; t < taps; t++)
                for (int i = 0; i < maps; i++) {
                    const float *w = weights + (size_t)(first + i) * step_out + (size_t)(2 * j) * step_in + t;
                    uint32_t odd = 2 * j + 1 < n_in ? kernels_half(w[step_in]) : 0;
                    *packed++ = odd << 16 | kernels_half(w[0]);
                }
    }
}
