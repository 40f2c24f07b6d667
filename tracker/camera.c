/* SPDX-License-Identifier: MIT
 * How the whole picture moved: a grey thumbnail is shifted over the last one until the mean
 * absolute difference is least. */
#include <math.h>
#include <stdlib.h>

#include "tracker/internal.h"

static const float worth =
    0.7f; /* a shift must bring the difference under this share of that at rest */

static void thumbnail(struct camera *c, uint8_t *out, struct image im)
{
    for (int y = 0; y < c->h; y++) {
        int y0 = y * im.h / c->h, y1 = (y + 1) * im.h / c->h;
        for (int x = 0; x < c->w; x++) {
            int x0 = x * im.w / c->w, x1 = (x + 1) * im.w / c->w, sum = 0, n = 0;
            for (int j = y0; j < y1; j += 2) {
                const uint8_t *p = im.pixels + (size_t)j * (size_t)im.stride;
                for (int i = x0; i < x1; i += 2, n++) {
                    const uint8_t *q = p + (size_t)i * IMAGE_PIXEL;
                    sum += (q[IMAGE_R] + 2 * q[IMAGE_G] + q[IMAGE_B]) / 4;
                }
            }
            out[y * c->w + x] = (uint8_t)(n ? sum / n : 0);
        }
    }
}

/* Mean absolute difference of the parts that overlap when `now` is the past moved by (dx, dy). */
static float difference(const struct camera *c, const uint8_t *now, const uint8_t *past, int dx,
                        int dy)
{
    int x0 = dx > 0 ? dx : 0, x1 = c->w + (dx < 0 ? dx : 0);
    int y0 = dy > 0 ? dy : 0, y1 = c->h + (dy < 0 ? dy : 0);
    int sum = 0;
    for (int y = y0; y < y1; y++) {
        const uint8_t *a = now + y * c->w, *b = past + (y - dy) * c->w - dx;
        for (int x = x0; x < x1; x++)
            sum += abs(a[x] - b[x]);
    }
    return (float)sum / (float)((x1 - x0) * (y1 - y0));
}

static float between(float before, float at, float after)
{
    float bend = before - 2 * at + after;
    return bend > 1e-6f ? fmaxf(-0.5f, fminf(0.5f, 0.5f * (before - after) / bend)) : 0;
}

static struct camera_move compare(const struct camera *c, const uint8_t *now, const uint8_t *past,
                                  int picture_w, int picture_h)
{
    struct camera_move move = {0};
    int bx = 0, by = 0;
    float rest = difference(c, now, past, 0, 0), best = rest;
    if (rest < 1.5f) /* noise only */
        return move;
    for (int dy = -CAMERA_REACH; dy <= CAMERA_REACH; dy++) {
        for (int dx = -CAMERA_REACH; dx <= CAMERA_REACH; dx++) {
            float d = difference(c, now, past, dx, dy);
            if (d < best) {
                best = d;
                bx = dx;
                by = dy;
            }
        }
    }
    if (best > worth * rest)
        return move;
    float x = (float)bx + between(difference(c, now, past, bx - 1, by), best,
                                  difference(c, now, past, bx + 1, by));
    float y = (float)by + between(difference(c, now, past, bx, by - 1), best,
                                  difference(c, now, past, bx, by + 1));
    move.dx = x * (float)picture_w / (float)c->w;
    move.dy = y * (float)picture_h / (float)c->h;
    return move;
}

struct camera_move camera_update(struct camera *c, struct image im)
{
    struct camera_move move = {0};
    if (!im.pixels || im.w < 2 * CAMERA_W || im.h < CAMERA_H / 2) {
        c->picture_w = 0;
        return move;
    }
    bool same = c->picture_w == im.w && c->picture_h == im.h;
    int h = (int)((int64_t)CAMERA_W * im.h / im.w);
    c->w = CAMERA_W;
    c->h = h < 16 ? 16 : h > CAMERA_H ? CAMERA_H : h;
    c->now = !c->now;
    thumbnail(c, c->luma[c->now], im);
    if (same)
        move = compare(c, c->luma[c->now], c->luma[!c->now], im.w, im.h);
    else if (c->picture_w)
        move.other = true;
    c->picture_w = im.w;
    c->picture_h = im.h;
    return move;
}

float camera_change(const struct camera *c, struct box face)
{
    static const float aside = 0.5f, above = 0.2f, below = 2.0f; /* of the face's size */
    if (c->picture_w == 0)
        return 0;
    float across = (float)c->w / (float)c->picture_w, down = (float)c->h / (float)c->picture_h;
    int x0 = (int)fmaxf((face.x - aside * face.w) * across, 0), y0 = (int)fmaxf((face.y - above * face.h) * down, 0);
    int x1 = (int)fminf((face.x + (1 + aside) * face.w) * across + 1, (float)c->w);
    int y1 = (int)fminf((face.y + (1 + below) * face.h) * down + 1, (float)c->h), sum = 0;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++)
            sum += abs(c->luma[0][y * c->w + x] - c->luma[1][y * c->w + x]);
    return x1 > x0 && y1 > y0 ? (float)sum / (float)((x1 - x0) * (y1 - y0)) : 0;
}
