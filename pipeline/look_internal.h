/* SPDX-License-Identifier: MIT
 * What pictures (look.c) and videos (look_video.c) share. */
#ifndef FACETRAIL_PIPELINE_LOOK_INTERNAL_H
#define FACETRAIL_PIPELINE_LOOK_INTERNAL_H

#include "base/frame.h"
#include "capture/capture.h"
#include "pipeline/look.h"

struct look {
    const struct settings *settings;
    struct detector *detector;
    struct recognizer *recognizer;
    struct frame_pool *pool;
};

/* Finds the faces of a frame; f->faces, f->n_faces. */
enum status look_detect(struct look *l, struct frame *f);
/* A copy of the coded face with a thumbnail. */
enum status look_take(struct looked *out, const struct frame *f, const struct face *face, const char *source);
void look_drop(struct looked *one);
enum status looked_add(struct looked_list *l, struct looked one); /* takes it over, also on failure */
enum status look_video(struct look *l, struct capture *c, const char *url, const struct look_options *o,
                       struct looked_list *list);

#endif
