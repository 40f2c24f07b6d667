/* SPDX-License-Identifier: MIT
 * A stage reads a frame and writes into it. A sink is a stage that only reads. */
#ifndef FACETRAIL_PIPELINE_STAGE_H
#define FACETRAIL_PIPELINE_STAGE_H

#include "base/frame.h"
#include "base/option.h"
#include "base/status.h"

struct gallery;
struct capture_info;

/* What the program opens once and stages and sinks share. Opened and closed by the command. */
struct run_context {
    const struct capture_info *info;
    const char *source;      /* the URL as the user gave it */
    struct gallery *gallery; /* NULL: none. Used by the analysis thread only; a face carries its name to the sinks */
    struct recognizer *recognizer;
    struct detector *detector;
    struct tracker *tracker;
    const struct option_group *groups; /* for the JSON header: options that are not at their initial value */
    int n_groups;
    const char *const *models;         /* pairs: name, checksum; NULL ends */
};

struct stage_kind {
    const char *name, *about; /* "detect": option group, line in the timings */
    size_t state_size;
    enum status (*open)(void *state, const struct run_context *context, const void *options);
    enum status (*run)(void *state, struct frame *frame);
    /* Ends the outputs properly; what cannot be finished is a status. NULL: nothing to end. */
    enum status (*finish)(void *state);
    void (*close)(void *state); /* also of a half-opened state */
};

#endif
