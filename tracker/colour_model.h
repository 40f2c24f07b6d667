/* SPDX-License-Identifier: MIT
 * Inside tracker/: what colours the target has and its surroundings do not (Bertinetto et al., Staple, CVPR 2016, section
 * 4.2), which a turn or a bend of the target does not change. Places are cells of a region of GRID x GRID cells of 4
 * pixels, from its upper left corner. */
#ifndef FACETRAIL_TRACKER_COLOUR_MODEL_H
#define FACETRAIL_TRACKER_COLOUR_MODEL_H

#include "base/box.h"
#include "base/image.h"
#include "base/memory.h"

enum { COLOUR_GRID = 40, COLOUR_FIELD = 2 * COLOUR_GRID }; /* every second pixel each way is looked at */
struct colour_model {
    float *object, *around; /* [COLOUR_BINS]: shares of the colours; each sums to 1 */
    float *likely;          /* [COLOUR_FIELD^2]: the target's share of each place's colour, 0 to 1 */
    float *sums;            /* [(COLOUR_FIELD + 1)^2]: their integral */
};
void colour_model_open(struct colour_model *m, struct arena *arena);
/* The colours inside the box (in cells) and around it join the model by `rate`; 1 replaces it. */
void colour_model_learn(struct colour_model *m, struct image region, struct box cells, float rate);
/* How likely each place is the target's. */
void colour_model_look(struct colour_model *m, struct image region);
/* Their mean inside a box, what lies outside the region counting as 0. */
float colour_model_mean(const struct colour_model *m, struct box cells);
#endif
