/* SPDX-License-Identifier: MIT
 * What the nets that look at one crop have in common (marks, verdict). */
#ifndef FACETRAIL_NETS_MODELS_LOOK_H
#define FACETRAIL_NETS_MODELS_LOOK_H

#include <stdbool.h>

#include "nets/net.h"

/* Four convolutions of maps, 2 maps, 4 maps and 4 maps, the last one unshared as in the DeepID family, and a full layer of
 * `units`, over an input of 48x48; each rectified, and normalised if so. deeper: so many more convolutions behind the second
 * one, and behind the third, each added to what goes into it. */
struct look_trunk { int maps, units, deeper; bool normalize; };
int look_trunk(struct net_builder *b, struct look_trunk o, int from);

#endif
