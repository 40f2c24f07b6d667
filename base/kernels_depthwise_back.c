/* SPDX-License-Identifier: MIT
 * Gradients of a depthwise 3x3 convolution of one plane; compiled once per instruction set like kernels_vector.c. The
 * weights' gradient keeps its nine sums in registers over a strip of columns. */
#include <string.h>

#include "base/kernels_strips.h"

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
        PLANE1(g, d, (struct kernels_rows){ w, h, 1, 0, h }, turned, 0, false, !set);
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

/* Step 2, whole registers of gradients: even and odd columns of the picture come of one register of gradients
 * and the one to its right. Written, or added to. */
static void picture_strip2(float *g, const float *d, int w, int h, const float *k, bool last, bool set)
{
    const vec zero = { 0 };
    const int ow = w / 2;
    const vec k0 = zero + k[0], k1 = zero + k[1], k2 = zero + k[2], k3 = zero + k[3], k4 = zero + k[4], k5 = zero + k[5],
              k6 = zero + k[6], k7 = zero + k[7], k8 = zero + k[8];
    vec here, right, under = *(const vec *)d, under_right;
#define RIGHT_OF(p, v) (last ? __builtin_shuffle(v, zero, (ivec){ BEFORE_ONE }) : *(const vec *)((p) + 1))
#define PUT(to, even, odd)                                                                                             \
    do {                                                                                                               \
        vec a = __builtin_shuffle(even, odd, (ivec){ ZIP_LOW }), b = __builtin_shuffle(even, odd, (ivec){ ZIP_HIGH }); \
        *(vec *)(to) = set ? a : a + *(const vec *)(to);                                                               \
        *(vec *)((to) + LANES) = set ? b : b + *(const vec *)((to) + LANES);                                           \
    } while (0)
    under_right = RIGHT_OF(d, under);
    for (int y = 0; y < h; y += 2, g += 2 * w) {
        here = under;
        right = under_right;
        PUT(g, k4 * here, k5 * here + k3 * right);
        if (y + 1 == h)
            break;
        d += ow;
        under = y + 2 < h ? *(const vec *)d : zero;
        under_right = y + 2 < h ? RIGHT_OF(d, under) : zero;
        PUT(g + w, k7 * here + k1 * under, k8 * here + k6 * right + k2 * under + k0 * under_right);
    }
#undef RIGHT_OF
#undef PUT
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
    if (w % (2 * LANES) == 0) {
        for (int x = 0; x < w / 2; x += LANES)
            picture_strip2(g + 2 * x, d + x, w, h, k, x + LANES == w / 2, set);
        return;
    }
    if (set)
        memset(g, 0, (size_t)w * (size_t)h * sizeof(float));
    int ow = (w - 1) / 2 + 1, oh = (h - 1) / 2 + 1;
    for (int y = 0; y < oh; y++)
        for (int r = 0; r < 3; r++)
            if (2 * y + r - 1 >= 0 && 2 * y + r - 1 < h)
                picture_row_back2(g + (size_t)(2 * y + r - 1) * (size_t)w, d + (size_t)y * (size_t)ow, w, ow, k + 3 * r);
}

/* Nine sums of a strip of columns, step 1: each row of the picture is loaded once and meets the gradients of the three rows
 * that see it. The first `known` columns are another strip's. */
static inline __attribute__((always_inline)) void weights_strip1(vec *sum, const float *in, const float *d, int w, int h,
                                                                 bool first, bool last, int known)
{
    const vec zero = { 0 };
    vec before, here = zero, next = *(const vec *)d, mine = zero, s[9];
    for (int k = 0; k < 9; k++)
        s[k] = sum[k];
    for (int x = known; x < LANES; x++)
        mine[x] = 1;
    next *= mine;
    for (int y = 0; y < h; y++, in += w) {
        const vec middle = *(const vec *)in;
        const vec left = first ? __builtin_shuffle(middle, zero, (ivec){ AFTER_ONE }) : *(const vec *)(in - 1);
        const vec right = last ? __builtin_shuffle(middle, zero, (ivec){ BEFORE_ONE }) : *(const vec *)(in + 1);
        before = here;
        here = next;
        next = y + 1 < h ? *(const vec *)(d + (ptrdiff_t)(y + 1) * w) * mine : zero;
        s[0] += next * left, s[1] += next * middle, s[2] += next * right;
        s[3] += here * left, s[4] += here * middle, s[5] += here * right;
        s[6] += before * left, s[7] += before * middle, s[8] += before * right;
    }
    for (int k = 0; k < 9; k++)
        sum[k] = s[k];
}

/* The same with step 2 and an even width. */
static inline __attribute__((always_inline)) void weights_strip2(vec *sum, const float *in, const float *d, int w, int h,
                                                                 bool first, int known)
{
    const vec zero = { 0 };
    vec here, next = *(const vec *)d, mine = zero, left, even, odd, s[9];
    for (int k = 0; k < 9; k++)
        s[k] = sum[k];
    for (int x = known; x < LANES; x++)
        mine[x] = 1;
    next *= mine;
    for (int y = 0; y < h; y += 2, in += 2 * w, d += w / 2) {
        here = next;
        next = y + 2 < h ? *(const vec *)(d + w / 2) * mine : zero;
        TAKE_ROW(in);
        s[3] += here * left, s[4] += here * even, s[5] += here * odd;
        if (y + 1 == h)
            break;
        TAKE_ROW(in + w);
        s[6] += here * left, s[7] += here * even, s[8] += here * odd;
        s[0] += next * left, s[1] += next * even, s[2] += next * odd;
    }
    for (int k = 0; k < 9; k++)
        sum[k] = s[k];
}

static void weights_back(float *weight_grad, const float *in, const float *d, int w, int h, int stride)
{
    vec sum[9] = { { 0 } };
    int ow = w / stride;
    for (int x = 0; x < ow; x += LANES) {
        int at = x + LANES <= ow ? x : ow - LANES, known = x - at;
        if (stride == 2 && x == 0)
            weights_strip2(sum, in, d, w, h, true, 0);
        else if (stride == 2)
            weights_strip2(sum, in + 2 * at, d + at, w, h, false, known);
        else
            weights_strip1(sum, in + at, d + at, w, h, at == 0, at + LANES == ow, known);
    }
    for (int k = 0; k < 9; k++)
        for (int i = 0; i < LANES; i++)
            weight_grad[k] += sum[k][i];
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
    bool strips = ow >= LANES && w % stride == 0;
    if (strips)
        weights_back(weight_grad, in, out_grad, w, h, stride);
    for (int x = 0; !strips && x < ow; x += PART) {
        int n = ow - x < PART ? ow - x : PART;
        if (stride == 1)
            weights_back_part(weight_grad, in, out_grad, w, h, 1, x, n);
        else
            weights_back_part(weight_grad, in, out_grad, w, h, 2, x, n);
    }
    if (in_grad)
        (stride == 1 ? picture_back1 : picture_back2)(in_grad, out_grad, w, h, weights, set);
}
