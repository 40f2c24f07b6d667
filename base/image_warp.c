/* SPDX-License-Identifier: MIT
 * Similarity and affine maps, and looking pictures up through them. A map that shrinks looks up a picture that was
 * averaged down before, made for each block of the output on the stack. */
#include "base/image.h"

#include <math.h>
#include <string.h>

#include "base/kernels.h"

enum {
    BLOCK = 32,            /* output pixels, each way */
    REDUCED = 104,         /* a block spans at most 31 * 2 * 1.5 reduced pixels, and a border */
    SUM_PIXELS = 1024,     /* input pixels summed at once; also the largest factor */
};

struct warp warp_similarity(const struct point *from, const struct point *to, int n)
{
    double fx = 0, fy = 0, tx = 0, ty = 0, same = 0, across = 0, squares = 0;
    for (int i = 0; i < n; i++) {
        fx += (double)from[i].x / n;
        fy += (double)from[i].y / n;
        tx += (double)to[i].x / n;
        ty += (double)to[i].y / n;
    }
    for (int i = 0; i < n; i++) {
        double px = from[i].x - fx, py = from[i].y - fy, qx = to[i].x - tx, qy = to[i].y - ty;
        same += px * qx + py * qy;
        across += px * qy - py * qx;
        squares += px * px + py * py;
    }
    double a = squares > 0 ? same / squares : 1, b = squares > 0 ? across / squares : 0;
    return (struct warp){
        .a = (float)a, .b = (float)-b, .tx = (float)(tx - a * fx + b * fy),
        .c = (float)b, .d = (float)a,  .ty = (float)(ty - b * fx - a * fy),
    };
}

struct warp warp_inverse(struct warp w)
{
    double det = (double)w.a * w.d - (double)w.b * w.c;
    if (det == 0)
        return (struct warp){0};
    double a = w.d / det, b = -w.b / det, c = -w.c / det, d = w.a / det;
    return (struct warp){
        .a = (float)a, .b = (float)b, .tx = (float)(-a * w.tx - b * w.ty),
        .c = (float)c, .d = (float)d, .ty = (float)(-c * w.tx - d * w.ty),
    };
}

struct warp warp_chain(struct warp then, struct warp first)
{
    return (struct warp){
        .a = then.a * first.a + then.b * first.c, .b = then.a * first.b + then.b * first.d,
        .tx = then.a * first.tx + then.b * first.ty + then.tx,
        .c = then.c * first.a + then.d * first.c, .d = then.c * first.b + then.d * first.d,
        .ty = then.c * first.tx + then.d * first.ty + then.ty,
    };
}

struct point warp_point(struct warp w, struct point p)
{
    return (struct point){w.a * p.x + w.b * p.y + w.tx, w.c * p.x + w.d * p.y + w.ty};
}

float warp_scale(struct warp w)
{
    return sqrtf(fabsf(w.a * w.d - w.b * w.c));
}

/* By how much the picture must be averaged down first; 1: not at all. */
static int factor_of(struct warp w)
{
    float across = sqrtf(w.a * w.a + w.c * w.c), down = sqrtf(w.b * w.b + w.d * w.d);
    float shrinks = across > down ? across : down;
    return shrinks > 1.5f && shrinks < SUM_PIXELS ? (int)(shrinks + 0.5f) : 1;
}

struct range { float low, high; };

/* Where x + i u + j v lies for 0 <= i <= n, 0 <= j <= m. */
static struct range range_of(float x, float u, float v, int n, int m)
{
    float a = u * (float)n, b = v * (float)m;
    return (struct range){x + (a < 0 ? a : 0) + (b < 0 ? b : 0), x + (a > 0 ? a : 0) + (b > 0 ? b : 0)};
}

static float limit(float v, float high)
{
    v = v > 0 ? v : 0; /* not a number becomes 0 */
    return v < high ? v : high;
}

/* First input pixel and count that a block needs along one axis, within the picture; of a block outside it, the edge. */
static int first_of(struct range r, int size)
{
    return (int)limit(floorf(r.low) - 1, (float)(size - 1));
}

static int count_of(struct range r, int first, int size)
{
    int count = (int)limit(ceilf(r.high) + 2, (float)size) - first;
    return count > 0 ? count : 1;
}

static void row_add(uint32_t *restrict sums, const uint8_t *restrict in, int n)
{
    for (int i = 0; i < n; i++)
        sums[i] += in[i];
}

/* n output pixels; each averages `factor` columns and `rows` rows, the last one perhaps fewer columns. */
static void columns_mean(uint8_t *out, const uint32_t *sums, int width, int factor, int rows)
{
    for (int from = 0; from < width; from += factor, out += IMAGE_PIXEL) {
        int n = width - from < factor ? width - from : factor;
        uint32_t all[IMAGE_PIXEL] = {0};
        for (int k = 0; k < n; k++)
            for (int c = 0; c < IMAGE_PIXEL; c++)
                all[c] += sums[(from + k) * IMAGE_PIXEL + c];
        float by = 1.0f / (float)(n * rows);
        for (int c = 0; c < IMAGE_PIXEL; c++)
            out[c] = (uint8_t)((float)all[c] * by + 0.5f);
    }
}

/* One row of the reduced picture from `in`, which is at most `factor` rows high. */
static void reduce_row(uint8_t *out, struct image in, int factor)
{
    int step = SUM_PIXELS / factor * factor;
    for (int from = 0; from < in.w; from += step, out += step / factor * IMAGE_PIXEL) {
        uint32_t sums[SUM_PIXELS * IMAGE_PIXEL];
        struct image part = image_view(in, from, 0, step, in.h);
        memset(sums, 0, (size_t)part.w * IMAGE_PIXEL * sizeof *sums);
        for (int y = 0; y < part.h; y++)
            row_add(sums, part.pixels + (ptrdiff_t)y * part.stride, part.w * IMAGE_PIXEL);
        columns_mean(out, sums, part.w, factor, part.h);
    }
}

/* What a block looks up: the picture itself, or a reduced copy of the part it needs, and the map into it. */
struct lookup { struct image in; struct warp map; };

static struct lookup reduce(uint8_t *pixels, struct image in, struct warp w, int factor, int block_w, int block_h)
{
    struct range rx = range_of(w.tx, w.a, w.b, block_w - 1, block_h - 1);
    struct range ry = range_of(w.ty, w.c, w.d, block_w - 1, block_h - 1);
    int x = first_of(rx, in.w), y = first_of(ry, in.h);
    struct image part = image_view(in, x, y, count_of(rx, x, in.w), count_of(ry, y, in.h));
    int rw = (part.w + factor - 1) / factor, rh = (part.h + factor - 1) / factor;
    rw = rw < REDUCED ? rw : REDUCED;
    rh = rh < REDUCED ? rh : REDUCED;
    for (int i = 0; i < rh; i++)
        reduce_row(pixels + (size_t)i * REDUCED * IMAGE_PIXEL, image_view(part, 0, i * factor, rw * factor, factor),
                   factor);
    float by = 1.0f / (float)factor, half = ((float)factor - 1) / 2; /* centre of the first reduced pixel */
    return (struct lookup){
        {pixels, rw, rh, REDUCED * IMAGE_PIXEL},
        {w.a * by, w.b * by, (w.tx - (float)x - half) * by, w.c * by, w.d * by, (w.ty - (float)y - half) * by},
    };
}

static void put_planes(float *restrict out, size_t plane, const float (*restrict row)[IMAGE_PIXEL], int n)
{
    for (int i = 0; i < n; i++) {
        out[i] = (row[i][IMAGE_R] - 127.5f) * 0.0078125f;
        out[i + plane] = (row[i][IMAGE_G] - 127.5f) * 0.0078125f;
        out[i + 2 * plane] = (row[i][IMAGE_B] - 127.5f) * 0.0078125f;
    }
}

/* Where the result goes: pixels or planes, w x h. */
struct target { const struct kernels *kernels; struct image image; float *planes; int w, h; };

static void put_row(const struct target *t, const float (*row)[IMAGE_PIXEL], int x, int y, int n)
{
    if (t->planes)
        put_planes(t->planes + (size_t)y * (size_t)t->w + x, (size_t)t->w * (size_t)t->h, row, n);
    else
        t->kernels->bytes(t->image.pixels + (ptrdiff_t)y * t->image.stride + (ptrdiff_t)x * IMAGE_PIXEL, row[0],
                          (size_t)n * IMAGE_PIXEL);
}

static void warp_block(const struct target *t, struct image in, struct warp w, int factor, int x, int y)
{
    uint8_t pixels[REDUCED * REDUCED * IMAGE_PIXEL];
    float row[BLOCK][IMAGE_PIXEL];
    int bw = t->w - x < BLOCK ? t->w - x : BLOCK, bh = t->h - y < BLOCK ? t->h - y : BLOCK;
    struct point start = warp_point(w, (struct point){(float)x, (float)y});
    w.tx = start.x;
    w.ty = start.y;
    struct lookup l = {in, w};
    if (factor > 1)
        l = reduce(pixels, in, w, factor, bw, bh);
    for (int j = 0; j < bh; j++) {
        struct kernels_line line = {l.in.pixels, l.in.stride, l.in.w, l.in.h, l.map.tx + (float)j * l.map.b,
                                    l.map.ty + (float)j * l.map.d, l.map.a, l.map.c};
        t->kernels->bilinear(row[0], &line, bw);
        put_row(t, (const float (*)[IMAGE_PIXEL])row, x, y + j, bw);
    }
}

static void warp(const struct target *t, struct image in, struct warp out_to_in)
{
    int factor = factor_of(out_to_in);
    if (in.w <= 0 || in.h <= 0)
        return;
    for (int y = 0; y < t->h; y += BLOCK)
        for (int x = 0; x < t->w; x += BLOCK)
            warp_block(t, in, out_to_in, factor, x, y);
}

void image_warp(struct image out, struct image in, struct warp out_to_in)
{
    warp(&(struct target){kernels_best(), .image = out, .w = out.w, .h = out.h}, in, out_to_in);
}

void image_warp_planes(float *out, int w, int h, struct image in, struct warp out_to_in)
{
    warp(&(struct target){kernels_best(), .planes = out, .w = w, .h = h}, in, out_to_in);
}
