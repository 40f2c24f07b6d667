/* SPDX-License-Identifier: MIT
 * Depthwise 3x3 convolution of one plane; compiled once per instruction set like kernels_vector.c. */
#include "base/kernels_strips.h"

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

/* How a strip of columns ends: the picture's first or last columns, which see zeros beside them; and what is done with it. */
struct strip { bool first, last, clip, add; int known; }; /* add: to what is there, but for the first `known` columns */

/* `n` registers of columns from `in` on, all rows: each row is loaded once and goes into the three rows it is seen by. */
static inline __attribute__((always_inline)) void strip1(float *out, const float *in, struct kernels_rows r, const float *k,
                                                         float bias, struct strip s, const int n)
{
    const vec zero = { 0 }, start = zero + bias;
    const vec k0 = zero + k[0], k1 = zero + k[1], k2 = zero + k[2], k3 = zero + k[3], k4 = zero + k[4], k5 = zero + k[5],
              k6 = zero + k[6], k7 = zero + k[7], k8 = zero + k[8];
    vec above[2], here[2];
    for (int i = 0; i < n; i++)
        above[i] = here[i] = start;
    const int before = r.first ? r.first - 1 : 0;
    in += (ptrdiff_t)before * r.w;
    for (int y = before; y <= r.first + r.n; y++, in += r.w) {
        float *to = out + (ptrdiff_t)(y - 1 - r.first) * r.w;
        for (int i = 0; i < n; i++, to += LANES) {
            const float *p = in + i * LANES;
            vec done = above[i];
            if (y < r.h) {
                vec middle = *(const vec *)p, left, right;
                left = s.first && i == 0 ? __builtin_shuffle(middle, zero, (ivec){ AFTER_ONE }) : *(const vec *)(p - 1);
                right = s.last && i == n - 1 ? __builtin_shuffle(middle, zero, (ivec){ BEFORE_ONE }) : *(const vec *)(p + 1);
                done += k6 * left + k7 * middle + k8 * right;
                above[i] = here[i] + k3 * left + k4 * middle + k5 * right;
                here[i] = start + k0 * left + k1 * middle + k2 * right;
            }
            if (y <= r.first)
                continue;
            if (s.clip)
                done = (vec)((ivec)done & (done > zero));
            if (s.add && !(i == 0 && s.known))
                done += *(const vec *)to;
            if (s.add && i == 0 && s.known)
                for (int x = 0; x < LANES; x++) /* the columns before had it from the strip before */
                    done[x] = x < s.known ? to[x] : to[x] + done[x];
            *(vec *)to = done;
        }
    }
}

/* Step 1, w >= LANES: two registers of columns at a time; the last strip may overlap the one before. */
void PLANE1(float *out, const float *in, struct kernels_rows r, const float *k, float bias, bool clip, bool add)
{
    int x = 0, w = r.w;
    for (; x + 2 * LANES <= w; x += 2 * LANES) {
        struct strip s = { x == 0, x + 2 * LANES == w, clip, add, 0 };
        strip1(out + x, in + x, r, k, bias, s, 2);
    }
    if (x + LANES <= w) {
        struct strip s = { x == 0, x + LANES == w, clip, add, 0 };
        strip1(out + x, in + x, r, k, bias, s, 1);
        x += LANES;
    }
    if (x < w) {
        struct strip s = { false, true, clip, add, x - (w - LANES) };
        strip1(out + w - LANES, in + w - LANES, r, k, bias, s, 1);
    }
}

/* Step 2, an even width: even and odd columns apart; an odd row is the last of one output row and the first of the next. */
static inline __attribute__((always_inline)) void strip2(float *out, const float *in, struct kernels_rows r, const float *k,
                                                         float bias, bool first, bool clip)
{
    const vec zero = { 0 }, start = zero + bias;
    const vec k0 = zero + k[0], k1 = zero + k[1], k2 = zero + k[2], k3 = zero + k[3], k4 = zero + k[4], k5 = zero + k[5],
              k6 = zero + k[6], k7 = zero + k[7], k8 = zero + k[8];
    vec sum = start, left, even, odd;
    const int w = r.w;
    in += (ptrdiff_t)(2 * r.first) * w;
    if (r.first) {
        TAKE_ROW(in - w);
        sum += k0 * left + k1 * even + k2 * odd;
    }
    for (int y = 2 * r.first; y < 2 * (r.first + r.n); y += 2, in += 2 * w, out += w / 2) {
        TAKE_ROW(in);
        vec done = sum + k3 * left + k4 * even + k5 * odd;
        if (y + 1 < r.h) {
            TAKE_ROW(in + w);
            done += k6 * left + k7 * even + k8 * odd;
            sum = start + k0 * left + k1 * even + k2 * odd;
        }
        *(vec *)out = clip ? (vec)((ivec)done & (done > zero)) : done;
    }
}

static void plane2(float *out, const float *in, struct kernels_rows r, const float *k, float bias, bool clip)
{
    int ow = r.w / 2;
    strip2(out, in, r, k, bias, true, clip);
    for (int x = LANES; x < ow; x += LANES) {
        int at = x + LANES <= ow ? x : ow - LANES;
        strip2(out + at, in + 2 * at, r, k, bias, false, clip);
    }
}

void JOIN(depthwise3_, KERNELS)(float *out, const float *in, struct kernels_rows rows, const float *weights, float bias, bool clip)
{
    const int w = rows.w, h = rows.h, stride = rows.stride, ow = (w - 1) / stride + 1;
    if (stride == 1 && w >= LANES) {
        PLANE1(out, in, rows, weights, bias, clip, false);
        return;
    }
    if (stride == 2 && w % 2 == 0 && ow >= LANES) {
        plane2(out, in, rows, weights, bias, clip);
        return;
    }
    for (int y = rows.first; y < rows.first + rows.n; y++) {
        float *o = out + (size_t)(y - rows.first) * (size_t)ow;
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
        for (int x = 0; clip && x < ow; x++)
            o[x] = o[x] > 0 ? o[x] : 0;
    }
}
