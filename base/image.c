/* SPDX-License-Identifier: MIT
 * Pictures: views, copies, planes, sharpness. Pixels are read as 32-bit words where that lets a compiler use vectors. */
#include "base/image.h"

#include <string.h>

#include "base/check.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a pixel read as a word is 0xXXRRGGBB");

static int clamp(int v, int low, int high)
{
    return v < low ? low : v > high ? high : v;
}

struct image image_view(struct image im, int x, int y, int w, int h)
{
    int64_t right = (int64_t)x + w, below = (int64_t)y + h;
    int x0 = clamp(x, 0, im.w), y0 = clamp(y, 0, im.h);
    int x1 = right < x0 ? x0 : right > im.w ? im.w : (int)right;
    int y1 = below < y0 ? y0 : below > im.h ? im.h : (int)below;
    im.pixels += (ptrdiff_t)y0 * im.stride + (ptrdiff_t)x0 * IMAGE_PIXEL;
    im.w = x1 - x0;
    im.h = y1 - y0;
    return im;
}

static uint8_t *row_of(struct image im, int y)
{
    return im.pixels + (ptrdiff_t)y * im.stride;
}

void image_copy(struct image out, struct image in)
{
    CHECK(out.w == in.w && out.h == in.h);
    for (int y = 0; y < out.h; y++)
        memmove(row_of(out, y), row_of(in, y), (size_t)out.w * IMAGE_PIXEL);
}

void image_fill(struct image out, uint8_t r, uint8_t g, uint8_t b)
{
    const uint8_t pixel[IMAGE_PIXEL] = {b, g, r, 255};
    for (int y = 0; y < out.h; y++) {
        uint8_t *row = row_of(out, y);
        for (int x = 0; x < out.w; x++)
            memcpy(row + (size_t)x * IMAGE_PIXEL, pixel, IMAGE_PIXEL);
    }
}

void image_mirror(struct image im)
{
    for (int y = 0; y < im.h; y++) {
        uint8_t *left = row_of(im, y), *right = left + (size_t)im.w * IMAGE_PIXEL;
        for (right -= IMAGE_PIXEL; left < right; left += IMAGE_PIXEL, right -= IMAGE_PIXEL) {
            uint8_t kept[IMAGE_PIXEL];
            memcpy(kept, left, IMAGE_PIXEL);
            memcpy(left, right, IMAGE_PIXEL);
            memcpy(right, kept, IMAGE_PIXEL);
        }
    }
}

static void row_to_planes(float *restrict r, float *restrict g, float *restrict b, const uint8_t *restrict in, int w)
{
    for (int x = 0; x < w; x++) {
        uint32_t p;
        memcpy(&p, in + 4 * (size_t)x, sizeof p);
        r[x] = ((float)(int)(p >> 16 & 255) - 127.5f) * 0.0078125f;
        g[x] = ((float)(int)(p >> 8 & 255) - 127.5f) * 0.0078125f;
        b[x] = ((float)(int)(p & 255) - 127.5f) * 0.0078125f;
    }
}

void image_to_planes(float *out, int out_w, int out_h, struct image im)
{
    CHECK(out_w >= im.w && out_h >= im.h);
    size_t plane = (size_t)out_w * (size_t)out_h, behind = (size_t)(out_w - im.w) * sizeof *out;
    for (int y = 0; y < im.h; y++) {
        float *row = out + (size_t)y * (size_t)out_w;
        row_to_planes(row, row + plane, row + 2 * plane, row_of(im, y), im.w);
        for (int c = 0; c < 3 && behind; c++)
            memset(row + (size_t)c * plane + im.w, 0, behind);
    }
    size_t above = (size_t)im.h * (size_t)out_w;
    for (int c = 0; c < 3 && plane > above; c++)
        memset(out + (size_t)c * plane + above, 0, (plane - above) * sizeof *out);
}

enum { STRIP = 512 };

static void luma_row(int *restrict out, const uint8_t *restrict in, int w)
{
    for (int x = 0; x < w; x++) {
        uint32_t p;
        memcpy(&p, in + 4 * (size_t)x, sizeof p);
        out[x] = (int)((p >> 16 & 255) * 77 + (p >> 8 & 255) * 150 + (p & 255) * 29) >> 8;
    }
}

struct sums { int64_t one, squares; };

/* The Laplacian of the inner pixels of a strip at most STRIP wide, with three rows of luma going round. */
static void strip_sums(struct sums *sums, struct image im)
{
    int rows[3][STRIP];
    luma_row(rows[0], row_of(im, 0), im.w);
    luma_row(rows[1], row_of(im, 1), im.w);
    for (int y = 1; y < im.h - 1; y++) {
        const int *above = rows[(y + 2) % 3], *here = rows[y % 3], *below = rows[(y + 1) % 3];
        int one = 0, squares = 0; /* at most 512 * 1020 * 1020: fits */
        luma_row(rows[(y + 1) % 3], row_of(im, y + 1), im.w);
        for (int x = 1; x < im.w - 1; x++) {
            int v = above[x] + below[x] + here[x - 1] + here[x + 1] - 4 * here[x];
            one += v;
            squares += v * v;
        }
        sums->one += one;
        sums->squares += squares;
    }
}

float image_sharpness(struct image im)
{
    struct sums sums = {0};
    if (im.w < 3 || im.h < 3)
        return 0;
    for (int x = 0; x + 2 < im.w; x += STRIP - 2)
        strip_sums(&sums, image_view(im, x, 0, STRIP, im.h));
    double n = (double)(im.w - 2) * (double)(im.h - 2), mean = (double)sums.one / n;
    double variance = (double)sums.squares / n - mean * mean;
    return variance > 0 ? (float)variance : 0;
}
