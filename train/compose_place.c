/* SPDX-License-Identifier: MIT
 * Where a scene comes to lie on the canvas. */
#include "train/compose_place.h"

#include <math.h>

#include "base/random.h"

/* Where along an axis a picture of `length` canvas pixels starts, so that `anchor` of it is seen. */
static float start_of(uint64_t *random, float length, float anchor, float half, float canvas)
{
    float low = anchor - canvas + half; /* the window's start: the anchor lies inside it */
    float high = anchor - half;
    if (low > high) {
        low = high = (low + high) / 2;
    }
    if (length >= canvas) { /* stay inside the picture when we can */
        low = fminf(fmaxf(low, 0), length - canvas);
        high = fmaxf(fminf(high, length - canvas), low);
    }
    return random_between(random, low, high);
}

struct warp compose_place(struct image picture, struct box anchor, float scale, float turn, float size,
                          uint64_t *random)
{
    const struct point mid = box_centre(anchor);
    if (turn == 0) {
        const float x = start_of(random, scale * (float) picture.w, scale * mid.x, scale * anchor.w / 2, size);
        const float y = start_of(random, scale * (float) picture.h, scale * mid.y, scale * anchor.h / 2, size);
        return (struct warp){ scale, 0, -x, 0, scale, -y };
    }
    const float half = fminf(scale * fmaxf(anchor.w, anchor.h) / 2, size / 2);
    const struct point at = { random_between(random, half, size - half), random_between(random, half, size - half) };
    const float a = scale * cosf(turn * 0.0174533f);
    const float b = scale * sinf(turn * 0.0174533f);
    return (struct warp){ a, -b, at.x - (a * mid.x - b * mid.y), b, a, at.y - (b * mid.x + a * mid.y) };
}
