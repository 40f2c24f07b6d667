/* SPDX-License-Identifier: MIT
 * What one cell of a response map says: a face before merging. */
#ifndef FACETRAIL_DETECTOR_WINDOW_H
#define FACETRAIL_DETECTOR_WINDOW_H

#include "base/face.h"

struct window {
    struct box box;
    float score; /* 0 to 1 */
    struct point marks[FACE_MARKS];
};

#endif
