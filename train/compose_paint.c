/* SPDX-License-Identifier: MIT
 * Pasting, covering, lighting, blurring: all on 8-bit pictures. */
#include "train/compose_paint.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

static uint8_t byte(float v)
{
    return (uint8_t) ((v > 0 ? v < 255 ? v : 255 : 0) + 0.5f);
}

void paint_random(struct image canvas, uint64_t *random)
{
    const int grey = random_below(random, 256);
    int v[3];
    for (int i = 0; i < 3; i++) {
        v[i] = (int) fminf(fmaxf((float) grey + 20 * random_normal(random), 0), 255);
    }
    image_fill(canvas, (uint8_t) v[0], (uint8_t) v[1], (uint8_t) v[2]);
}

/* How far p (picture pixels) lies inside the picture; below 0: outside. */
static float depth(struct point p, float w, float h)
{
    const float x = p.x < w - p.x ? p.x : w - p.x;
    const float y = p.y < h - p.y ? p.y : h - p.y;
    return x < y ? x : y;
}

/* Mixes `in` into `out`: fully inside, less and less towards the picture's edge, over `feather` picture pixels. */
static void blend_row(uint8_t *out, const uint8_t *in, int n, float x, float y, struct warp back, struct image picture,
                      float feather)
{
    const float w = (float) picture.w;
    const float h = (float) picture.h;
    int from = 0;
    while (from < n && depth(warp_point(back, (struct point){ x + (float) from, y }), w, h) < 0) {
        from++;
    }
    while (n > from && depth(warp_point(back, (struct point){ x + (float) (n - 1), y }), w, h) < 0) {
        n--;
    }
    if (feather <= 0) { /* a picture is convex: all between is inside */
        memcpy(out + (size_t) from * IMAGE_PIXEL, in + (size_t) from * IMAGE_PIXEL, (size_t) (n - from) * IMAGE_PIXEL);
        return;
    }
    for (int i = from; i < n; i++) {
        const float inside = depth(warp_point(back, (struct point){ x + (float) i, y }), w, h) / feather;
        const int a = inside < 1 ? inside > 0 ? (int) (inside * 256) : 0 : 256;
        for (int k = 0; k < IMAGE_PIXEL; k++) {
            uint8_t *o = &out[i * IMAGE_PIXEL + k];
            *o = (uint8_t) (*o + ((in[i * IMAGE_PIXEL + k] - *o) * a + 128) / 256);
        }
    }
}

/* The part of the canvas that the picture covers, `out`, and the picture as it comes to lie there, `in`. */
struct placed { struct box seen; int x, y; struct image out, in; };

static struct placed place(struct image canvas, struct image spare, struct image picture, struct warp to_canvas)
{
    const float w = (float) picture.w;
    const float h = (float) picture.h;
    const struct point mid = warp_point(to_canvas, (struct point){ w / 2, h / 2 });
    const float half_w = (fabsf(to_canvas.a) * w + fabsf(to_canvas.b) * h) / 2;
    const float half_h = (fabsf(to_canvas.c) * w + fabsf(to_canvas.d) * h) / 2;
    struct placed p = { .seen = box_clip((struct box){ mid.x - half_w, mid.y - half_h, 2 * half_w, 2 * half_h },
                                         (float) canvas.w, (float) canvas.h) };
    p.x = (int) floorf(p.seen.x);
    p.y = (int) floorf(p.seen.y);
    p.in = image_view(spare, 0, 0, (int) ceilf(p.seen.x + p.seen.w) - p.x, (int) ceilf(p.seen.y + p.seen.h) - p.y);
    p.out = image_view(canvas, p.x, p.y, p.in.w, p.in.h);
    if (p.seen.w <= 0 || p.seen.h <= 0 || p.out.w < 1 || p.out.h < 1) {
        return (struct placed){ .seen = { 0, 0, 0, 0 } };
    }
    struct warp from_corner = warp_inverse(to_canvas);
    const struct warp back = from_corner;
    from_corner.tx += back.a * (float) p.x + back.b * (float) p.y;
    from_corner.ty += back.c * (float) p.x + back.d * (float) p.y;
    p.in = image_view(p.in, 0, 0, p.out.w, p.out.h);
    image_warp(p.in, picture, from_corner);
    return p;
}

struct box paint_scene(struct image canvas, struct image spare, struct image picture, struct warp to_canvas,
                       float feather)
{
    const struct placed p = place(canvas, spare, picture, to_canvas);
    const struct warp back = warp_inverse(to_canvas);
    for (int j = 0; j < p.out.h; j++) {
        blend_row(p.out.pixels + (ptrdiff_t) j * p.out.stride, p.in.pixels + (ptrdiff_t) j * p.in.stride, p.out.w,
                  (float) p.x + 0.5f, (float) (p.y + j) + 0.5f, back, picture, feather * warp_scale(back));
    }
    return p.seen;
}

struct tone { float gamma, contrast, brightness, tints; }; /* tints: spread of the colours' own factors */

/* One table a colour. */
static void draw_tables(uint8_t table[3][256], struct tone tone, uint64_t *random)
{
    for (int k = 0; k < 3; k++) {
        const float tint = expf(tone.tints * random_normal(random));
        for (int v = 0; v < 256; v++) {
            const float x = 255 * powf((float) v / 255, tone.gamma) * tint;
            table[k][v] = byte((x - 128) * tone.contrast + 128 + tone.brightness);
        }
    }
}

struct box paint_head(struct image canvas, struct image spare, struct image picture, struct warp to_canvas, uint64_t *random)
{
    const struct placed p = place(canvas, spare, picture, to_canvas);
    uint8_t table[3][256];
    const float gamma = expf(0.3f * random_normal(random) - 0.3f); /* the studio was dark */
    draw_tables(table, (struct tone){ gamma, 1, 0, 0.08f }, random);
    for (int j = 0; j < p.out.h; j++) {
        uint8_t *to = p.out.pixels + (ptrdiff_t) j * p.out.stride;
        const uint8_t *from = p.in.pixels + (ptrdiff_t) j * p.in.stride;
        for (int i = 0; i < p.out.w; i++, to += IMAGE_PIXEL, from += IMAGE_PIXEL) {
            for (int k = 0; k < 3; k++) {
                to[k] = (uint8_t) (to[k] + (table[k][from[k]] - to[k]) * from[3] / 255);
            }
        }
    }
    return p.seen;
}

void paint_cover(struct image canvas, struct box over, struct image by, uint64_t *random)
{
    const struct image out = image_view(canvas, (int) over.x, (int) over.y, (int) over.w, (int) over.h);
    const bool round = random_chance(random, 0.5f);
    const bool plain = random_chance(random, 0.5f);
    if (out.w < 2 || out.h < 2 || by.w <= out.w || by.h <= out.h) {
        return;
    }
    const int x = random_below(random, by.w - out.w);
    const int y = random_below(random, by.h - out.h);
    const bool any = random_chance(random, 0.5f); /* `by` is a grey picture more often than not */
    const uint8_t mixed[3] = { byte(random_between(random, 0, 255)), byte(random_between(random, 0, 255)),
                               byte(random_between(random, 0, 255)) };
    const uint8_t *colour = any ? mixed : by.pixels + (ptrdiff_t) y * by.stride + (ptrdiff_t) x * IMAGE_PIXEL;
    for (int j = 0; j < out.h; j++) {
        uint8_t *to = out.pixels + (ptrdiff_t) j * out.stride;
        const uint8_t *from = by.pixels + (ptrdiff_t) (y + j) * by.stride + (ptrdiff_t) x * IMAGE_PIXEL;
        for (int i = 0; i < out.w; i++) {
            const float u = 2 * ((float) i + 0.5f) / (float) out.w - 1;
            const float v = 2 * ((float) j + 0.5f) / (float) out.h - 1;
            for (int k = 0; (!round || u * u + v * v < 1) && k < 3; k++) {
                to[i * IMAGE_PIXEL + k] = plain ? colour[k] : from[i * IMAGE_PIXEL + k];
            }
        }
    }
}

static bool is_grey(struct image im, uint64_t *random)
{
    int colour = 0;
    for (int i = 0; i < 64; i++) {
        const uint8_t *p = im.pixels + (ptrdiff_t) random_below(random, im.h) * im.stride +
                           (ptrdiff_t) random_below(random, im.w) * IMAGE_PIXEL;
        colour += abs(p[0] - p[2]) > 12;
    }
    return colour < 16;
}

static void remove_colour(struct image im)
{
    for (int j = 0; j < im.h; j++) {
        uint8_t *p = im.pixels + (ptrdiff_t) j * im.stride;
        for (int i = 0; i < im.w; i++, p += IMAGE_PIXEL) {
            const int luma = (29 * p[IMAGE_B] + 150 * p[IMAGE_G] + 77 * p[IMAGE_R]) >> 8;
            p[IMAGE_B] = p[IMAGE_G] = p[IMAGE_R] = (uint8_t) luma;
        }
    }
}

static void light(struct image im, uint64_t *random)
{
    uint8_t table[3][256];
    const float gamma = expf(0.25f * random_normal(random));
    const float contrast = expf(0.2f * random_normal(random));
    const float brightness = 15 * random_normal(random);
    const uint8_t flip = random_chance(random, 0.005f) ? 255 : 0; /* a negative, seldom */
    draw_tables(table, (struct tone){ gamma, contrast, brightness, 0.06f }, random);
    for (int j = 0; j < im.h; j++) {
        uint8_t *p = im.pixels + (ptrdiff_t) j * im.stride;
        for (int i = 0; i < im.w; i++, p += IMAGE_PIXEL) {
            p[0] = table[0][p[0]] ^ flip;
            p[1] = table[1][p[1]] ^ flip;
            p[2] = table[2][p[2]] ^ flip;
        }
    }
}

/* Down and up again: what a small sensor or a strong codec leaves. */
static void blur(struct image im, struct image spare, uint64_t *random)
{
    const float by = random_between(random, 1.2f, 2.5f);
    const struct image small = image_view(spare, 0, 0, (int) ((float) im.w / by), (int) ((float) im.h / by));
    image_resize(small, im);
    image_resize(im, small);
}

static void noise(struct image im, uint64_t *random)
{
    const int most = 2 + random_below(random, 14);
    for (int j = 0; j < im.h; j++) {
        uint8_t *p = im.pixels + (ptrdiff_t) j * im.stride;
        for (int i = 0; i < im.w; i++, p += IMAGE_PIXEL) {
            const uint64_t r = random_next(random);
            for (int k = 0; k < 3; k++) { /* the sum of two even draws is near enough to a bell */
                const int a = (int) ((r >> (16 * k)) & 0xff);
                const int b = (int) ((r >> (16 * k + 8)) & 0xff);
                const int v = p[k] + (a + b - 255) * most / 256;
                p[k] = (uint8_t) (v < 0 ? 0 : v > 255 ? 255 : v);
            }
        }
    }
}

void paint_light(struct image canvas, struct image spare, float grey, uint64_t *random)
{
    /* most face-free scenes are grey: without this, colour alone would tell pasted faces */
    if (random_chance(random, grey) || (is_grey(canvas, random) && random_chance(random, 0.7f))) {
        remove_colour(canvas);
    }
    if (random_chance(random, 0.7f)) {
        light(canvas, random);
    }
    if (random_chance(random, 0.12f)) {
        blur(canvas, spare, random);
    }
    if (random_chance(random, 0.2f)) {
        noise(canvas, random);
    }
}
