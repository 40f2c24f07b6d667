/* SPDX-License-Identifier: MIT
 * ANet over many shifted patches of one crop at once: the interweaved operation (papers.md section 8). What is shared is
 * computed once for the whole crop; each bank of a locally shared layer runs over all places where some patch needs it;
 * the cells that a patch sees are then woven together from the banks. The answers are those of the patches one by one, to
 * rounding. */
#ifndef FACETRAIL_NETS_MODELS_ANET_INTERWEAVED_H
#define FACETRAIL_NETS_MODELS_ANET_INTERWEAVED_H

#include "nets/net.h"

/* Pixels from patch to patch: what three poolings make one cell. Patch (i, j) of side x side has its corner at pixel
 * (8 j, 8 i) of the crop and is 47 wide and 55 high. */
enum { ANET_STEP = 8, ANET_W = 47, ANET_H = 55, ANET_SIDE_MOST = 8 };

struct anet_interweaved;
/* anet: a folded net `anet`, whose weights are copied. side: patches along an axis, 1 to ANET_SIDE_MOST. */
enum status anet_interweaved_open(struct anet_interweaved **out, struct net *anet, int side);
void anet_interweaved_close(struct anet_interweaved **a);
/* Where to put the crop: [3, ANET_H + 8 (side - 1), ANET_W + 8 (side - 1)], as the net's own input. */
struct tensor anet_interweaved_crop(struct anet_interweaved *a);
/* logits [side * side, attributes], patches row by row; lives until the next call. Cannot fail, allocates nothing. */
const float *anet_interweaved_run(struct anet_interweaved *a);

#endif
