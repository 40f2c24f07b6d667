/* SPDX-License-Identifier: MIT
 * One run over one source: opens what the settings ask for, in the order in which a mistake is cheapest to find, runs
 * the pipeline, closes all. For `run` and `eval speed`. */
#ifndef FACETRAIL_PIPELINE_RUNNER_H
#define FACETRAIL_PIPELINE_RUNNER_H

#include "pipeline/pipeline.h"
#include "pipeline/report.h"
#include "pipeline/settings.h"
#include "pipeline/stages.h"

enum { RUNNER_SINKS = 8, RUNNER_MODELS = 8, RUNNER_NAMES = 16 };

struct runner {
    const struct settings *settings;
    struct capture *capture;
    struct detector *detector;
    struct search searches[AHEAD_MOST]; /* ahead of the analysis: the detector, then others like it */
    int n_searches;
    struct tracker *tracker;
    struct recognizer *recognizer;
    struct attributes *attributes;
    struct gallery *gallery;
    struct requests *requests;
    struct analysis *analysis;
    struct report *report;
    struct pipeline *pipeline;
    struct run_context context;
    struct text_output json, tracks;
    struct blur_options blur;
    struct video_options video;
    struct window_options window;
    struct pipeline_stage sinks[RUNNER_SINKS];
    int n_sinks;
    const char *names[RUNNER_NAMES];
    int n_names;
    const char *models[2 * RUNNER_MODELS + 1];
    char checksums[RUNNER_MODELS][20];
    int n_models;
};

/* `groups` (SETTINGS_GROUPS of them, bound to `settings`), `settings` and `url` must outlive the runner. */
enum status runner_open(struct runner *r, const struct settings *settings, const struct option_group *groups,
                        const char *url);
enum status runner_run(struct runner *r);
/* Also a half-opened one. */
void runner_close(struct runner *r);

#endif
