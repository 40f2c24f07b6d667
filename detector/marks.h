/* SPDX-License-Identifier: MIT
 * A second look at what LNet found: the crop around its marks through a small net, for marks to the pixel and for a
 * second opinion whether it is a face. */
#ifndef FACETRAIL_DETECTOR_MARKS_H
#define FACETRAIL_DETECTOR_MARKS_H

#include "base/image.h"
#include "base/status.h"
#include "detector/window.h"

/* Where marks usually lie in the crop of MARKS_CROP pixels (nets/models/models.h), in crop pixels. */
extern const struct point marks_canonical[FACE_MARKS];
/* Which mark each becomes in a mirror image: left and right change places. */
extern const int marks_other_side[FACE_MARKS];
#define MARKS_UNIT 10.0f /* the net's marks: (mark - usual place) / MARKS_UNIT */
/* Crop -> picture as image_warp takes it, which counts from the middles of pixels, for marks that are about right; marks,
 * like boxes, count from the edges: the middle of the first pixel is 0.5. */
struct warp marks_warp(const struct point marks[FACE_MARKS]);
/* A place of the crop -> a mark in the picture, and back, by that warp and its inverse. */
struct point marks_to_picture(struct warp to_picture, struct point crop);
struct point marks_to_crop(struct warp to_crop, struct point mark);

struct marks_net;
/* path: a weights file of the net `marks`; half: see net_run_half. */
enum status marks_open(struct marks_net **out, const char *path, bool half);
void marks_close(struct marks_net **l);
const struct net *marks_model(const struct marks_net *l);
/* Moves the marks of each window and writes the net's logit, 0: as likely a face as not. Allocates nothing. */
void marks_refine(struct marks_net *l, struct image im, struct window *windows, int n, float *logits);

#endif
