/* SPDX-License-Identifier: MIT
 * Who gets which work this frame. Pure functions of plain records: no clock, no state. */
#ifndef FACETRAIL_PIPELINE_BUDGET_H
#define FACETRAIL_PIPELINE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"

struct detect_options {
    int every;      /* detect in each N-th frame */
    float min_size; /* least face height in source pixels */
    int max;        /* faces a frame */
    float doubt;    /* a followed track with less certainty makes the next frame a detection */
};
extern const struct option budget_detect_table[];

struct describe_options {
    int per_frame;  /* codes computed in one frame of a video; 0: no limit */
    float min_size; /* least face height in source pixels: smaller ones carry no identity */
    float sure;     /* a track with at least this sureness is only refreshed */
    float again;    /* seconds between two looks at a doubtful face */
    float refresh;  /* seconds between two looks at a sure one */
};
extern const struct option budget_describe_table[];
extern const struct option budget_attributes_table[]; /* the same for attributes; a better crop is a doubt */

struct budget_scene {
    bool picture;          /* a still picture: always detected */
    bool cut;              /* the scene changed */
    int64_t since;         /* frames since the last detection; large before the first */
    float least_certainty; /* of the tracks that are followed; 1 when there are none */
};
bool budget_detects(const struct detect_options *o, const struct budget_scene *s);

struct budget_face {
    bool usable;        /* has marks, and was seen in this frame */
    float height;       /* source pixels */
    int looks;          /* how often its track was described */
    float sureness;     /* 0 to 1: of its name, or of being a stranger */
    int64_t since_us;   /* since the last look */
    float quality;      /* expected: larger and better detected first within its class */
};
/* Which faces to describe: new ones first, then doubtful ones, then stale ones; the larger first. Fills `which` with
 * indexes (room for n) and returns how many. `limit` false: all usable ones (still pictures). */
int budget_describes(const struct describe_options *o, const struct budget_face *faces, int n, bool limit, int *which);

#endif
