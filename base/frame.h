/* SPDX-License-Identifier: MIT
 * One frame carries its picture and everything found in it. One frame, one owner: the thread that popped it. */
#ifndef FACETRAIL_BASE_FRAME_H
#define FACETRAIL_BASE_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/face.h"
#include "base/image.h"
#include "base/status.h"

enum { FRAME_STAGES = 16, FRAME_FILE = 1024 };

struct frame {
    struct image image;   /* working picture: what detection and tracking see */
    struct image source;  /* full-size picture, rotated upright; the same pixels as `image` when no scaling is needed */
    float to_source;      /* times a working coordinate gives source pixels */
    int64_t number;       /* decoded frames of the source, from 0 */
    int64_t pts;          /* time stamp in units of the source's time base (capture_info) */
    int64_t time_us;      /* the same in microseconds from the first frame */
    int64_t duration;     /* in time-base units, 0 when unknown */
    int64_t captured_us;  /* our clock, for latency */
    char file[FRAME_FILE]; /* folders and globs: the picture's name relative to the folder; else "" */
    bool searched;        /* faces are what the detector found, before its stage */
    int n_faces, max_faces;
    struct face *faces;
    int64_t spent_us[FRAME_STAGES]; /* by number of the stage */
};

struct frame_pool; /* all frames a run will ever use */
/* Each frame has room for max_faces. Pictures have no room yet: frame_fit gives it. */
enum status frame_pool_create(struct frame_pool **out, int n_frames, int max_faces);
void frame_pool_free(struct frame_pool **pool);
struct frame *frame_get(struct frame_pool *pool); /* NULL: all in flight. Safe from any thread */
void frame_put(struct frame_pool *pool, struct frame *frame);
/* Gives the frame a source picture of source_w x source_h and a working picture of work_w x work_h (a view on the
 * source's pixels when the sizes are equal); sets image, source and to_source. Allocates only when the frame has
 * had a smaller picture before: once for each frame of a stream of constant size. */
enum status frame_fit(struct frame *frame, int source_w, int source_h, int work_w, int work_h);

#endif
