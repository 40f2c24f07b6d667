/* SPDX-License-Identifier: MIT
 * Where the patches of a face lie in its canonical crop. */
#include "recognizer/patch.h"

#include "nets/models/models.h"

/* Right and left halves of the canonical crop are mirror images about its middle column. */
static const struct point middle = { 0.5F * (CROP_W - 1), 0.5F * (CROP_H - 1) };

static struct point centre(enum patch_place at)
{
    const struct point *mark = align_canonical;
    switch (at) {
    case PATCH_EYES:
        return (struct point){ middle.x, 0.5F * (mark[0].y + mark[1].y) };
    case PATCH_MIDDLE:
        return (struct point){ middle.x, mark[2].y };
    case PATCH_MOUTH:
        return (struct point){ middle.x, 0.5F * (mark[3].y + mark[4].y) };
    case PATCH_LEFT_EYE:
        return mark[0];
    case PATCH_RIGHT_EYE:
        return mark[1];
    case PATCH_LEFT_MOUTH:
        return mark[3];
    case PATCH_RIGHT_MOUTH:
        return mark[4];
    case PATCH_FACE:
        break;
    }
    return middle;
}

struct patch patch_of(const struct model *model, const void *options)
{
    const struct deepid2_options *o = options;
    if (model != &model_deepid2 && model != &model_deepid2plus)
        return (struct patch){ .to_crop = { .a = 1, .d = 1 } };
    struct point c = centre((enum patch_place)o->at);
    float by = 1 / o->zoom;
    return (struct patch){ .to_crop = { .a = by, .tx = c.x - by * middle.x, .d = by, .ty = c.y - by * middle.y },
                           .grey = o->grey };
}

struct warp patch_mirrored(const struct patch *p)
{
    return warp_chain((struct warp){ .a = -1, .tx = CROP_W - 1, .d = 1 }, p->to_crop);
}

void patch_remove_colour(float *planes)
{
    enum { PLANE = CROP_W * CROP_H };
    for (int i = 0; i < PLANE; i++) {
        float luma = 0.299F * planes[i] + 0.587F * planes[PLANE + i] + 0.114F * planes[2 * PLANE + i];
        planes[i] = planes[PLANE + i] = planes[2 * PLANE + i] = luma;
    }
}
