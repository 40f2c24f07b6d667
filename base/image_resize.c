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
    int from, n;          /* output columns */
    int in_from, in_n;    /* input columns that they need */
    int taps;             /* of the output pixel that has most; all are weighed with so many */
    int first[TILE_OUT];  /* within the tile */
    float weights[TILE_IN + 2 * TILE_OUT];             /* `taps` for each output pixel, by 65536 */
    uint16_t sums[TILE_IN * IMAGE_PIXEL];              /* a row after the vertical pass, times 256 */
    float row[(TILE_IN + TAPS_MAX + 2) * IMAGE_PIXEL]; /* the same, zeros behind */
    float out[TILE_OUT * IMAGE_PIXEL];
};

/* How many taps an output pixel of this axis can have. */
static int taps_most(struct axis a)
{
    if (a.in <= a.out)
        return 2;
    int64_t most = a.in % a.out == 0 ? a.in / a.out : a.in / a.out + 2;
    return most > TAPS_MAX ? TAPS_MAX : (int)most;
}

/* Takes as many output columns as fit. */
static void tile_plan(struct tile *t, struct axis a, int from)
{
    uint16_t weights[TAPS_MAX + 2];
    t->from = from;
    t->taps = taps_most(a);
    t->n = 0;
    for (int x = from; x < a.out && t->n < TILE_OUT; x++) {
        struct span s = span_at(a, x, weights);
        if (t->n == 0)
            t->in_from = s.first;
        if (s.first + s.n - t->in_from > TILE_IN || (t->n + 1) * t->taps > TILE_IN + 2 * TILE_OUT)
            break;
        for (int k = 0; k < t->taps; k++)
            t->weights[t->n * t->taps + k] = k < s.n ? (float)weights[k] / (ONE * ONE) : 0;
        t->in_n = s.first + s.n - t->in_from;
        t->first[t->n++] = s.first - t->in_from;
    }
    memset(t->row + t->in_n * IMAGE_PIXEL, 0, (size_t)t->taps * IMAGE_PIXEL * sizeof *t->row);
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

/* To floats, which four at a time are quicker to weigh than whole numbers of 32 bits. */
static void row_to_floats(float *restrict out, const uint16_t *restrict in, int n)
{
    for (int i = 0; i < n; i++)
        out[i] = (float)in[i];
}

static void row_to_bytes(uint8_t *restrict out, const float *restrict in, int n)
{
    for (int i = 0; i < n; i++)
        out[i] = (uint8_t)(int)(in[i] + 0.5f);
}

/* `taps` is written out by the callers, so that the small numbers become straight code. */
static inline void weigh(struct tile *restrict t, int taps)
{
    const float *weights = t->weights;
    for (int x = 0; x < t->n; x++, weights += taps) {
        const float *in = t->row + (size_t)t->first[x] * IMAGE_PIXEL;
        float *out = t->out + (size_t)x * IMAGE_PIXEL;
        float b = 0, g = 0, r = 0, u = 0;
        for (int k = 0; k < taps; k++, in += IMAGE_PIXEL) {
            b += weights[k] * in[0];
            g += weights[k] * in[1];
            r += weights[k] * in[2];
            u += weights[k] * in[3];
        }
        out[0] = b;
        out[1] = g;
        out[2] = r;
        out[3] = u;
    }
}

static void columns(uint8_t *to, struct tile *t)
{
    row_to_floats(t->row, t->sums, t->in_n * IMAGE_PIXEL);
    switch (t->taps) {
    case 2:
        weigh(t, 2);
        break;
    case 3:
        weigh(t, 3);
        break;
    case 4:
        weigh(t, 4);
        break;
    default:
        weigh(t, t->taps);
    }
    row_to_bytes(to, t->out, t->n * IMAGE_PIXEL);
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
