/* SPDX-License-Identifier: MIT
 * Depthwise 3x3 convolution of one plane, forward and backward; compiled once per instruction set like
 * kernels_vector.c. The weights' gradient keeps its nine sums in registers over the whole plane, which is why rows are
 * copied between zeros first. */
#include <string.h>

#include "base/kernels_vector.h"

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

#if defined(__AVX512F__)
#define AFTER_ONE 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
#define BEFORE_ONE 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
#define EVENS 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODDS 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#elif defined(__AVX2__)
#define AFTER_ONE 8, 0, 1, 2, 3, 4, 5, 6
#define BEFORE_ONE 1, 2, 3, 4, 5, 6, 7, 8
#define EVENS 0, 2, 4, 6, 8, 10, 12, 14
#define ODDS 1, 3, 5, 7, 9, 11, 13, 15
#else
#define AFTER_ONE 4, 0, 1, 2
#define BEFORE_ONE 1, 2, 3, 4
#define EVENS 0, 2, 4, 6
#define ODDS 1, 3, 5, 7
#endif

/* How a strip of columns ends: the picture's first or last columns, which see zeros beside them; and what is done with it. */
struct strip { bool first, last, clip, add; int known; }; /* add: to what is there, but for the first `known` columns */

/* `n` registers of columns from `in` on, all rows: each row is loaded once and goes into the three rows it is seen by. */
static inline __attribute__((always_inline)) void strip1(float *out, const float *in, int w, int h, const float *k, float bias,
                                                         struct strip s, const int n)
{
    const vec zero = { 0 }, start = zero + bias;
    const vec k0 = zero + k[0], k1 = zero + k[1], k2 = zero + k[2], k3 = zero + k[3], k4 = zero + k[4], k5 = zero + k[5],
              k6 = zero + k[6], k7 = zero + k[7], k8 = zero + k[8];
    vec above[2], here[2];
    for (int i = 0; i < n; i++)
        above[i] = here[i] = start;
    for (int y = 0; y <= h; y++, in += w) {
        float *to = out + (ptrdiff_t)(y - 1) * w;
        for (int i = 0; i < n; i++, to += LANES) {
            const float *p = in + i * LANES;
            vec done = above[i];
            if (y < h) {
                vec middle = *(const vec *)p, left, right;
                left = s.first && i == 0 ? __builtin_shuffle(middle, zero, (ivec){ AFTER_ONE }) : *(const vec *)(p - 1);
                right = s.last && i == n - 1 ? __builtin_shuffle(middle, zero, (ivec){ BEFORE_ONE }) : *(const vec *)(p + 1);
                done += k6 * left + k7 * middle + k8 * right;
                above[i] = here[i] + k3 * left + k4 * middle + k5 * right;
                here[i] = start + k0 * left + k1 * middle + k2 * right;
            }
            if (y == 0)
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
static void plane1(float *out, const float *in, int w, int h, const float *k, float bias, bool clip, bool add)
{
    int x = 0;
    for (; x + 2 * LANES <= w; x += 2 * LANES) {
        struct strip s = { x == 0, x + 2 * LANES == w, clip, add, 0 };
        strip1(out + x, in + x, w, h, k, bias, s, 2);
    }
    if (x + LANES <= w) {
        struct strip s = { x == 0, x + LANES == w, clip, add, 0 };
        strip1(out + x, in + x, w, h, k, bias, s, 1);
        x += LANES;
    }
    if (x < w) {
        struct strip s = { w == LANES, true, clip, add, x - (w - LANES) };
        strip1(out + w - LANES, in + w - LANES, w, h, k, bias, s, 1);
    }
}

/* Step 2, an even width: even and odd columns apart; an odd row is the last of one output row and the first of the next. */
static inline __attribute__((always_inline)) void strip2(float *out, const float *in, int w, int h, const float *k, float bias,
                                                         bool first, bool clip)
{
    const vec zero = { 0 }, start = zero + bias;
    const vec k0 = zero + k[0], k1 = zero + k[1], k2 = zero + k[2], k3 = zero + k[3], k4 = zero + k[4], k5 = zero + k[5],
              k6 = zero + k[6], k7 = zero + k[7], k8 = zero + k[8];
    vec sum = start, left, even, odd;
#define TAKE_ROW(p)                                                                                                    \
    do {                                                                                                               \
        const vec a = *(const vec *)(p), b = *(const vec *)((p) + LANES);                                              \
        even = __builtin_shuffle(a, b, (ivec){ EVENS });                                                               \
        odd = __builtin_shuffle(a, b, (ivec){ ODDS });                                                                 \
        left = first ? __builtin_shuffle(odd, zero, (ivec){ AFTER_ONE })                                               \
                     : __builtin_shuffle(*(const vec *)((p) - 1), *(const vec *)((p) - 1 + LANES), (ivec){ EVENS });   \
    } while (0)
    for (int y = 0; y < h; y += 2, in += 2 * w, out += w / 2) {
        TAKE_ROW(in);
        vec done = sum + k3 * left + k4 * even + k5 * odd;
        if (y + 1 < h) {
            TAKE_ROW(in + w);
            done += k6 * left + k7 * even + k8 * odd;
            sum = start + k0 * left + k1 * even + k2 * odd;
        }
        *(vec *)out = clip ? (vec)((ivec)done & (done > zero)) : done;
    }
#undef TAKE_ROW
}

static void plane2(float *out, const float *in, int w, int h, const float *k, float bias, bool clip)
{
    int ow = w / 2;
    strip2(out, in, w, h, k, bias, true, clip);
    for (int x = LANES; x < ow; x += LANES) {
        int at = x + LANES <= ow ? x : ow - LANES;
        strip2(out + at, in + 2 * at, w, h, k, bias, false, clip);
    }
}

void JOIN(depthwise3_, KERNELS)(float *out, const float *in, int w, int h, int stride, const float *weights, float bias,
                                bool clip)
{
    int ow = (w - 1) / stride + 1, oh = (h - 1) / stride + 1;
    if (stride == 1 && w >= LANES) {
        plane1(out, in, w, h, weights, bias, clip, false);
        return;
    }
    if (stride == 2 && w % 2 == 0 && ow >= LANES) {
        plane2(out, in, w, h, weights, bias, clip);
        return;
    }
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
        for (int x = 0; clip && x < ow; x++)
            o[x] = o[x] > 0 ? o[x] : 0;
    }
}

/* The gradient of the picture where a whole 3x3 sum lies inside: the output's gradient with the kernel turned round. */
static inline void row_turned1(float *restrict g, const float *restrict a, const float *restrict b, const float *restrict c,
                               int w, const float *restrict k, bool set)
{
#pragma omp simd
    for (int x = 1; x < w - 1; x++)
        g[x] = (set ? 0 : g[x]) + k[8] * a[x - 1] + k[7] * a[x] + k[6] * a[x + 1] + k[5] * b[x - 1] + k[4] * b[x] + k[3] * b[x + 1] +
                k[2] * c[x - 1] + k[1] * c[x] + k[0] * c[x + 1];
}

static void picture_back1(float *g, const float *d, int w, int h, const float *k, bool set)
{
    const float turned[9] = { k[8], k[7], k[6], k[5], k[4], k[3], k[2], k[1], k[0] };
    if (w >= LANES) {
        plane1(g, d, w, h, turned, 0, false, !set);
        return;
    }
    for (int y = 0; y < h; y++, g += w, d += w) {
        bool inside = y > 0 && y + 1 < h;
        if (inside && set)
            row_turned1(g, d - w, d, d + w, w, k, true);
        else if (inside)
            row_turned1(g, d - w, d, d + w, w, k, false);
        for (int x = 0; set && x < w; x += inside && w > 1 ? w - 1 : 1) /* the ends, or all of a row at the border */
            g[x] = 0;
        for (int r = 0; r < 3; r++) {
            if (y + r - 1 < 0 || y + r - 1 >= h)
                continue;
            const float *row = d + (r - 1) * w, *t = turned + 3 * r;
            if (!inside)
                row_add1(g, row, w, t[0], t[1], t[2]);
            row_edges(g, row, w, w, 1, t);
        }
    }
}

static void picture_row_back2(float *restrict g, const float *restrict d, int w, int ow, const float *restrict k)
{
#pragma omp simd
    for (int x = 0; x < ow - 1; x++) {
        g[2 * x] += k[1] * d[x];
        g[2 * x + 1] += k[2] * d[x] + k[0] * d[x + 1];
    }
    g[2 * (ow - 1)] += k[1] * d[ow - 1];
    if (2 * (ow - 1) + 1 < w)
        g[2 * (ow - 1) + 1] += k[2] * d[ow - 1];
}

static void picture_back2(float *g, const float *d, int w, int h, const float *k, bool set)
{
    if (set)
        memset(g, 0, (size_t)w * (size_t)h * sizeof(float));
    int ow = (w - 1) / 2 + 1, oh = (h - 1) / 2 + 1;
    for (int y = 0; y < oh; y++)
        for (int r = 0; r < 3; r++)
            if (2 * y + r - 1 >= 0 && 2 * y + r - 1 < h)
                picture_row_back2(g + (size_t)(2 * y + r - 1) * (size_t)w, d + (size_t)y * (size_t)ow, w, ow, k + 3 * r);
}

enum { PART = 256, ROOM = PART + 2 * LANES }; /* columns of the outputs looked at together */

/* A row as its three taps see it, at -1, 0, +1: with step 2 the odd and the even columns apart. Zeros outside. */
struct taps { float odd[ROOM], even[ROOM]; };

static void take_row(struct taps *t, const float *row, int w, int stride, int x0, int n)
{
    int from = x0 * stride - 1;
    if (stride == 1) { /* `odd` holds all columns from x0 - 1 on */
        int first = from < 0, last = w - from < n + 2 ? w - from : n + 2;
        t->odd[0] = 0;
        memcpy(t->odd + first, row + from + first, (size_t)(last - first) * sizeof(float));
        memset(t->odd + last, 0, (size_t)(n + 2 + LANES - last) * sizeof(float));
        return;
    }
    int whole = (w - 2 * x0) / 2 < n ? (w - 2 * x0) / 2 : n;
    const float *at = row + 2 * x0;
    t->odd[0] = x0 ? at[-1] : 0;
#pragma omp simd
    for (int x = 0; x < whole; x++) {
        t->even[x] = at[2 * x];
        t->odd[x + 1] = at[2 * x + 1];
    }
    memset(t->even + whole, 0, (size_t)(n + LANES - whole) * sizeof(float));
    memset(t->odd + whole + 1, 0, (size_t)(n + LANES - whole) * sizeof(float));
    if (whole < n) /* an odd width ends with an even column */
        t->even[whole] = at[2 * whole];
}

static void take_zeros(struct taps *t)
{
    memset(t, 0, sizeof *t);
}

/* Columns x0 .. x0 + n - 1 of the outputs. */
static void weights_back_part(float *weight_grad, const float *in, const float *d, int w, int h, int stride, int x0, int n)
{
    struct taps rows[3];
    float grad[ROOM];
    vec sum[9] = { { 0 } };
    int ow = (w - 1) / stride + 1, oh = (h - 1) / stride + 1;
    for (int y = 0; y < oh; y++) {
        for (int r = y && stride == 1 ? 2 : y ? 1 : 0; r < 3; r++) { /* the others are there already */
            int iy = y * stride + r - 1;
            struct taps *t = &rows[(iy + 1) % 3];
            if (iy < 0 || iy >= h)
                take_zeros(t);
            else
                take_row(t, in + (size_t)iy * (size_t)w, w, stride, x0, n);
        }
        memcpy(grad, d + (size_t)y * (size_t)ow + x0, (size_t)n * sizeof(float));
        memset(grad + n, 0, LANES * sizeof(float));
        const struct taps *a = &rows[y * stride % 3], *b = &rows[(y * stride + 1) % 3], *c = &rows[(y * stride + 2) % 3];
        for (int x = 0; x < n; x += LANES) {
            const vec g = *(const vec *)(grad + x);
#define TAPS(ROW, FIRST)                                                                                               \
    sum[FIRST] += g * *(const vec *)(ROW->odd + x);                                                                    \
    sum[FIRST + 1] += g * (stride == 1 ? *(const vec *)(ROW->odd + x + 1) : *(const vec *)(ROW->even + x));            \
    sum[FIRST + 2] += g * (stride == 1 ? *(const vec *)(ROW->odd + x + 2) : *(const vec *)(ROW->odd + x + 1));
            TAPS(a, 0)
            TAPS(b, 3)
            TAPS(c, 6)
#undef TAPS
        }
    }
    for (int k = 0; k < 9; k++)
        for (int i = 0; i < LANES; i++)
            weight_grad[k] += sum[k][i];
}

void JOIN(depthwise3_backward_, KERNELS)(float *in_grad, float *weight_grad, const float *in, const float *out_grad, int w,
                                         int h, int stride, const float *weights, bool set)
{
    int ow = (w - 1) / stride + 1;
    for (int x = 0; x < ow; x += PART) {
        int n = ow - x < PART ? ow - x : PART;
        if (stride == 1)
            weights_back_part(weight_grad, in, out_grad, w, h, 1, x, n);
        else
            weights_back_part(weight_grad, in, out_grad, w, h, 2, x, n);
    }
    if (in_grad)
        (stride == 1 ? picture_back1 : picture_back2)(in_grad, out_grad, w, h, weights, set);
}
