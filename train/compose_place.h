/* SPDX-License-Identifier: MIT
 * Where a scene comes to lie on the canvas. */
#ifndef FACETRAIL_TRAIN_COMPOSE_PLACE_H
#define FACETRAIL_TRAIN_COMPOSE_PLACE_H

#include <stdint.h>

#include "base/box.h"
#include "base/image.h"

/* Picture -> canvas of `size` x `size`: scaled, turned by `turn` degrees, moved so that the anchor, a box of the
 * picture, is seen somewhere; a picture that is not turned fills the canvas when it can. */
struct warp compose_place(struct image picture, struct box anchor, float scale, float turn, float size,
                          uint64_t *random);

#endif
