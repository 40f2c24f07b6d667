/* SPDX-License-Identifier: MIT
 * Writes one picture with the encoder that its ending asks for. */
#include "pipeline/sink_video_parts.h"

#include <string.h>
#include <strings.h>

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>

static const struct { const char *ending; enum AVCodecID codec; } endings[] = {
    {"png", AV_CODEC_ID_PNG}, {"jpg", AV_CODEC_ID_MJPEG}, {"jpeg", AV_CODEC_ID_MJPEG}, {"jpe", AV_CODEC_ID_MJPEG},
    {"webp", AV_CODEC_ID_WEBP}, {"bmp", AV_CODEC_ID_BMP}, {"ppm", AV_CODEC_ID_PPM}, {"tif", AV_CODEC_ID_TIFF},
    {"tiff", AV_CODEC_ID_TIFF}, {"tga", AV_CODEC_ID_TARGA}, {"jp2", AV_CODEC_ID_JPEG2000}, {"qoi", AV_CODEC_ID_QOI}};

static const AVCodec *find_encoder(const char *path)
{
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot && i < sizeof endings / sizeof endings[0]; i++)
        if (!strcasecmp(dot + 1, endings[i].ending))
            return avcodec_find_encoder(endings[i].codec);
    return NULL;
}

bool picture_has_ending(const char *path)
{
    return find_encoder(path) != NULL;
}

struct work {
    AVCodecContext *codec;
    AVFrame *frame;
    AVPacket *packet;
    struct SwsContext *scaler;
};

static int open_codec(struct work *w, const AVCodec *kind, struct image im, int quality)
{
    int r, scale = (quality + 2) / 6;

    w->codec = avcodec_alloc_context3(kind);
    w->frame = av_frame_alloc();
    w->packet = av_packet_alloc();
    if (!w->codec || !w->frame || !w->packet)
        return AVERROR(ENOMEM);
    w->codec->width = w->frame->width = im.w;
    w->codec->height = w->frame->height = im.h;
    w->codec->time_base = (AVRational){1, 25};
    w->codec->pix_fmt = avcodec_find_best_pix_fmt_of_list(kind->pix_fmts, AV_PIX_FMT_BGR0, 0, NULL);
    w->frame->format = w->codec->pix_fmt;
    w->codec->thread_count = 1;
    if (kind->id == AV_CODEC_ID_MJPEG) {
        w->codec->flags |= AV_CODEC_FLAG_QSCALE;
        w->codec->global_quality = w->frame->quality = FF_QP2LAMBDA * (scale < 1 ? 1 : scale);
        w->codec->color_range = w->frame->color_range = AVCOL_RANGE_JPEG;
    } else if (kind->id == AV_CODEC_ID_WEBP && w->codec->priv_data) {
        av_opt_set_double(w->codec->priv_data, "quality", 100 - quality / 2.0, 0);
    } else if (kind->id == AV_CODEC_ID_PNG) {
        w->codec->compression_level = 4; /* of 9: a third of the time, files a few per cent larger */
    }
    r = avcodec_open2(w->codec, kind, NULL);
    return r < 0 ? r : av_frame_get_buffer(w->frame, 0);
}

static int encode(struct work *w, const AVCodec *kind, struct image im, int quality)
{
    bool full = kind->id == AV_CODEC_ID_MJPEG;
    int r = open_codec(w, kind, im, quality);

    if (r < 0)
        return r;
    w->scaler = sws_getContext(im.w, im.h, AV_PIX_FMT_BGR0, im.w, im.h, w->codec->pix_fmt,
                               SWS_BILINEAR | SWS_ACCURATE_RND, NULL, NULL, NULL);
    if (!w->scaler)
        return AVERROR(EINVAL);
    sws_setColorspaceDetails(w->scaler, sws_getCoefficients(SWS_CS_ITU601), 1, sws_getCoefficients(SWS_CS_ITU601),
                             full, 0, 1 << 16, 1 << 16);
    sws_scale(w->scaler, (const uint8_t *const[]){im.pixels}, (const int[]){im.stride}, 0, im.h, w->frame->data,
              w->frame->linesize);
    r = avcodec_send_frame(w->codec, w->frame);
    if (r >= 0)
        r = avcodec_send_frame(w->codec, NULL);
    return r < 0 ? r : avcodec_receive_packet(w->codec, w->packet);
}

enum status picture_write(const char *path, struct image im, int quality)
{
    const AVCodec *kind = find_encoder(path);
    struct work work = {0};
    char text[128];
    enum status status;
    int r;

    if (!kind)
        return fail(BAD_USAGE, "%s: its ending names no picture format: expected .png, .jpg, .webp, .bmp ...", path);
    r = encode(&work, kind, im, quality);
    status = r < 0 ? fail(BAD_USAGE, "%s: a picture of %dx%d cannot be coded as %s: %s", path, im.w, im.h, kind->name,
                          video_error(r, text, sizeof text))
                   : file_write_bytes(path, work.packet->data, (size_t)work.packet->size);
    avcodec_free_context(&work.codec);
    av_frame_free(&work.frame);
    av_packet_free(&work.packet);
    sws_freeContext(work.scaler);
    return status;
}
