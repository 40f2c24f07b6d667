/* SPDX-License-Identifier: MIT
 * Boxes and points. */
#include "base/box.h"

#include <math.h>

float box_area(struct box a)
{
    return a.w > 0 && a.h > 0 ? a.w * a.h : 0;
}

float box_intersection(struct box a, struct box b)
{
    float w = fminf(a.x + a.w, b.x + b.w) - fmaxf(a.x, b.x);
    float h = fminf(a.y + a.h, b.y + b.h) - fmaxf(a.y, b.y);
    return w > 0 && h > 0 ? w * h : 0;
}

float box_overlap(struct box a, struct box b)
{
    float both = box_intersection(a, b);
    float any = box_area(a) + box_area(b) - both;
    return both > 0 && any > 0 ? fminf(both / any, 1) : 0;
}

struct box box_clip(struct box a, float w, float h)
{
    float x0 = fminf(fmaxf(a.x, 0), w), x1 = fminf(fmaxf(a.x + a.w, 0), w);
    float y0 = fminf(fmaxf(a.y, 0), h), y1 = fminf(fmaxf(a.y + a.h, 0), h);
    return (struct box){x0, y0, fmaxf(x1 - x0, 0), fmaxf(y1 - y0, 0)};
}

struct box box_scale(struct box a, float by)
{
    return (struct box){a.x * by, a.y * by, a.w * by, a.h * by};
}

struct point box_centre(struct box a)
{
    return (struct point){a.x + a.w / 2, a.y + a.h / 2};
}

bool box_is_finite(struct box a)
{
    return isfinite(a.x) && isfinite(a.y) && isfinite(a.w) && isfinite(a.h);
}
