/* SPDX-License-Identifier: MIT
 * Resizing, one axis after the other, in whole numbers: the weights of an output pixel sum to 256, so a weighted sum of
 * bytes fits 16 bits and compilers turn the vertical pass into full vectors. Works in tiles of columns on the stack. */
#include "base/image.h"

#include <math.h>
#include <string.h>

enum { TILE_IN = 2048, TILE_OUT = 512, TAPS_MAX = TILE_IN / 2, ONE = 256 };

/* One output pixel of an axis: `n` input pixels from `first`. */
struct span { int first, n; };
struct axis { int in, out; };

static int at_most(int a, int b)
{
    return a < b ? a : b;
}

/* Bilinear between the centres of two input pixels. */
static struct span span_larger(struct axis a, int i, uint16_t *weights)
{
    double at = (i + 0.5) * a.in / a.out - 0.5;
    at = at < 0 ? 0 : at > a.in - 1 ? a.in - 1 : at;
    int first = at_most((int)at, a.in - 1);
    int second = (int)((at - first) * ONE + 0.5);
    weights[0] = (uint16_t)(ONE - second);
    weights[1] = (uint16_t)second;
    return (struct span){first, second ? 2 : 1};
}

/* How far a pixel boundary lies behind `from`, in 256ths of an output pixel. Rounding the running sum instead of each
 * weight keeps the total at 256. */
static int covered(struct axis a, double from, int boundary)
{
    int c = (int)((boundary - from) * a.out / a.in * ONE + 0.5);
    return c < 0 ? 0 : at_most(c, ONE);
}

static struct span span_smaller(struct axis a, int i, uint16_t *weights)
{
    double from = (double)i * a.in / a.out, to = (double)(i + 1) * a.in / a.out;
    int first = (int)from, last = at_most((int)ceil(to - 1e-9), a.in);
    int n = last - first;
    if (n > TAPS_MAX) { /* a picture a thousand times smaller: one pixel of each will do */
        weights[0] = ONE;
        return (struct span){first + n / 2, 1};
    }
    for (int k = 0, before = 0; k < n; k++) {
        int next = k == n - 1 ? ONE : covered(a, from, first + k + 1);
        weights[k] = (uint16_t)(next - before);
        before = next;
    }
    return (struct span){first, n};
}

static struct span span_at(struct axis a, int i, uint16_t *weights)
{
    return a.in > a.out ? span_smaller(a, i, weights) : span_larger(a, i, weights);
}

struct tile {
    int from, n;                          /* output columns */
    int in_from, in_n;                    /* input columns that they need */
    struct span spans[TILE_OUT];
    uint16_t weights[TILE_IN + 2 * TILE_OUT]; /* of all spans, one after the other */
    uint16_t sums[TILE_IN * IMAGE_PIXEL]; /* a row of the tile after the vertical pass, times 256 */
};

/* Takes as many output columns as fit. */
static void tile_plan(struct tile *t, struct axis a, int from)
{
    uint16_t *weights = t->weights;
    uint16_t ahead[TAPS_MAX + 2];
    t->from = from;
    t->n = 0;
    for (int x = from; x < a.out && t->n < TILE_OUT; x++) {
        struct span s = span_at(a, x, ahead);
        if (t->n == 0)
            t->in_from = s.first;
        if (s.first + s.n - t->in_from > TILE_IN)
            break;
        memcpy(weights, ahead, (size_t)s.n * sizeof *weights);
        weights += s.n;
        t->in_n = s.first + s.n - t->in_from;
        t->spans[t->n++] = (struct span){s.first - t->in_from, s.n};
    }
}

static void row_set(uint16_t *restrict out, const uint8_t *restrict in, uint16_t weight, int n)
{
    for (int i = 0; i < n; i++)
        out[i] = (uint16_t)(in[i] * weight);
}

static void row_add(uint16_t *restrict out, const uint8_t *restrict in, uint16_t weight, int n)
{
    for (int i = 0; i < n; i++)
        out[i] = (uint16_t)(out[i] + in[i] * weight);
}

static void columns(uint8_t *restrict out, const struct tile *restrict t)
{
    const uint16_t *weights = t->weights;
    for (int x = 0; x < t->n; x++) {
        const uint16_t *in = t->sums + (size_t)t->spans[x].first * IMAGE_PIXEL;
        int n = t->spans[x].n;
        uint32_t b = 32768, g = 32768, r = 32768, u = 32768;
        for (int k = 0; k < n; k++, in += IMAGE_PIXEL) {
            uint32_t w = *weights++;
            b += w * in[0];
            g += w * in[1];
            r += w * in[2];
            u += w * in[3];
        }
        out[4 * x] = (uint8_t)(b >> 16);
        out[4 * x + 1] = (uint8_t)(g >> 16);
        out[4 * x + 2] = (uint8_t)(r >> 16);
        out[4 * x + 3] = (uint8_t)(u >> 16);
    }
}

/* Exactly half: the neighbours' mean, as the general way gives, but without tables. */
static void columns_half(uint8_t *restrict out, const uint16_t *restrict in, int n)
{
    for (int x = 0; x < n; x++)
        for (int c = 0; c < 4; c++)
            out[4 * x + c] = (uint8_t)(((uint32_t)in[8 * x + c] + in[8 * x + 4 + c] + 256) >> 9);
}

static void tile_rows(struct tile *t, struct image out, struct image in)
{
    uint16_t weights[TAPS_MAX + 2];
    struct axis rows = {in.h, out.h};
    for (int y = 0; y < out.h; y++) {
        struct span s = span_at(rows, y, weights);
        const uint8_t *from = in.pixels + (ptrdiff_t)s.first * in.stride + (ptrdiff_t)t->in_from * IMAGE_PIXEL;
        uint8_t *to = out.pixels + (ptrdiff_t)y * out.stride + (ptrdiff_t)t->from * IMAGE_PIXEL;
        row_set(t->sums, from, weights[0], t->in_n * IMAGE_PIXEL);
        for (int k = 1; k < s.n; k++)
            row_add(t->sums, from + (ptrdiff_t)k * in.stride, weights[k], t->in_n * IMAGE_PIXEL);
        if (in.w == 2 * out.w)
            columns_half(to, t->sums, t->n);
        else
            columns(to, t);
    }
}

void image_resize(struct image out, struct image in)
{
    struct tile t;
    if (out.w <= 0 || out.h <= 0 || in.w <= 0 || in.h <= 0)
        return;
    if (out.w == in.w && out.h == in.h) {
        image_copy(out, in);
        return;
    }
    for (int x = 0; x < out.w; x += t.n) {
        tile_plan(&t, (struct axis){in.w, out.w}, x);
        tile_rows(&t, out, in);
    }
}
