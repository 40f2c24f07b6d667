/* SPDX-License-Identifier: MIT
 * A stage reads a frame and writes into it. A sink is a stage that only reads (draw and blur change its pixels). */
#ifndef FACETRAIL_PIPELINE_STAGE_H
#define FACETRAIL_PIPELINE_STAGE_H

#include <stdbool.h>

#include "base/frame.h"
#include "base/option.h"
#include "base/status.h"

struct gallery;
struct recognizer;
struct attributes;
struct detector;
struct tracker;
struct capture_info;
struct requests;
struct analysis; /* stages.h */

/* What the program opens once and stages and sinks share. Opened and closed by the command. */
struct run_context {
    const struct capture_info *info;
    const char *source;      /* the URL as the user gave it */
    struct gallery *gallery; /* NULL: none. Used by the analysis thread only; a face carries its name to the sinks */
    struct recognizer *recognizer; /* NULL: nobody is described or named */
    struct attributes *attributes; /* NULL: nobody asked. Sinks may read its rates */
    struct detector *detector;
    struct tracker *tracker;
    struct analysis *analysis; /* what the stages tell each other; of the analysis thread */
    struct requests *requests; /* from the window to the analysis thread; NULL: none */
    const struct option_group *groups; /* for the JSON header: options that are not at their initial value */
    int n_groups;
    const char *const *models;         /* pairs: name, checksum; NULL ends */
};

struct stage_kind {
    const char *name, *about; /* "detect": option group, line in the timings */
    size_t state_size;
    enum status (*open)(void *state, const struct run_context *context, const void *options);
    /* END: the user has had enough (the window was closed); not a failure. */
    enum status (*run)(void *state, struct frame *frame);
    /* Sinks: called while no frame comes, at least 20 times a second (the window's events). NULL: not needed. */
    enum status (*idle)(void *state);
    /* Ends the outputs properly; what cannot be finished is a status. NULL: nothing to end. */
    enum status (*finish)(void *state);
    void (*close)(void *state); /* also of a half-opened state */
};

/* What sinks report: a face that has a track and was confirmed in this frame or is followed between detections. */
static inline bool face_is_reported(const struct face *f)
{
    return (f->has & FACE_TRACKED) && !(f->has & FACE_COASTING);
}

#endif
