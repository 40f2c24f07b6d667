/* SPDX-License-Identifier: MIT
 * Packets to BGRX pictures with libavcodec and libswscale: limits checked before memory is taken, the right matrix
 * and range for YUV, transparency on white, rotation metadata applied. */
#include "capture/media.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "base/memory.h"
#include "base/workers.h"

enum { DECODER_THREADS = 4 };

const char *media_error(int error, char *room, int size)
{
    if (av_strerror(error, room, (size_t)size) < 0)
        snprintf(room, (size_t)size, "error %d", error);
    return room;
}

/* libavcodec asks for memory here, knowing the size: the one place before a large picture is paid for. */
static int get_buffer(struct AVCodecContext *codec, struct AVFrame *frame, int flags)
{
    struct decoder *d = codec->opaque;
    int64_t most = (int64_t)d->source->options.max_pixels * 1000000;

    if ((int64_t)frame->width * frame->height > most) {
        atomic_store(&d->refused_w, frame->width);
        atomic_store(&d->refused_h, frame->height);
        return AVERROR(ENOMEM);
    }
    return avcodec_default_get_buffer2(codec, frame, flags);
}

void decoder_hear(void *context, int w, int h)
{
    const AVClass *const *log = context;

    if (!log || !*log)
        return;
    if ((*log)->parent_log_context_offset) /* the helper that checks sizes speaks for the decoder */
        log = *(const AVClass *const **)(const void *)((const char *)context + (*log)->parent_log_context_offset);
    if (!log || !*log || *log != avcodec_get_class())
        return;
    const AVCodecContext *codec = (const AVCodecContext *)(const void *)log;
    if (codec->get_buffer2 == get_buffer) {
        struct decoder *d = codec->opaque;
        atomic_store(&d->refused_w, w);
        atomic_store(&d->refused_h, h);
    }
}

enum status decoder_open(struct decoder *d, const struct AVCodec *kind,
                         const struct AVCodecParameters *parameters, bool live)
{
    char text[128];
    int threads = workers_processors();
    int r;

    d->codec = avcodec_alloc_context3(kind);
    if (!d->frame)
        d->frame = av_frame_alloc();
    if (!d->codec || !d->frame)
        return fail(NO_RESOURCE, "%s: no memory to decode it", d->name);
    if (parameters && (r = avcodec_parameters_to_context(d->codec, parameters)) < 0)
        return fail(BAD_DATA, "%s: %s", d->name, media_error(r, text, sizeof text));
    d->codec->opaque = d;
    d->codec->get_buffer2 = get_buffer;
    d->codec->thread_count = threads < DECODER_THREADS ? threads : DECODER_THREADS;
    if (live) { /* a thread for each frame would hold frames back */
        d->codec->thread_type = FF_THREAD_SLICE;
        d->codec->flags |= AV_CODEC_FLAG_LOW_DELAY;
    }
    /* dav1d's threads were seen to wait for each other for ever (1.0.0, Debian 12's; its ffmpeg hangs likewise) */
    if (!parameters || !strcmp(kind->name, "libdav1d"))
        d->codec->thread_count = 1;
    r = avcodec_open2(d->codec, kind, NULL);
    if (r < 0)
        return fail(BAD_DATA, "%s: its %s video cannot be decoded: %s", d->name, kind->name,
                    media_error(r, text, sizeof text));
    return OK;
}

int decoder_send(struct decoder *d, const struct AVPacket *packet)
{
    return avcodec_send_packet(d->codec, packet);
}

int decoder_receive(struct decoder *d)
{
    return avcodec_receive_frame(d->codec, d->frame);
}

enum status decoder_refused(const struct decoder *d)
{
    int w = atomic_load(&d->refused_w), h = atomic_load(&d->refused_h);

    enum status status = w ? source_check_size(d->source, d->name, w, h) : OK;

    if (w && !status)
        return fail(BAD_DATA, "%s: its picture is %dx%d, which is more than FFmpeg decodes", d->name, w, h);
    return status;
}

void decoder_flush(struct decoder *d)
{
    avcodec_flush_buffers(d->codec);
}

void decoder_close(struct decoder *d)
{
    avcodec_free_context(&d->codec);
    av_frame_free(&d->frame);
    sws_freeContext(d->scaler);
    d->scaler = NULL;
    memory_free(&d->upright);
    d->upright_room = 0;
}

/* The matrix maps (1, 0) to where the picture's right goes and (0, 1) to where its bottom goes. */
int orientation_of_matrix(const int32_t *m)
{
    bool swapped = abs(m[1]) > abs(m[0]);
    bool left = (swapped ? m[3] : m[0]) < 0; /* the shown x falls as the stored coordinate grows */
    bool up = (swapped ? m[1] : m[4]) < 0;
    static const int plain[2][2] = {{1, 4}, {2, 3}}, turned[2][2] = {{5, 8}, {6, 7}};

    return swapped ? turned[left][up] : plain[left][up];
}

/* What this frame says of itself (EXIF), else what the stream says. */
static int orientation(const struct decoder *d)
{
    const AVFrameSideData *side = av_frame_get_side_data(d->frame, AV_FRAME_DATA_DISPLAYMATRIX);
    const AVDictionaryEntry *entry = av_dict_get(d->frame->metadata, "Orientation", NULL, 0);
    int value = entry ? atoi(entry->value) : 0;

    if (side && side->size >= 9 * sizeof(int32_t))
        return orientation_of_matrix((const int32_t *)side->data);
    return value >= 1 && value <= 8 ? value : d->turned ? d->turned : 1;
}

void decoder_size(const struct decoder *d, int *w, int *h)
{
    bool swapped = orientation(d) >= 5;

    *w = swapped ? d->frame->height : d->frame->width;
    *h = swapped ? d->frame->width : d->frame->height;
}

/* Unmarked material follows the usual guess: high definition is BT.709, the rest BT.601. */
static int matrix_of(const AVFrame *f)
{
    switch (f->colorspace) {
    case AVCOL_SPC_BT709: return SWS_CS_ITU709;
    case AVCOL_SPC_FCC: return SWS_CS_FCC;
    case AVCOL_SPC_SMPTE240M: return SWS_CS_SMPTE240M;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL: return SWS_CS_BT2020;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M: return SWS_CS_ITU601;
    default: return f->width >= 1280 || f->height > 576 ? SWS_CS_ITU709 : SWS_CS_ITU601;
    }
}

static bool is_full_range(const AVFrame *f)
{
    switch (f->format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ411P: return true;
    default: return f->color_range == AVCOL_RANGE_JPEG;
    }
}

static bool has_alpha(int format)
{
    const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get(format);

    return format == AV_PIX_FMT_PAL8 || (kind && kind->flags & AV_PIX_FMT_FLAG_ALPHA);
}

/* yuvj420p and its like are the plain formats with the range said twice; libswscale warns about them. */
static int plain_format(int format)
{
    switch (format) {
    case AV_PIX_FMT_YUVJ420P: return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P: return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P: return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P: return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P: return AV_PIX_FMT_YUV411P;
    default: return format;
    }
}

static enum status prepare_scaler(struct decoder *d)
{
    const AVFrame *f = d->frame;
    int matrix = matrix_of(f), full = is_full_range(f);
    int to = has_alpha(f->format) ? AV_PIX_FMT_BGRA : AV_PIX_FMT_BGR0;

    if (d->scaler && d->w == f->width && d->h == f->height && d->format == f->format && d->matrix == matrix &&
        d->full_range == full)
        return OK;
    sws_freeContext(d->scaler);
    d->scaler = sws_getContext(f->width, f->height, plain_format(f->format), f->width, f->height, to,
                               SWS_BILINEAR, NULL, NULL, NULL);
    if (!d->scaler)
        return fail(BAD_DATA, "%s: pixel format %s cannot be converted", d->name,
                    av_get_pix_fmt_name(f->format) ? av_get_pix_fmt_name(f->format) : "unknown");
    sws_setColorspaceDetails(d->scaler, sws_getCoefficients(matrix), full, sws_getCoefficients(SWS_CS_DEFAULT), 1,
                             0, 1 << 16, 1 << 16);
    d->w = f->width;
    d->h = f->height;
    d->format = f->format;
    d->matrix = matrix;
    d->full_range = full;
    return OK;
}

static void put_on_white(struct image im)
{
    for (int y = 0; y < im.h; y++) {
        uint8_t *p = im.pixels + (size_t)y * im.stride;
        for (int x = 0; x < im.w; x++, p += IMAGE_PIXEL) {
            int alpha = p[3];
            for (int i = 0; i < 3 && alpha < 255; i++)
                p[i] = (uint8_t)((p[i] * alpha + 255 * (255 - alpha) + 127) / 255);
            p[3] = 255;
        }
    }
}

/* out(x, y) = in at start + x * step_x + y * step_y, in tiles because a quarter turn walks down columns. */
static void turn(struct image out, struct image in, int how)
{
    enum { TILE = 16 };
    bool swapped = how >= 5, from_right, from_bottom;
    ptrdiff_t right = 1, down = in.stride / IMAGE_PIXEL;
    const uint32_t *start = (const uint32_t *)(const void *)in.pixels;

    from_right = how == 2 || how == 3 || how == 7 || how == 8;
    from_bottom = how == 3 || how == 4 || how == 6 || how == 7;
    if (from_right)
        start += (in.w - 1) * right;
    if (from_bottom)
        start += (in.h - 1) * down;
    ptrdiff_t along = from_right ? -right : right, across = from_bottom ? -down : down;
    ptrdiff_t step_x = swapped ? across : along, step_y = swapped ? along : across;
    for (int top = 0; top < out.h; top += TILE)
        for (int left = 0; left < out.w; left += TILE)
            for (int y = top; y < top + TILE && y < out.h; y++) {
                uint32_t *to = (uint32_t *)(void *)(out.pixels + (size_t)y * out.stride);
                for (int x = left; x < left + TILE && x < out.w; x++)
                    to[x] = start[x * step_x + y * step_y];
            }
}

static enum status before_turning(struct decoder *d, struct image *out)
{
    *out = (struct image){NULL, d->frame->width, d->frame->height, (d->frame->width * IMAGE_PIXEL + 63) / 64 * 64};
    size_t size = (size_t)out->stride * (size_t)out->h + 64;
    if (size > d->upright_room) {
        memory_free(&d->upright);
        d->upright_room = 0;
        d->upright = memory_alloc(size, 1);
        if (!d->upright)
            return fail(NO_RESOURCE, "%s: no memory to turn a picture of %dx%d", d->name, out->w, out->h);
        d->upright_room = size;
    }
    out->pixels = d->upright;
    return OK;
}

enum status decoder_convert(struct decoder *d, struct frame *out)
{
    int how = orientation(d), w, h;
    struct image to;
    enum status status;

    decoder_size(d, &w, &h);
    if ((status = source_check_size(d->source, d->name, w, h)) || (status = source_fit(d->source, out, w, h)) ||
        (status = prepare_scaler(d)))
        return status;
    to = out->source;
    if (how != 1 && (status = before_turning(d, &to)))
        return status;
    sws_scale(d->scaler, (const uint8_t *const *)d->frame->data, d->frame->linesize, 0, d->frame->height,
              (uint8_t *const[]){to.pixels}, (const int[]){to.stride});
    if (has_alpha(d->format))
        put_on_white(to);
    if (how != 1)
        turn(out->source, to, how);
    source_shrink(out);
    return OK;
}
