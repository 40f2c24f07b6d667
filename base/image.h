/* SPDX-License-Identifier: MIT
 * 8-bit colour pictures. One layout in the whole program: 4 bytes a pixel in the order B, G, R, unused
 * (Cairo's RGB24 and SDL's XRGB8888 on a little-endian machine), so that decoding converts once and nets, crops,
 * drawing and the window read the same memory. An image is a view and owns nothing. */
#ifndef FACETRAIL_BASE_IMAGE_H
#define FACETRAIL_BASE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/box.h"

struct image {
    uint8_t *pixels;
    int w, h;
    int stride; /* bytes a row; at least 4 * w */
};

enum { IMAGE_B = 0, IMAGE_G = 1, IMAGE_R = 2, IMAGE_PIXEL = 4 };

/* The part of `im` inside the rectangle, clipped to the picture; a view on the same pixels. */
struct image image_view(struct image im, int x, int y, int w, int h);
void image_copy(struct image out, struct image in);  /* same size */
void image_fill(struct image out, uint8_t r, uint8_t g, uint8_t b);
/* Area-averaging when smaller, bilinear when larger; any sizes. */
void image_resize(struct image out, struct image in);
/* Mirrors left and right, in place. */
void image_mirror(struct image im);

/* A similarity or affine map: x' = a x + b y + tx, y' = c x + d y + ty. */
struct warp { float a, b, tx, c, d, ty; };
/* The similarity (turn, scale, shift) that takes `from` nearest to `to` in least squares (n >= 2). */
struct warp warp_similarity(const struct point *from, const struct point *to, int n);
struct warp warp_inverse(struct warp w);
/* One map after the other: then(first(p)). */
struct warp warp_chain(struct warp then, struct warp first);
struct point warp_point(struct warp w, struct point p);
float warp_scale(struct warp w); /* how many output pixels one input pixel becomes */
/* Fills `out` by looking up out(x, y) = in(map(x, y)), bilinear, with an area prefilter when the map shrinks by
 * more than 1.5; places are the middles of pixels. Outside the picture the nearest edge pixel is repeated. */
void image_warp(struct image out, struct image in, struct warp out_to_in);
/* The same into planar floats [3, h, w] in the order R, G, B, as (value - 127.5) / 128. */
void image_warp_planes(float *out, int w, int h, struct image in, struct warp out_to_in);
/* The whole picture to planar floats [3, out_h, out_w], (value - 127.5) / 128; columns and rows beyond the
 * picture are 0 (grey). out_w >= im.w, out_h >= im.h. */
void image_to_planes(float *out, int out_w, int out_h, struct image im);
/* What the bytes 0 and 255 become. */
#define IMAGE_PLANE_LOW (-127.5f * 0.0078125f)
#define IMAGE_PLANE_HIGH (127.5f * 0.0078125f)
/* Variance of the Laplacian of luma: larger is sharper. */
float image_sharpness(struct image im);

#endif
