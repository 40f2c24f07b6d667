/* SPDX-License-Identifier: MIT
 * Three threads (capture, analysis, and the caller's, which runs the sinks because SDL wants the main thread), others that
 * search frames ahead of the analysis, queues between them, one pool of frames. With threads = 0 the same stages run in one
 * loop, and what a file gives is the same: nothing is dropped, nothing looks at our clock. */
#ifndef FACETRAIL_PIPELINE_PIPELINE_H
#define FACETRAIL_PIPELINE_PIPELINE_H

#include <stdatomic.h>

#include "pipeline/ahead.h"
#include "pipeline/stage.h"

struct capture;
struct report;

struct pipeline_stage { const struct stage_kind *kind; const void *options; };

struct pipeline_plan {
    struct capture *capture;
    const struct run_context *context;
    const struct pipeline_stage *stages, *sinks;
    int n_stages, n_sinks;
    struct ahead_work ahead; /* done to frames before they come to the stages; not with threads = 0 */
    int threads;         /* 0: everything in one loop */
    int max_faces;       /* a frame */
    const atomic_bool *stop; /* ends the run as the end of the source does */
    struct report *report;   /* told of every frame that is done; NULL: none */
};

struct pipeline;
/* Opens all stages and sinks: an output that cannot be written is known before any work. */
enum status pipeline_create(struct pipeline **out, const struct pipeline_plan *plan);
/* Runs to the end of the source, or until *stop, or until a sink says END; finishes the outputs. The first failure of
 * any thread is the result; outputs that did not fail themselves are finished all the same. */
enum status pipeline_run(struct pipeline *p);
void pipeline_free(struct pipeline **p);
/* Line k of the timings: "capture", then the stages, then the sinks. */
int pipeline_names(const struct pipeline_plan *plan, const char **names, int max);

#endif
