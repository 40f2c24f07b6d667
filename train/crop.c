/* SPDX-License-Identifier: MIT */
#include "train/crop.h"

#include <math.h>
#include <stdbool.h>

#include "base/random.h"

float crop_wobble(float by, uint64_t *random)
{
    return by * fminf(fmaxf(random_normal(random), -2.2f), 2.2f);
}

void crop_draw(float *out, int side, struct image patch, struct warp to_patch, float blur)
{
    uint8_t pixels[CROP_PATCH_MOST * CROP_PATCH_MOST * IMAGE_PIXEL];
    if (blur < 1) {
        const int left = (int) (blur * (float) patch.w);
        const float by = (float) left / (float) patch.w;
        const struct image small = { pixels, left, left, left * IMAGE_PIXEL };
        image_resize(small, patch);
        patch = small;
        to_patch = warp_chain((struct warp){ by, 0, 0.5f * by - 0.5f, 0, by, 0.5f * by - 0.5f }, to_patch);
    }
    image_warp_planes(out, side, side, patch, to_patch);
}

void crop_colour(float *crop, int plane, float grey, uint64_t *random)
{
    const float times = expf(0.2f * random_normal(random));
    const float add = 0.12f * random_normal(random);
    const bool is_grey = random_chance(random, grey);
    for (int i = 0; i < plane; i++) {
        float *c[3] = { &crop[i], &crop[plane + i], &crop[2 * plane + i] };
        const float luma = 0.299f * *c[0] + 0.587f * *c[1] + 0.114f * *c[2];
        for (int k = 0; k < 3; k++) {
            *c[k] = fminf(fmaxf((is_grey ? luma : *c[k]) * times + add, -1), 1);
        }
    }
}
