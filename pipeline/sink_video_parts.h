/* SPDX-License-Identifier: MIT
 * The parts of the video sink: a muxer with its encoder, copied sound, single pictures. No libav header is needed to
 * include this. Only for pipeline/sink_video*.c. */
#ifndef FACETRAIL_PIPELINE_SINK_VIDEO_PARTS_H
#define FACETRAIL_PIPELINE_SINK_VIDEO_PARTS_H

#include "base/file.h"
#include "pipeline/sink_video.h"

struct AVCodecContext;
struct AVFormatContext;
struct AVFrame;
struct AVIOContext;
struct AVPacket;
struct AVStream;
struct SwsContext;

/* pipeline/sink_video_sound.c: the source opened a second time, its sound copied packet by packet. */
enum { SOUND_TRACKS = 8 };
struct sound {
    struct AVFormatContext *from;
    struct AVPacket *packet;
    int track[SOUND_TRACKS];    /* stream of the source, */
    int to[SOUND_TRACKS];       /* and of the output */
    int64_t last[SOUND_TRACKS]; /* dts written, in the output's time base */
    int n;
    bool waiting;  /* `packet` is read and not yet written */
    bool ended;
    int64_t start_us; /* when the source starts: its zero */
    bool has_start;
    int shape_num, shape_den; /* of a pixel; 0: not told */
};
/* Adds the tracks that the container takes; what it cannot take is one warning. A source that cannot be read a second
 * time (camera, network, standard input) has no sound. */
void sound_open(struct sound *s, const struct run_context *context, struct AVFormatContext *out, bool wanted);
/* Writes what sounds before `until_us`, counted from the output's zero. Returns libav's error, 0 when all is well. */
int sound_copy(struct sound *s, struct AVFormatContext *out, int64_t until_us);
void sound_close(struct sound *s);

/* pipeline/sink_video_encode.c: frames to packets. */
enum { ENCODER_DELAY = 512 }; /* frames an encoder may hold */
struct encoder {
    struct AVCodecContext *codec;
    struct AVFrame *frame;
    struct AVPacket *packet;
    struct SwsContext *scaler;
    struct image canvas; /* for pictures of another size than the first: owned */
    int w, h;
    /* time */
    int base_num, base_den;         /* of the source's pts */
    int64_t origin, period, slack;  /* source pts that becomes 0; in the encoder's base: a frame, what is rounding */
    bool constant;                  /* constant: the container counts frames, time stamps are their numbers */
    int64_t duration[ENCODER_DELAY]; /* of frames sent and not yet received, in order */
    int64_t sent, received, first, last;
};
/* `out` has its container chosen; the stream is added to it. w, h: of the first picture. */
enum status encoder_open(struct encoder *e, struct AVFormatContext *out, const char *path,
                         const struct video_options *o, const struct run_context *context, int w, int h);
/* Sends the frame's source picture; NULL: no more will come. Then encoder_receive until it says END. */
enum status encoder_send(struct encoder *e, const char *path, const struct frame *frame);
/* e->packet is filled: its time stamps and duration in the encoder's time base. END: nothing yet, or no more. */
enum status encoder_receive(struct encoder *e, const char *path);
void encoder_close(struct encoder *e);

/* pipeline/sink_video_picture.c: the ending chooses the format. */
bool picture_has_ending(const char *path);
enum status picture_write(const char *path, struct image im, int quality);

const char *video_error(int error, char *room, int size);

#endif
