/* SPDX-License-Identifier: MIT
 * BGRX pictures to coded video: the encoder and its settings, colours with matrix and range said in the stream, time
 * stamps of the source. No frames are reordered, so that each packet's duration is its picture's. */
#include "pipeline/sink_video_parts.h"

#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>

#include "base/check.h"
#include "base/memory.h"
#include "capture/capture.h"

enum { MPEG4_FINEST = 65535, COARSE = 1000, FINEST = 10000000, KEY_EVERY = 250 };

const char *video_error(int error, char *room, int size)
{
    if (av_strerror(error, room, (size_t)size) < 0)
        snprintf(room, (size_t)size, "error %d", error);
    return room;
}

static const AVCodec *find_encoder(const AVOutputFormat *to)
{
    static const char *const good[] = {"libx264", "libvpx-vp9"};

    for (size_t i = 0; strcmp(to->name, "avi") && i < sizeof good / sizeof good[0]; i++) {
        const AVCodec *kind = avcodec_find_encoder_by_name(good[i]);
        if (kind && avformat_query_codec(to, kind->id, FF_COMPLIANCE_NORMAL) == 1)
            return kind;
    }
    return avcodec_find_encoder(to->video_codec);
}

static bool can(const AVCodec *kind, enum AVPixelFormat format)
{
    for (const enum AVPixelFormat *f = kind->pix_fmts; f && *f != AV_PIX_FMT_NONE; f++)
        if (*f == format)
            return true;
    return false;
}

static enum AVPixelFormat choose_format(const AVCodec *kind, int w, int h)
{
    if (kind->id == AV_CODEC_ID_GIF)
        return AV_PIX_FMT_RGB8; /* fixed palette, dithered */
    if (kind->id == AV_CODEC_ID_MJPEG)
        return AV_PIX_FMT_YUVJ420P;
    if (kind->id == AV_CODEC_ID_H264 && (w | h) & 1 && can(kind, AV_PIX_FMT_YUV444P))
        return AV_PIX_FMT_YUV444P; /* 4:2:0 must be even; the size must stay exact */
    if (can(kind, AV_PIX_FMT_YUV420P) || !kind->pix_fmts)
        return AV_PIX_FMT_YUV420P;
    return avcodec_find_best_pix_fmt_of_list(kind->pix_fmts, AV_PIX_FMT_BGR0, 0, NULL);
}

static void set_quality(AVCodecContext *c, const struct video_options *o)
{
    static const char *const presets[] = {"ultrafast", "superfast", "veryfast", "faster", "fast", "medium"};
    int scale = (o->quality + 2) / 6;

    if (!strcmp(c->codec->name, "libx264")) {
        av_opt_set(c->priv_data, "preset", presets[o->preset], 0);
        av_opt_set_int(c->priv_data, "crf", o->quality, 0);
        c->gop_size = KEY_EVERY;
    } else if (!strncmp(c->codec->name, "libvpx", 6)) {
        av_opt_set_int(c->priv_data, "crf", o->quality + 10, 0);
        av_opt_set(c->priv_data, "deadline", "realtime", 0);
        av_opt_set_int(c->priv_data, "cpu-used", 8, 0);
        av_opt_set_int(c->priv_data, "row-mt", 1, 0);
        c->bit_rate = 0;
    } else {
        c->flags |= AV_CODEC_FLAG_QSCALE;
        c->global_quality = FF_QP2LAMBDA * (scale < 2 ? 2 : scale);
    }
}

/* High definition is BT.709 and the rest BT.601: also players that do not look at the marks guess right. */
static void set_colours(AVCodecContext *c)
{
    bool hd = c->width >= 1280 || c->height > 576;

    if (c->pix_fmt == AV_PIX_FMT_RGB8)
        return;
    c->colorspace = hd && c->pix_fmt != AV_PIX_FMT_YUVJ420P ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    c->color_range = c->pix_fmt == AV_PIX_FMT_YUVJ420P ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    c->color_primaries = AVCOL_PRI_BT709;
    c->color_trc = AVCOL_TRC_BT709;
    c->chroma_sample_location = AVCHROMA_LOC_LEFT;
}

static int64_t divisor(int64_t a, int64_t b)
{
    return b ? divisor(b, a % b) : a;
}

/* Milliseconds are too coarse for 30 frames a second: a base in which both they and the frame rate are whole lets the
 * rounded time stamps snap back to the rate, so that the average comes out exact. Hundredths (GIF) are meant. */
static AVRational time_base(struct encoder *e, const struct capture_info *info, AVRational rate)
{
    AVRational base = {info->base_num, info->base_den};
    int64_t both = rate.num > 0 ? (int64_t)rate.num / divisor(rate.num, base.den) * base.den : 0;

    if (base.num != 1 || base.den > COARSE || both <= 0 || both > FINEST)
        return base;
    e->period = both / rate.num * rate.den;
    e->slack = base.den == COARSE ? both / COARSE : 0;
    return (AVRational){1, (int)both};
}

static void set_time(struct encoder *e, const struct capture_info *info, const char *container)
{
    AVRational rate = {info->rate_num, info->rate_den}, base = time_base(e, info, rate);

    if (rate.num <= 0 || rate.den <= 0)
        rate = (AVRational){25, 1};
    else
        e->codec->framerate = rate;
    e->constant = !strcmp(container, "avi");
    if (e->constant)
        av_reduce(&base.num, &base.den, rate.den, rate.num, MPEG4_FINEST);
    else if (e->codec->codec_id == AV_CODEC_ID_MPEG4 && base.den > MPEG4_FINEST) {
        base = (AVRational){1, COARSE};
        e->period = 0;
    }
    e->codec->time_base = base;
    e->base_num = info->base_num;
    e->base_den = info->base_den;
}

static enum status open_codec(struct encoder *e, const AVCodec *kind, AVFormatContext *out, const char *path,
                              const struct video_options *o)
{
    char text[128];
    int r;

    if (out->oformat->flags & AVFMT_GLOBALHEADER)
        e->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    e->codec->thread_count = o->threads;
    e->codec->max_b_frames = 0;
    set_quality(e->codec, o);
    set_colours(e->codec);
    r = avcodec_open2(e->codec, kind, NULL);
    if (r < 0)
        return fail(BAD_USAGE, "%s: pictures of %dx%d cannot be coded as %s: %s", path, e->w, e->h, kind->name,
                    video_error(r, text, sizeof text));
    e->frame->format = e->codec->pix_fmt;
    e->frame->width = e->w;
    e->frame->height = e->h;
    e->frame->colorspace = e->codec->colorspace;
    e->frame->color_range = e->codec->color_range;
    if (av_frame_get_buffer(e->frame, 0) < 0)
        return fail(NO_RESOURCE, "%s: no memory for pictures of %dx%d", path, e->w, e->h);
    return OK;
}

static enum status open_scaler(struct encoder *e, const char *path)
{
    bool full = e->codec->pix_fmt == AV_PIX_FMT_YUVJ420P;
    int matrix = e->codec->colorspace == AVCOL_SPC_BT709 ? SWS_CS_ITU709 : SWS_CS_ITU601;

    e->scaler = sws_getContext(e->w, e->h, AV_PIX_FMT_BGR0, e->w, e->h,
                               full ? AV_PIX_FMT_YUV420P : e->codec->pix_fmt, SWS_BILINEAR, NULL, NULL, NULL);
    if (!e->scaler)
        return fail(NO_RESOURCE, "%s: pictures of %dx%d cannot be converted", path, e->w, e->h);
    sws_setColorspaceDetails(e->scaler, sws_getCoefficients(SWS_CS_DEFAULT), 1, sws_getCoefficients(matrix), full, 0,
                             1 << 16, 1 << 16);
    return OK;
}

enum status encoder_open(struct encoder *e, AVFormatContext *out, const char *path, const struct video_options *o,
                         const struct run_context *context, int w, int h)
{
    const AVCodec *kind = find_encoder(out->oformat);
    AVStream *stream;
    enum status status;

    if (!kind)
        return fail(NO_RESOURCE, "%s: this FFmpeg has no video encoder for files of type %s", path, out->oformat->name);
    e->w = w;
    e->h = h;
    e->codec = avcodec_alloc_context3(kind);
    e->frame = av_frame_alloc();
    e->packet = av_packet_alloc();
    stream = avformat_new_stream(out, NULL);
    if (!e->codec || !e->frame || !e->packet || !stream)
        return fail(NO_RESOURCE, "%s: no memory for the encoder", path);
    e->codec->width = w;
    e->codec->height = h;
    e->codec->pix_fmt = choose_format(kind, w, h);
    set_time(e, context->info, out->oformat->name);
    if ((status = open_codec(e, kind, out, path, o)) || (status = open_scaler(e, path)))
        return status;
    if (avcodec_parameters_from_context(stream->codecpar, e->codec) < 0)
        return fail(NO_RESOURCE, "%s: no memory for the encoder", path);
    stream->time_base = e->codec->time_base;
    stream->avg_frame_rate = e->codec->framerate;
    return OK;
}

/* In the encoder's time base, from its zero. */
static int64_t convert_time(const struct encoder *e, int64_t in_source)
{
    int64_t t = av_rescale_q(in_source, (AVRational){e->base_num, e->base_den}, e->codec->time_base), near;

    if (!e->period)
        return t;
    near = (t + (t >= 0 ? e->period / 2 : -(e->period / 2))) / e->period * e->period;
    return llabs(near - t) <= e->slack ? near : t;
}

/* The source's pixels, or, when the size has changed on the way, all of it scaled to fit. */
static enum status fit_picture(struct encoder *e, const char *path, struct image *im)
{
    double scale, by_h;
    int w, h;

    if (im->w == e->w && im->h == e->h)
        return OK;
    if (!e->canvas.pixels) {
        e->canvas = (struct image){memory_alloc((size_t)e->w * (size_t)e->h, IMAGE_PIXEL), e->w, e->h,
                                   e->w * IMAGE_PIXEL};
        if (!e->canvas.pixels)
            return fail(NO_RESOURCE, "%s: no memory for pictures of %dx%d", path, e->w, e->h);
    }
    scale = (double)e->w / im->w;
    by_h = (double)e->h / im->h;
    scale = by_h < scale ? by_h : scale;
    w = (int)(im->w * scale + 0.5);
    h = (int)(im->h * scale + 0.5);
    w = w < 1 ? 1 : w > e->w ? e->w : w;
    h = h < 1 ? 1 : h > e->h ? e->h : h;
    image_fill(e->canvas, 0, 0, 0);
    image_resize(image_view(e->canvas, (e->w - w) / 2, (e->h - h) / 2, w, h), *im);
    *im = e->canvas;
    return OK;
}

static enum status refuse_coding(const char *path, int error)
{
    char text[128];

    return fail(NO_RESOURCE, "%s: coding failed: %s", path, video_error(error, text, sizeof text));
}

/* The last picture lasts as long as makes the average the source's, if that is near what it should be. */
static void end_on_rate(struct encoder *e)
{
    int64_t all, last;

    if (!e->period || e->constant || e->received == e->sent)
        return;
    all = av_rescale_q(e->sent, av_inv_q(e->codec->framerate), e->codec->time_base);
    last = all - (e->last - e->first);
    if (last > e->period / 2 && last < 2 * e->period)
        e->duration[(e->sent - 1) % ENCODER_DELAY] = last;
}

enum status encoder_send(struct encoder *e, const char *path, const struct frame *frame)
{
    struct image im;
    enum status status;
    int r;

    if (!frame) {
        end_on_rate(e);
        return (r = avcodec_send_frame(e->codec, NULL)) < 0 && r != AVERROR_EOF ? refuse_coding(path, r) : OK;
    }
    im = frame->source;
    if ((status = fit_picture(e, path, &im)))
        return status;
    if ((r = av_frame_make_writable(e->frame)) < 0)
        return refuse_coding(path, r);
    sws_scale(e->scaler, (const uint8_t *const[]){im.pixels}, (const int[]){im.stride}, 0, e->h, e->frame->data,
              e->frame->linesize);
    e->frame->pts = e->constant ? e->sent : convert_time(e, frame->pts - e->origin);
    if (!e->sent) {
        e->first = e->frame->pts;
        e->last = e->first - 1;
    }
    if (e->frame->pts <= e->last)
        e->frame->pts = e->last + 1;
    CHECK(e->sent - e->received < ENCODER_DELAY);
    e->duration[e->sent++ % ENCODER_DELAY] = e->constant            ? 1
                                             : frame->duration > 0 ? convert_time(e, frame->duration)
                                                                   : e->frame->pts - e->last;
    e->last = e->frame->pts;
    r = avcodec_send_frame(e->codec, e->frame);
    return r < 0 ? refuse_coding(path, r) : OK;
}

enum status encoder_receive(struct encoder *e, const char *path)
{
    int r = avcodec_receive_packet(e->codec, e->packet);

    if (r == AVERROR(EAGAIN) || r == AVERROR_EOF)
        return END;
    if (r < 0)
        return refuse_coding(path, r);
    e->packet->duration = e->duration[e->received++ % ENCODER_DELAY];
    return OK;
}

void encoder_close(struct encoder *e)
{
    avcodec_free_context(&e->codec);
    av_frame_free(&e->frame);
    av_packet_free(&e->packet);
    sws_freeContext(e->scaler);
    e->scaler = NULL;
    memory_free(&e->canvas.pixels);
}
