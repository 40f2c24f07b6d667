/* SPDX-License-Identifier: MIT
 * What a run did: frames, faces, tracks, people, time per stage. Fixed memory, whatever the length. */
#ifndef FACETRAIL_PIPELINE_REPORT_H
#define FACETRAIL_PIPELINE_REPORT_H

#include "base/frame.h"
#include "base/status.h"

struct capture_info;
struct report;
/* `names`: of the stages, in the order of frame->spent_us; not copied. */
enum status report_create(struct report **out, const char *const *names, int n_names, const struct capture_info *info);
void report_free(struct report **r);
/* A frame is done: counts it and shows the progress line when it is due. From one thread. */
void report_frame(struct report *r, const struct frame *frame);
/* A frame had to be dropped. From any thread. */
void report_dropped(struct report *r);
/* The clock starts at the first frame read, ends here. Clears the progress line. */
void report_end(struct report *r);
/* Lines for the user, through the log at the level INFO. */
void report_print(const struct report *r);

struct report_figures { int64_t frames, faces, tracks, people, dropped; double seconds; };
struct report_figures report_figures(const struct report *r);
/* Milliseconds: share 0.5 is the median. */
double report_stage_ms(const struct report *r, int stage, double share);

#endif
