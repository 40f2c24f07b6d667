/* SPDX-License-Identifier: MIT
 * The stages of the analysis, in their order. Thin: what they do is in detector/, tracker/, recognizer/, budget.c and
 * vote.c. Each trusts only what face.has marks. */
#ifndef FACETRAIL_PIPELINE_STAGES_H
#define FACETRAIL_PIPELINE_STAGES_H

#include "pipeline/budget.h"
#include "pipeline/stage.h"
#include "pipeline/vote.h"

/* What the stages tell each other about the frame in hand, and what they know of each track: one thread only. Zeroed
 * memory is valid. */
struct analysis {
    bool cut;         /* the scene changed with this frame */
    bool detected;    /* the faces are detections, not moved tracks */
    int generation;   /* of the gallery: a change makes all looks old */
    int wanted_track; /* describe this one first: it is being enrolled; 0: none */
    bool naming;      /* there is a gallery with people in it */
    float threshold;  /* least evidence for a name */
    struct votes votes;
};

/* A detector, and what it is asked for. */
struct search { struct detector *detector; const struct detect_options *options; };
/* For a thread ahead of the analysis (`state`: a struct search); the stage `detect` does it to frames that have not been
 * searched. */
enum status search_frame(void *state, struct frame *f);

extern const struct stage_kind stage_detect;   /* options: struct detect_options */
extern const struct stage_kind stage_track;    /* options: none */
extern const struct stage_kind stage_describe; /* options: struct describe_options */
extern const struct stage_kind stage_identify; /* options: struct identify_options */
extern const struct stage_kind stage_attributes; /* options: struct describe_options; needs context.attributes */

extern const struct stage_kind stage_follow; /* options: struct follow_options; in place of all others */

/* run --start */
struct follow_options { const char *start, *tracker; }; /* "x,y,w,h" of the first frame; a name of tracker/single.h */

struct identify_options {
    float refresh;       /* seconds between two looks whether another program changed the gallery */
    int samples;         /* samples that are taken when somebody is enrolled in the window */
};
extern const struct option identify_option_table[];

#endif
