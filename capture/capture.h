/* SPDX-License-Identifier: MIT
 * Where frames come from: files, pictures, folders, cameras, network streams, standard input, the synthetic source.
 * A frame leaves with `source` (upright, full size), `image` (working size), number, pts, time_us and file filled. */
#ifndef FACETRAIL_CAPTURE_CAPTURE_H
#define FACETRAIL_CAPTURE_CAPTURE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/frame.h"
#include "base/option.h"

struct capture_options {
    int width;          /* widest working picture; never upscaled. 0: as the source */
    int height;         /* highest working picture, 0: no limit */
    int picture_width;  /* the same for still pictures, which may take their time (default 1600) */
    float timeout;      /* seconds without data before a live source is reopened */
    int max_pixels;     /* in millions; larger pictures are refused */
    bool tcp;           /* RTSP over TCP (default yes) */
};
extern const struct option capture_option_table[];

enum capture_kind { CAPTURE_FILE, CAPTURE_PICTURES, CAPTURE_LIVE, CAPTURE_SYNTHETIC };
struct capture_info {
    enum capture_kind kind;
    int width, height;        /* of the first picture, upright, after rotation metadata */
    int rate_num, rate_den;   /* average frame rate; 0/1 unknown */
    int base_num, base_den;   /* unit of frame->pts */
    int64_t frames;           /* expected, 0: unknown */
    int64_t duration_us;      /* 0: unknown */
    int pictures;             /* CAPTURE_PICTURES: how many */
    int damaged;              /* packets or frames skipped so far */
    int reopened;             /* live: how often the source was opened again */
};

struct capture;
/* `url` as in interface.md; a picture list of one for a single picture. *stop makes a blocked read return END. */
enum status capture_open(struct capture **out, const char *url, const struct capture_options *o,
                         const atomic_bool *stop);
const struct capture_info *capture_info(const struct capture *c);
/* Fills the frame (frame_fit inside). END after the last. A damaged file that gave frames ends with END and a
 * warning; one that gives none is BAD_DATA. */
enum status capture_read(struct capture *c, struct frame *frame);
void capture_close(struct capture **c);
/* libav's own messages go to our log at LOG_DEBUG from now on. capture_open does it; others who use libav call it. */
void capture_route_log(void);

#endif
