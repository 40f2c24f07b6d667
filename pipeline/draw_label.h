/* SPDX-License-Identifier: MIT
 * Labels rendered once and kept: a steady scene draws them without laying out text again. */
#ifndef FACETRAIL_PIPELINE_DRAW_LABEL_H
#define FACETRAIL_PIPELINE_DRAW_LABEL_H

#include <cairo.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/face.h"

enum { LABEL_SLOTS = 128, LABEL_TEXT = FACE_NAME + 32, LABEL_MORE = 96 };

struct label {
    int track;
    int font;              /* pixels */
    int max_w;
    char text[LABEL_TEXT]; /* the name */
    char more[LABEL_MORE]; /* a smaller line under it */
    bool known;
    cairo_surface_t *picture; /* NULL: the slot is free */
    int w, h;
    int64_t used;
};

struct label_cache {
    const char *family;
    int64_t clock;
    struct label labels[LABEL_SLOTS];
};

/* A pill with the name and the track number, and `more` under them ("": one line), at most max_w wide. Stays valid until
 * LABEL_SLOTS other labels were asked for. NULL: no memory. */
const struct label *label_get(struct label_cache *c, int track, const char *name, const char *more, bool known, int font,
                              int max_w);
void label_free(struct label_cache *c);

#endif
