/* SPDX-License-Identifier: MIT
 * The plain C twins of the products of bytes. */
#include <math.h>

#include "base/kernels_vector.h"

struct kernels_range range_reference(const float *x, size_t n)
{
    struct kernels_range r = { 0, 0 };
    for (size_t i = 0; i < n; i++) {
        r.low = fminf(r.low, x[i]);
        r.high = fmaxf(r.high, x[i]);
    }
    return r;
}

static uint8_t level(float x, float low, float per)
{
    return (uint8_t)fminf(rintf((x - low) * per), 255);
}

void byte_quads_reference(uint32_t *out, const float *in, size_t in_step, int rows, float low, float per, int n)
{
    for (int x = 0; x < n; x++) {
        uint32_t word = 0;
        for (int r = 0; r < rows; r++)
            word |= (uint32_t)level(in[(size_t)r * in_step + (size_t)x], low, per) << (8 * r);
        out[x] = word;
    }
}

void pack_pixels_reference(uint8_t *out, const uint8_t *in, int n)
{
    for (int x = 0; x < n; x++, out += 3, in += 4)
        for (int i = 0; i < 3; i++)
            out[i] = in[i];
}

static int word_product(uint32_t levels, uint32_t weights)
{
    int sum = 0;
    for (int i = 0; i < 4; i++)
        sum += (int)(levels >> (8 * i) & 255) * (int8_t)(weights >> (8 * i) & 255);
    return sum;
}

void quads_product_reference(float *out, size_t out_step, const uint32_t *packed, const uint32_t *in,
                             const int32_t *offsets, int m, int k, int n, struct kernels_ends ends)
{
    for (int i = 0; i < m; i++) {
        struct kernels_packed p = kernels_packed_at(i, m, k);
        for (int x = 0; x < n; x++) {
            float *at = out + (size_t)i * out_step + x, from = ends.add ? *at : ends.bias ? ends.bias[i] : 0;
            int sum = 0;
            for (int t = 0; t < k; t++)
                sum += word_product(in[offsets[t] + x], packed[p.at + (size_t)(t * p.step)]);
            from += ends.factor[i] * (float)sum;
            *at = ends.relu && from < 0 ? 0 : from;
        }
    }
}

/* What a level may be worth at the least, by the largest weight and by the largest sum of two neighbours. */
static float least_factor(const float *w, int rows, int width, int pair)
{
    float largest = 0, largest_pair = 0;
    for (int y = 0; y < rows; y++, w += width)
        for (int x = 0; x < width; x++) {
            largest = fmaxf(largest, fabsf(w[x]));
            if (x % 2)
                largest_pair = fmaxf(largest_pair, fabsf(w[x - 1] + w[x]));
        }
    return fmaxf(largest / 127, largest_pair / ((float)pair - 0.5f)); /* each of two may be rounded up by a half */
}

void kernels_pack_quads(uint32_t *packed, float *factor, float *sums, const float *weights, int n_out, int rows, int width,
                        int pair)
{
    int words = (width + 3) / 4, k = rows * words;
    for (int m = 0; m < n_out; m++) {
        const float *w = weights + (size_t)m * (size_t)(rows * width);
        struct kernels_packed p = kernels_packed_at(m, n_out, k);
        float per = 0;
        factor[m] = least_factor(w, rows, width, pair);
        if (factor[m] > 0)
            per = 1 / factor[m];
        int sum = 0;
        for (int t = 0; t < k; t++) {
            uint32_t word = 0;
            for (int i = 0, x = t % words * 4; i < 4 && x + i < width; i++) {
                int v = (int)lrintf(w[t / words * width + x + i] * per); /* inlined, unlike rintf */
                sum += v;
                word |= (uint32_t)(v & 255) << (8 * i);
            }
            packed[p.at + (size_t)(t * p.step)] = word;
        }
        sums[m] = (float)sum;
    }
}
