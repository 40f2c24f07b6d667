/* SPDX-License-Identifier: MIT
 * From the response of LNet as published to a face (papers.md section 8): the map's peak, and the window that stands out
 * most. The paper scores 500 proposals by their mean response; without proposals a window counts by its mean less the
 * mean of the ring around it, else the smallest window at the peak would always win. */
#ifndef FACETRAIL_TRAIN_RESPONSE_H
#define FACETRAIL_TRAIN_RESPONSE_H

#include "base/box.h"
#include "base/image.h"
#include "nets/net.h"

struct response {
    struct point peak; /* pixels of the picture */
    struct box window; /* a square inside the picture */
    float score;       /* how far its mean response is above its surroundings'; any unit, larger is more */
};

/* map: LNET_TAGS_CELLS squared, of a picture w x h whose corner was at pixel (0, 0) of the net's input. */
struct response response_read(const float *map, int w, int h);

/* A lnet-tags net that looks at one picture at a time. Fails as net_run_create and net_find do. */
struct response_net { struct net_run *run; int picture, map; };
enum status response_open(struct response_net *r, const struct net *n);
/* Pictures larger than the net's input are made smaller first; what is read is in the picture's own pixels. */
struct response response_of(struct response_net *r, struct image picture);
void response_close(struct response_net *r);

#endif
