/* SPDX-License-Identifier: MIT
 * The verdict on what LNet found: a window with what is around it through a small net, for a second opinion whether it is a
 * face and for where the face ends. */
#ifndef FACETRAIL_DETECTOR_VERDICT_H
#define FACETRAIL_DETECTOR_VERDICT_H

#include "base/image.h"
#include "base/status.h"
#include "detector/window.h"

struct net;

/* Side of the square that the net sees around a window's middle, in sqrt(w h) of the window. */
#define VERDICT_AROUND 2.0f
/* Crop of VERDICT_CROP pixels -> picture. */
struct warp verdict_warp(struct box window);
/* The box that the net's four outputs tell of. */
struct box verdict_box(struct box window, const float *said);

struct verdict;
/* path: a weights file of the net `verdict`; half: see net_run_half. */
enum status verdict_open(struct verdict **out, const char *path, bool half);
void verdict_close(struct verdict **v);
const struct net *verdict_net(const struct verdict *v);
/* Moves the box of each window and writes the net's logit, 0: as likely a face as not. Allocates nothing. */
void verdict_judge(struct verdict *v, struct image im, struct window *windows, int n, float *logits);

#endif
