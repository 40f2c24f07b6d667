/* SPDX-License-Identifier: MIT
 * Where one shot ends and the next begins. Zeroed memory is valid. */
#ifndef FACETRAIL_PIPELINE_CUT_H
#define FACETRAIL_PIPELINE_CUT_H

#include <stdbool.h>

#include "base/image.h"

enum { CUT_W = 24, CUT_H = 16, CUT_CELLS = CUT_W * CUT_H, CUT_BINS = 64 };

struct cut {
    int seen;                 /* pictures so far */
    float luma[CUT_CELLS];    /* of the last picture: mean brightness of each cell */
    float colours[CUT_BINS];  /* share of each of 4 x 4 x 4 colours */
    float usual;              /* how much pictures have changed lately, 0 to 1 */
};

/* True when `im` belongs to another shot than the picture before. */
bool cut_sees(struct cut *c, struct image im);

#endif
