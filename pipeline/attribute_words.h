/* SPDX-License-Identifier: MIT
 * Attributes in a few words, for labels. */
#ifndef FACETRAIL_PIPELINE_ATTRIBUTE_WORDS_H
#define FACETRAIL_PIPELINE_ATTRIBUTE_WORDS_H

#include "base/face.h"

enum { ATTRIBUTE_WORDS = 3, ATTRIBUTE_WORDS_TEXT = 96 };

/* "smiling, glasses, blond hair": at most ATTRIBUTE_WORDS sure ones that tell most (a rare one tells more than a frequent
 * one), of each kind (beards, hair ...) one. `rates`: how many faces have each. "" when nothing is sure. */
void attribute_words(char out[ATTRIBUTE_WORDS_TEXT], const float probabilities[FACE_ATTRIBUTES],
                     const float rates[FACE_ATTRIBUTES]);

#endif
