/* SPDX-License-Identifier: MIT
 * All options of a run, and their groups: for `run` and `eval speed`, help, the man page and default.conf. */
#ifndef FACETRAIL_PIPELINE_SETTINGS_H
#define FACETRAIL_PIPELINE_SETTINGS_H

#include "capture/capture.h"
#include "detector/detector.h"
#include "pipeline/arguments.h"
#include "pipeline/budget.h"
#include "pipeline/draw.h"
#include "pipeline/sink_video.h"
#include "pipeline/sinks.h"
#include "pipeline/stages.h"
#include "recognizer/attributes.h"
#include "recognizer/recognizer.h"
#include "tracker/tracker.h"

enum window_choice { WINDOW_AUTO, WINDOW_YES, WINDOW_NO };
struct run_options {
    const char *output, *json, *tracks, *gallery; /* "": none; gallery "": the default path */
    int window;                                   /* enum window_choice */
    int blur;                                     /* enum blur_whom */
    bool attributes;
    bool names;                                   /* describe and name faces */
    int threads;                                  /* -1: the machine's cores */
    struct follow_options follow;                 /* start "": faces are detected and followed */
};

struct settings {
    struct run_options run;
    struct capture_options capture;
    struct detector_options detector;
    struct detect_options detect;
    struct tracker_options tracker;
    struct describe_options describe;
    struct recognizer_options recognizer;
    struct attributes_options attributes;
    struct describe_options attributes_budget;
    struct identify_options identify;
    struct draw_options draw;
    struct blur_options blur;
    struct video_options video;
    struct window_options window;
};

enum { SETTINGS_GROUPS = 14 };
/* Names and tables; `values` are NULL. */
extern const struct option_group settings_groups[SETTINGS_GROUPS];
/* The short words of run. */
extern const struct argument settings_arguments[];
/* The same groups with the values of `s`. */
void settings_bind(struct settings *s, struct option_group *groups);
/* The detector as they want it: closer looks (detector/closer.h) only for whom faces of so few pixels of the source matter. */
enum status settings_open_detector(struct detector **out, const struct settings *s);

#endif
