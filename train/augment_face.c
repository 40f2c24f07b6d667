/* SPDX-License-Identifier: MIT
 * Varied faces for training: one bilinear lookup with 8-bit fractions (two channels to a multiplication), then one pass
 * for colour. About 20 us a face. */
#include "train/augment_face.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "recognizer/recognizer.h"
#include "train/data.h"

enum { PIXELS = CROP_W * CROP_H, ONE = 256 };

/* Four pixels, mixed: fx and fy are 0 .. 256. Channels are mixed two at a time, each with 16 bits of room. */
static uint32_t mix(const uint8_t *at, int stride, uint32_t fx, uint32_t fy)
{
    uint32_t p[4];
    memcpy(&p[0], at, 8);
    memcpy(&p[2], at + stride, 8);
    const uint32_t mask = 0x00ff00ffu;
    uint32_t w11 = fx * fy >> 8, w10 = fy - w11, w01 = fx - w11, w00 = ONE - fx - w10;
    uint32_t even = (p[0] & mask) * w00 + (p[1] & mask) * w01 + (p[2] & mask) * w10 + (p[3] & mask) * w11;
    uint32_t odd = (p[0] >> 8 & mask) * w00 + (p[1] >> 8 & mask) * w01 + (p[2] >> 8 & mask) * w10 +
                   (p[3] >> 8 & mask) * w11;
    return (even >> 8 & mask) | (odd & ~mask);
}

static float clamp(float v, float low, float high)
{
    return v < low ? low : v > high ? high : v;
}

/* Looks up the crop; planes R, G, B of (value - 127.5) / 128. */
static void look_up(float *out, struct image in, struct warp w)
{
    const float right = (float)(in.w - 1) - 1e-3f, bottom = (float)(in.h - 1) - 1e-3f;
    for (int y = 0; y < CROP_H; y++)
        for (int x = 0; x < CROP_W; x++) {
            float u = clamp(w.a * (float)x + w.b * (float)y + w.tx, 0, right);
            float v = clamp(w.c * (float)x + w.d * (float)y + w.ty, 0, bottom);
            int iu = (int)(u * ONE), iv = (int)(v * ONE);
            uint32_t p = mix(in.pixels + (iv >> 8) * in.stride + (iu >> 8) * IMAGE_PIXEL, in.stride,
                             (uint32_t)iu & 255, (uint32_t)iv & 255);
            int i = y * CROP_W + x;
            out[i] = (float)(p >> 16 & 255) * (1 / 128.0f) - 127.5f / 128;
            out[PIXELS + i] = (float)(p >> 8 & 255) * (1 / 128.0f) - 127.5f / 128;
            out[2 * PIXELS + i] = (float)(p & 255) * (1 / 128.0f) - 127.5f / 128;
        }
}

static float wobble(float by, uint64_t *random)
{
    return by * clamp(random_normal(random), -2, 2);
}

/* A similarity about the crop's centre. */
static struct warp jitter(const struct augment_options *o, uint64_t *random)
{
    float s = expf(wobble(o->scale, random)), t = wobble(o->turn, random) * 3.14159265f / 180;
    float a = s * cosf(t), b = s * sinf(t), cx = 0.5f * (CROP_W - 1), cy = 0.5f * (CROP_H - 1);
    float dx = wobble(o->shift, random), dy = wobble(o->shift, random);
    return (struct warp){ .a = a, .b = -b, .tx = cx - a * cx + b * cy + dx,
                          .c = b, .d = a, .ty = cy - b * cx - a * cy + dy };
}

static void colour(float *out, const struct augment_options *o, uint64_t *random)
{
    float add = random_between(random, -1, 1) * o->brightness;
    float times = 1 + random_between(random, -1, 1) * o->contrast;
    float keep = random_chance(random, o->grey) ? 0 : 1 + random_between(random, -1, 1) * o->saturation;
    float *r = out, *g = out + PIXELS, *b = out + 2 * PIXELS;
    for (int c = 0; c < 3 && o->tint > 0; c++) {
        float gain = 1 + random_between(random, -1, 1) * o->tint;
        for (int i = c * PIXELS; i < (c + 1) * PIXELS; i++)
            out[i] = gain * (out[i] + 1) - 1; /* black is -1 */
    }
    for (int i = 0; i < PIXELS; i++) {
        float luma = 0.299f * r[i] + 0.587f * g[i] + 0.114f * b[i];
        float base = (1 - keep) * times * luma + add, k = keep * times;
        r[i] = clamp(k * r[i] + base, -1, 1);
        g[i] = clamp(k * g[i] + base, -1, 1);
        b[i] = clamp(k * b[i] + base, -1, 1);
    }
}

/* Light from a side: a ramp that is 0 in the middle. */
static void light(float *out, float most, uint64_t *random)
{
    float across = random_between(random, -1, 1) * most / CROP_W, down = random_between(random, -1, 1) * most / CROP_H;
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < CROP_H; y++)
            for (int x = 0; x < CROP_W; x++) {
                float *at = out + c * PIXELS + y * CROP_W + x;
                *at = clamp(*at + across * ((float)x - 0.5f * (CROP_W - 1)) + down * ((float)y - 0.5f * (CROP_H - 1)), -1, 1);
            }
}

static void occlude(float *out, uint64_t *random)
{
    int w = 6 + random_below(random, CROP_W / 2 - 6), h = 6 + random_below(random, CROP_H / 2 - 6);
    int x0 = random_below(random, CROP_W - w), y0 = random_below(random, CROP_H - h);
    bool noise = random_chance(random, 0.5f);
    for (int c = 0; c < 3; c++) {
        float v = random_between(random, -1, 1);
        for (int y = y0; y < y0 + h; y++)
            for (int x = x0; x < x0 + w; x++)
                out[c * PIXELS + y * CROP_W + x] = noise ? random_between(random, -1, 1) : v;
    }
}

void augment_face(float *out, struct image stored, const struct patch *patch, const struct augment_options *o,
                  uint64_t *random)
{
    uint8_t pixels[DATA_W * DATA_H * IMAGE_PIXEL];
    struct warp w = warp_chain(data_warp(), jitter(o, random));
    w = warp_chain(w, random_chance(random, o->mirror) ? patch_mirrored(patch) : patch->to_crop);
    if (random_chance(random, o->blur)) {
        float part = random_between(random, o->blur_least, 1);
        struct image less = { pixels, (int)(part * DATA_W), (int)(part * DATA_H), 0 };
        less.stride = less.w * IMAGE_PIXEL;
        image_resize(less, stored);
        float sx = (float)less.w / DATA_W, sy = (float)less.h / DATA_H;
        w = warp_chain((struct warp){ .a = sx, .tx = 0.5f * sx - 0.5f, .d = sy, .ty = 0.5f * sy - 0.5f }, w);
        stored = less;
    }
    look_up(out, stored, w);
    colour(out, o, random);
    if (o->light > 0)
        light(out, o->light, random);
    if (patch->grey)
        patch_remove_colour(out);
    if (random_chance(random, o->occlude))
        occlude(out, random);
}

void augment_nothing(float *out, struct image stored, const struct patch *patch, bool mirror)
{
    look_up(out, stored, warp_chain(data_warp(), mirror ? patch_mirrored(patch) : patch->to_crop));
    if (patch->grey)
        patch_remove_colour(out);
}
