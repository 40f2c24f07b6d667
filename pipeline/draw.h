/* SPDX-License-Identifier: MIT
 * Boxes, names and marks onto frame->source, in place; and text panels for the window. */
#ifndef FACETRAIL_PIPELINE_DRAW_H
#define FACETRAIL_PIPELINE_DRAW_H

#include "pipeline/stage.h"

struct draw_options {
    float line;         /* width of lines in source pixels; 0: by the picture's size */
    float font;         /* height of the text in source pixels; 0: by the sizes of picture and face */
    const char *family; /* of the font */
    bool marks, score, labels;
    bool coasting;      /* also faces that are not seen at the moment, dashed */
};
extern const struct option draw_option_table[];

extern const struct stage_kind sink_draw; /* options: struct draw_options */

/* The colour of a track: 0 to 1 each. Neighbouring numbers get colours far apart. */
struct draw_colour { double r, g, b; };
struct draw_colour draw_track_colour(int track);

/* One line of text in any script on a dark panel, `font` pixels high, cut with "..." beyond max_w. Size first, then
 * into a picture of that size. Not for the frame loop: allocates. */
void draw_panel_size(const char *text, float font, int max_w, int *w, int *h);
void draw_panel(struct image out, const char *text, float font);

#endif
