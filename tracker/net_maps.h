/* SPDX-License-Identifier: MIT
 * Inside tracker/: the net's maps under FCNT in real time (fcnt_fast.c): conv1 and conv2 of a DeepID2 over a region of
 * NET_MAPS_SIDE x NET_MAPS_SIDE pixels, as maps of NET_MAPS_GRID x NET_MAPS_GRID cells of 4 pixels. */
#ifndef FACETRAIL_TRACKER_NET_MAPS_H
#define FACETRAIL_TRACKER_NET_MAPS_H

#include "base/image.h"
#include "nets/net.h"

enum { NET_MAPS_SIDE = 168, NET_MAPS_GRID = 40 };
struct net_maps {
    int n_all, n_kept; /* maps there are, and that will be chosen */
    struct wide { struct net *net; struct net_run *run; int picture, low; } all, kept;
};
/* weights: of a DeepID2; NULL or "": the shipped fcnt.safetensors. keep: the part of the maps that will be chosen. */
enum status net_maps_open(struct net_maps *m, const char *weights, float keep);
void net_maps_close(struct net_maps *m); /* also what was never opened, when it is all zeros */
/* chosen [n_kept]: numbers of maps, rising. */
void net_maps_choose(struct net_maps *m, const int *chosen);
/* All maps of the region, or the chosen ones; rectified, [n, grid, grid]; valid until the next look. */
const float *net_maps_look(struct net_maps *m, struct image region, bool all);

#endif
