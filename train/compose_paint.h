/* SPDX-License-Identifier: MIT
 * The painting that compose.c orders. */
#ifndef FACETRAIL_TRAIN_COMPOSE_PAINT_H
#define FACETRAIL_TRAIN_COMPOSE_PAINT_H

#include <stdint.h>

#include "base/image.h"

/* A plain ground of any colour. */
void paint_random(struct image canvas, uint64_t *random);
/* Draws `picture` where `to_canvas` takes it; its edges fade over `feather` canvas pixels. `spare` is as large as the
 * canvas. Returns the part of the canvas it covers (an upright box around it when turned). */
struct box paint_scene(struct image canvas, struct image spare, struct image picture, struct warp to_canvas,
                       float feather);
/* The same of a head that the fourth bytes of its pixels cut out of its picture (train/compose_views.h), in a light of its
 * own. */
struct box paint_head(struct image canvas, struct image spare, struct image picture, struct warp to_canvas, uint64_t *random);
/* Hides a box (or the ellipse in it) behind a piece of `by` or one colour. */
void paint_cover(struct image canvas, struct box over, struct image by, uint64_t *random);
/* Light, colour, blur and noise; `grey` is the part that loses its colour. */
void paint_light(struct image canvas, struct image spare, float grey, uint64_t *random);

#endif
