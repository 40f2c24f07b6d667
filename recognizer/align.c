/* SPDX-License-Identifier: MIT
 * Marks to the canonical crop: one similarity (turn, scale, shift), in least squares over the five marks. */
#include "recognizer/recognizer.h"

/* The face packs' mean marks in their 128x128 pictures ... */
#define PACK_X(x) (23.5F + ((x) - 63.9F) * 0.568F)
#define PACK_Y(y) (19.5F + ((y) - 59.6F) * 0.568F)

/* ... scaled so that the crop holds brow to chin, and shifted so that the eyes lie on row 19.5. */
const struct point align_canonical[FACE_MARKS] = {
    {PACK_X(46.3F), PACK_Y(59.7F)}, {PACK_X(81.5F), PACK_Y(59.5F)},  {PACK_X(64.0F), PACK_Y(79.7F)},
    {PACK_X(49.5F), PACK_Y(100.4F)}, {PACK_X(78.7F), PACK_Y(100.2F)},
};

/* Marks count from the edges of pixels, warps from their middles: that half pixel stays in every crop, learnt from or named. */
struct warp align_warp(const struct point marks[FACE_MARKS])
{
    return warp_similarity(align_canonical, marks, FACE_MARKS);
}
