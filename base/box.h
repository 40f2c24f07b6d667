/* SPDX-License-Identifier: MIT
 * Boxes and points: plain records, no pointers. */
#ifndef FACETRAIL_BASE_BOX_H
#define FACETRAIL_BASE_BOX_H

#include <stdbool.h>

struct point { float x, y; };
struct box { float x, y, w, h; }; /* x, y is the top left corner; covers [x, x + w) by [y, y + h) */

float box_area(struct box a);
float box_intersection(struct box a, struct box b);  /* area */
float box_overlap(struct box a, struct box b);       /* intersection over union, 0 to 1 */
struct box box_clip(struct box a, float w, float h); /* to the picture; may become empty (w or h 0) */
struct box box_scale(struct box a, float by);
struct point box_centre(struct box a);
bool box_is_finite(struct box a);

#endif
