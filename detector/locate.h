/* SPDX-License-Identifier: MIT
 * LNet's response maps to windows. */
#ifndef FACETRAIL_DETECTOR_LOCATE_H
#define FACETRAIL_DETECTOR_LOCATE_H

#include "detector/window.h"
#include "nets/models/lnet.h"
#include "nets/net.h"

struct locate { /* layer numbers at each stride */
    int response[LNET_STRIDES], box[LNET_STRIDES], marks[LNET_STRIDES];
};
enum status locate_find(struct locate *out, const struct net *n);
/* Appends the windows of sample `sample` whose response is at least `least` (a logit) to out[0 .. n), in pixels of
 * the net's picture times `scale`; returns the new n, at most max: where more pass, the best are kept. */
int locate_windows(const struct locate *l, struct net_run *r, int sample, float least, float scale,
                   struct window *out, int n, int max);
/* The same for one stride's response map; what the other layers say of a cell is read from where it passes. */
struct locate_cell { float box[4], marks[2 * FACE_MARKS]; };
struct locate_cells {
    void (*read)(const void *from, int x, int y, struct locate_cell *out);
    const void *from;
};
int locate_decode(const float *response, struct locate_cells cells, int h, int w, int stride, float least, float scale,
                  struct window *out, int n, int max);
float locate_logit(float probability);

#endif
