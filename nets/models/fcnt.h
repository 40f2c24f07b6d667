/* SPDX-License-Identifier: MIT
 * The nets of FCNT (papers.md section 9): the maps under it, the net that selects maps, and its two heads. They are
 * made by the tracker, not loaded by name. */
#ifndef FACETRAIL_NETS_MODELS_FCNT_H
#define FACETRAIL_NETS_MODELS_FCNT_H

#include "nets/net.h"

/* DeepID2's convolutions over a picture of any size, as in its file: conv1, conv2 and conv3, whose four sets of
 * kernels become four times the maps (each set learnt one quarter of the face; their mean is no kernel of any).
 * Input "picture" [1, 3, side, side]; kept: "low" [1, low, ...], conv2 at stride 2, and "high" [1, high, ...],
 * conv3 at stride 4, both rectified; high 0: no conv3. maps: of conv1; the whole conv2 has twice as many. halved: conv2
 * has kernels of 4x4 at step 2, so that "low" is at stride 4. */
struct fcnt_maps_options { int maps, low, high, side; bool halved; };
/* "maps" [n, from, size, size] to one map "heat"; with learning against "target" under "mask", summed over cells
 * and divided by their number. */
struct fcnt_select_options { int from, size; float drop; };
struct fcnt_head_options { int from, size, maps; };
extern const struct model model_fcnt_maps, model_fcnt_select, model_fcnt_head;

#endif
