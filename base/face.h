/* SPDX-License-Identifier: MIT
 * What is known of one face in one frame: a pointer-free record; copy it, print it, compare it. */
#ifndef FACETRAIL_BASE_FACE_H
#define FACETRAIL_BASE_FACE_H

#include <stdint.h>

#include "base/box.h"

enum { FACE_MARKS = 5, FACE_CODE = 512, FACE_ATTRIBUTES = 40, FACE_NAME = 256 };
enum face_has {
    FACE_MARKED = 1,
    FACE_CODED = 2,
    FACE_DESCRIBED = 4, /* attributes */
    FACE_TRACKED = 8,
    FACE_NAMED = 16,
    FACE_COASTING = 32, /* not seen in this frame: the box is a prediction; sinks do not report it */
};

/* ahead: not turned away; clear: nothing covers it */
enum face_quality { FACE_SIZE, FACE_SHARPNESS, FACE_AHEAD, FACE_CLEAR, FACE_QUALITIES };

struct face {
    unsigned has;                    /* enum face_has: which fields below are filled */
    struct box box;                  /* working-image pixels; brow-top to chin, ear to ear (WIDER FACE) */
    float score;                     /* the detector's, 0 to 1 */
    struct point marks[FACE_MARKS];  /* eyes, nose, mouth corners, as the viewer sees them, left first; a pixel's middle lies at 0.5 */
    float quality;                   /* 0 to 1: how far to trust the code; the product of its factors: */
    float qualities[FACE_QUALITIES]; /* enum face_quality, 0 to 1 each */
    int n_code;                      /* how many of code[] are used: 160 for DeepID2, 512 for DeepID2+ */
    float code[FACE_CODE];           /* identity features, unit length */
    uint64_t bits[FACE_CODE / 64];   /* the same, one bit each: raw feature above zero */
    float attributes[FACE_ATTRIBUTES]; /* probabilities */
    int track;                       /* never reused within a run; -1: none */
    int person;                      /* id in the gallery, -1: nobody we know */
    float person_score;              /* log likelihood ratio, summed over the track */
    char name[FACE_NAME];            /* UTF-8; valid with FACE_NAMED */
};

/* CelebA's 40 attribute names, in CelebA's order. */
extern const char *const face_attribute_names[FACE_ATTRIBUTES];

#endif
