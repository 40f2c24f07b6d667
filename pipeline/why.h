/* SPDX-License-Identifier: MIT
 * Why two faces are taken for one person, or are not: text for a person to read. For `verify --why` and
 * `people show --why`. */
#ifndef FACETRAIL_PIPELINE_WHY_H
#define FACETRAIL_PIPELINE_WHY_H

#include <stdio.h>

#include "base/face.h"
#include "recognizer/gallery.h"
#include "recognizer/recognizer.h"

/* "1 in 2,500" for 4e-4: two digits count; "nearly all" from 0.5 on. */
enum { WHY_ODDS = 48 };
void why_odds(char out[WHY_ODDS], double rate);

/* How good the look is, and what is weak about it. */
void why_look(FILE *to, const char *name, const struct face *face);
/* The score, what it means, and how rare it is among strangers; the threshold, which is for so many comparisons. */
void why_score(FILE *to, const struct recognizer *r, float score, float threshold, int n_comparisons);
/* Bits that agree, and the neurons that make the cosine. Both are coded by one net. */
void why_neurons(FILE *to, const struct face *a, const struct face *b);
/* The person's samples that are nearest to the face, what they make together, and who else is as near. Returns the
 * person's score. */
float why_person(FILE *to, const struct gallery *g, const struct recognizer *r, int person, const struct face *face);

#endif
