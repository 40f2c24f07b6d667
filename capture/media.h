/* SPDX-License-Identifier: MIT
 * The part of reading with libav that files, streams and pictures share: a decoder whose frames become BGRX,
 * upright. No libav header is needed to include this. Only for files in capture/. */
#ifndef FACETRAIL_CAPTURE_MEDIA_H
#define FACETRAIL_CAPTURE_MEDIA_H

#include "capture/internal.h"

struct AVCodec;
struct AVCodecContext;
struct AVCodecParameters;
struct AVFrame;
struct AVPacket;
struct SwsContext;

struct decoder {
    struct source *source;
    const char *name; /* for messages: the URL, or the picture's path */
    struct AVCodecContext *codec;
    struct AVFrame *frame; /* the last one received */
    int turned;            /* EXIF orientation of the stream, 1 to 8; 1: as it is */
    atomic_int refused_w, refused_h; /* the size that was over max_pixels: set by any decoding thread */
    /* conversion; made again when one of these changes */
    struct SwsContext *scaler;
    int w, h, format, matrix, full_range;
    uint8_t *upright; /* room for a picture before it is turned */
    size_t upright_room;
};

/* `parameters` may be NULL (a picture file); `live` asks for little delay. */
enum status decoder_open(struct decoder *d, const struct AVCodec *kind,
                         const struct AVCodecParameters *parameters, bool live);
/* libav's own return values, so that the caller tells "again" from "damaged". */
int decoder_send(struct decoder *d, const struct AVPacket *packet);
int decoder_receive(struct decoder *d);
/* BAD_DATA when a picture over the limit was met. */
enum status decoder_refused(const struct decoder *d);
/* What libav's log says when it refuses a size itself: the only way to learn which size that was. */
void decoder_hear(void *context, int w, int h);
/* The received frame into frame->source and frame->image, upright. */
enum status decoder_convert(struct decoder *d, struct frame *out);
/* Upright size of the received frame. */
void decoder_size(const struct decoder *d, int *w, int *h);
void decoder_flush(struct decoder *d);
void decoder_close(struct decoder *d);
/* EXIF orientation for libav's display matrix (nine numbers), 1 when there is none. */
int orientation_of_matrix(const int32_t *matrix);
/* libav's words for one of its error values. */
const char *media_error(int error, char *room, int size);

#endif
