/* SPDX-License-Identifier: MIT
 * An opened file, camera or network stream: the demuxer, its video stream and the decoder.
 * Only for capture/media.c and capture/media_open.c. */
#ifndef FACETRAIL_CAPTURE_MEDIA_STREAM_H
#define FACETRAIL_CAPTURE_MEDIA_STREAM_H

#include "capture/media.h"

struct AVFormatContext;
struct AVIOContext;

struct media {
    struct source *source;
    struct decoder decoder;
    struct AVFormatContext *format;
    struct AVIOContext *input; /* standard input, else NULL */
    struct AVPacket *packet;
    int stream;
    bool live;            /* opened again when it ends */
    bool draining;        /* the file has ended, the decoder still has frames */
    int64_t deadline_us;  /* our clock; 0: none */
    int failures;         /* damaged packets in a row */
    int64_t said_us;      /* when damage was last reported */
    int64_t given;        /* frames */
    int64_t first_pts, last_pts, step; /* in the time base of capture_info */
    int64_t shift;        /* added after a live source was opened again, so that time goes on */
    int64_t last_us;      /* our clock at the last frame */
    bool again;           /* the next frame is the first after opening again */
    int wait_s;           /* before the next try */
    bool expects;         /* info.frames is the container's own count, not a guess */
};

/* Opens m->source->url and fills the source's info. media_disconnect undoes it, also half done. */
enum status media_connect(struct media *m);
void media_disconnect(struct media *m);
bool media_stopped(const struct media *m);
/* From now on reading may take capture.timeout; files and pipes have no deadline. */
void media_start_deadline(struct media *m);

#endif
