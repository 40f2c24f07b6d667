/* SPDX-License-Identifier: MIT
 * Where results go. Those in the order of a run: blur, draw, video, json, tracks, window. */
#ifndef FACETRAIL_PIPELINE_SINKS_H
#define FACETRAIL_PIPELINE_SINKS_H

#include "pipeline/stage.h"

/* Options: struct text_output. The lines of interface.md; `path` "-" is standard output. */
extern const struct stage_kind sink_json;
/* Options: struct text_output. MOTChallenge text; its rows are the faces of sink_json. */
extern const struct stage_kind sink_tracks;
struct text_output { const char *path; };

/* Changes the pixels of frame->source: those faces cannot be recognised any more. Options: struct blur_options. */
extern const struct stage_kind sink_blur;
enum blur_whom { BLUR_NOBODY, BLUR_ALL, BLUR_UNKNOWN, BLUR_KNOWN };
struct blur_options {
    int whom;   /* enum blur_whom */
    float grow; /* the ellipse is so much larger than the box */
    int blocks; /* across a face */
    float hold; /* seconds that a place stays hidden after its face was lost */
};
extern const struct option blur_option_table[];

/* The window. Options: struct window_options. */
extern const struct stage_kind sink_window;
struct window_options {
    int width, height; /* at the start; 0: as the source, as far as the screen allows */
    bool full;
    int pace;          /* 0 auto, 1 yes, 2 no: show a file at its own speed */
    bool help;         /* the line with the keys */
};
enum window_pace { PACE_AUTO, PACE_YES, PACE_NO };
extern const struct option window_option_table[];

#endif
