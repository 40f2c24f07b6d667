/* SPDX-License-Identifier: MIT
 * What the user asked in the window, on its way to the analysis thread, which alone uses the gallery. */
#ifndef FACETRAIL_PIPELINE_REQUESTS_H
#define FACETRAIL_PIPELINE_REQUESTS_H

#include <stdbool.h>

#include "base/face.h"
#include "base/status.h"

struct request {
    char name[FACE_NAME]; /* enrol under this name */
    struct face face;     /* as it was shown: its track is enrolled as soon as it is described again */
};

struct requests;
enum status requests_create(struct requests **out);
void requests_free(struct requests **r);
/* From the window. False: too many are waiting. */
bool requests_put(struct requests *r, const struct request *request);
/* From the analysis. False: nothing is waiting; costs one atomic read. */
bool requests_take(struct requests *r, struct request *out);
/* What became of the last one, for the window: one line of text. False: nothing new. */
void requests_answer(struct requests *r, const char *text);
bool requests_answered(struct requests *r, char *out, int size);

#endif
