/* SPDX-License-Identifier: MIT
 * A picture as the bytes of a PNG file, for thumbnails and snapshots. */
#ifndef FACETRAIL_PIPELINE_DRAW_PNG_H
#define FACETRAIL_PIPELINE_DRAW_PNG_H

#include <stddef.h>

#include "base/image.h"
#include "base/status.h"

/* *bytes is the caller's: memory_free. An empty picture gives NULL and 0. */
enum status draw_png(unsigned char **bytes, size_t *size, struct image im);

#endif
