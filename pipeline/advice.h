/* SPDX-License-Identifier: MIT
 * What is wrong with a look at a face, and what would be better, in words. */
#ifndef FACETRAIL_PIPELINE_ADVICE_H
#define FACETRAIL_PIPELINE_ADVICE_H

#include <stdbool.h>

#include "base/face.h"

enum { ADVICE_ROOM = 320 };
/* For a poor sample: "a poor sample (quality 0.08), small and turned away; better: ...". False, and "", for one that is
 * good enough. The face must be coded. */
bool advice_on_sample(char out[ADVICE_ROOM], const struct face *face);
/* The look's weaknesses alone: "small, blurred", or "good". */
void advice_words(char out[ADVICE_ROOM], const struct face *face);

#endif
