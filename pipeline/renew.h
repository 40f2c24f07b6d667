/* SPDX-License-Identifier: MIT
 * A gallery made anew for another net: everybody's codes from the thumbnails that it keeps. */
#ifndef FACETRAIL_PIPELINE_RENEW_H
#define FACETRAIL_PIPELINE_RENEW_H

#include "pipeline/look.h"
#include "recognizer/gallery.h"

struct renewed { int samples, people, left_out; }; /* left_out: samples without a thumbnail, or whose thumbnail shows no face */
/* Writes a new gallery at `path`, which must not be there: names, thumbnails and sources as in `from`, codes by the look's
 * net. `from` may hold any net's codes and stays as it is. A sample that is left out is warned of by name. */
enum status renew(struct renewed *out, struct gallery *from, const char *path, struct look *look);

#endif
