/* SPDX-License-Identifier: MIT
 * The video sink: container and temporary file, the order of pictures and sound, or one picture each. What it has
 * written is complete and plays whenever `finish` is called. */
#include "pipeline/sink_video_parts.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "base/log.h"
#include "capture/capture.h"

enum { BUFFER = 256 * 1024, PATH_ROOM = 4096 };

const struct option video_option_table[] = {
    {"quality", OPTION_INT, offsetof(struct video_options, quality), "20", 1, 51, NULL,
     "of the written video or JPEG; smaller is better and larger files"},
    {"preset", OPTION_CHOICE, offsetof(struct video_options, preset), "veryfast", 0, 0,
     "ultrafast superfast veryfast faster fast medium", "work that x264 puts into smaller files"},
    {"threads", OPTION_INT, offsetof(struct video_options, threads), "1", 1, 16, NULL, "threads of the encoder"},
    {"sound", OPTION_BOOL, offsetof(struct video_options, sound), "yes", 0, 0, NULL, "copy the sound of the source"},
    {0}};

enum shape { ONE_VIDEO, ONE_PICTURE, FOLDER, NUMBERED };

struct state {
    struct video_options options;
    const struct run_context *context;
    char path[PATH_ROOM];
    enum shape shape;
    int64_t pictures;
    /* a video */
    struct file_write file;
    struct AVFormatContext *out;
    struct AVIOContext *io;
    struct encoder encoder;
    struct sound sound;
    int64_t last_dts, end_us;
    bool begun, failed;
};

static bool is_folder(const char *path)
{
    struct stat facts;
    size_t n = strlen(path);

    return (n && path[n - 1] == '/') || (!stat(path, &facts) && S_ISDIR(facts.st_mode));
}

static bool is_same(const char *a, const char *b)
{
    struct stat one, other;

    return !stat(a, &one) && !stat(b, &other) && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static enum status choose_shape(struct state *s)
{
    char first[PATH_ROOM];
    const struct capture_info *info = s->context->info;

    if (!strcmp(s->path, "-"))
        return fail(BAD_USAGE, "-: a video cannot go to standard output: expected the name of a file");
    if (is_same(s->path, s->context->source))
        return fail(BAD_USAGE, "%s: it is the input itself, which is never overwritten", s->path);
    s->shape = ONE_VIDEO;
    if (is_folder(s->path))
        s->shape = FOLDER;
    else if (picture_has_ending(s->path))
        s->shape = av_get_frame_filename(first, sizeof first, s->path, 1) >= 0 ? NUMBERED : ONE_PICTURE;
    if (s->shape == ONE_PICTURE && (info->kind != CAPTURE_PICTURES || info->pictures != 1))
        return fail(BAD_USAGE, "%s: one picture cannot hold a %s: expected a video (.mp4), a folder (%s) or numbered "
                               "pictures (picture-%%d.png)", s->path,
                    info->kind == CAPTURE_PICTURES ? "list of pictures" : "video", "FOLDER/");
    return OK;
}

static int write_bytes(void *opaque, uint8_t *from, int n)
{
    FILE *to = opaque;

    errno = 0;
    if (fwrite(from, 1, (size_t)n, to) == (size_t)n)
        return n;
    return AVERROR(errno ? errno : EIO);
}

static int64_t seek_bytes(void *opaque, int64_t at, int whence)
{
    FILE *to = opaque;

    if (whence & AVSEEK_SIZE)
        return AVERROR(ENOSYS);
    return fseeko(to, at, whence & 3) ? AVERROR(errno) : ftello(to);
}

static enum status open_video(struct state *s)
{
    const AVOutputFormat *kind = av_guess_format(NULL, s->path, NULL);
    unsigned char *buffer;
    enum status status;

    if (!kind || kind->video_codec == AV_CODEC_ID_NONE || kind->flags & AVFMT_NOFILE)
        return fail(BAD_USAGE, "%s: its ending names no video format: expected .mp4, .mkv, .mov, .webm, .avi or .gif",
                    s->path);
    status = file_create(&s->file, s->path);
    if (status)
        return status;
    setvbuf(s->file.to, NULL, _IONBF, 0); /* libav has a buffer of its own */
    if (avformat_alloc_output_context2(&s->out, kind, NULL, s->path) < 0)
        return fail(NO_RESOURCE, "%s: no memory to write it", s->path);
    buffer = av_malloc(BUFFER);
    s->io = buffer ? avio_alloc_context(buffer, BUFFER, 1, s->file.to, NULL, write_bytes, seek_bytes) : NULL;
    if (!s->io) {
        av_free(buffer);
        return fail(NO_RESOURCE, "%s: no memory to write it", s->path);
    }
    s->out->pb = s->io;
    return OK;
}

static enum status open_sink(void *state, const struct run_context *context, const void *options)
{
    struct state *s = state;
    enum status status;

    s->options = *(const struct video_options *)options;
    s->context = context;
    capture_route_log();
    if ((size_t)snprintf(s->path, sizeof s->path, "%s", s->options.path) >= sizeof s->path)
        return fail(BAD_USAGE, "%s: the name is longer than %d bytes", s->options.path, PATH_ROOM - 1);
    status = choose_shape(s);
    if (!status && s->shape == ONE_VIDEO)
        status = open_video(s);
    return status;
}

static enum status refuse_writing(struct state *s, int error)
{
    char text[128];

    s->failed = true;
    if (s->io && s->io->error < 0) /* what the system said first */
        error = s->io->error;
    return fail(NO_RESOURCE, "%s: it cannot be written: %s", s->path, video_error(error, text, sizeof text));
}

static void set_shape_of_pixels(struct state *s)
{
    AVStream *video = s->out->streams[0];
    AVRational shape = {s->sound.shape_num, s->sound.shape_den};

    if (shape.num > 0 && shape.den > 0)
        video->sample_aspect_ratio = video->codecpar->sample_aspect_ratio = shape;
}

/* At the first picture, when its size is known. */
static enum status begin(struct state *s, const struct frame *frame)
{
    struct encoder *e = &s->encoder;
    const AVRational base = {s->context->info->base_num, s->context->info->base_den};
    enum status status = encoder_open(e, s->out, s->path, &s->options, s->context, frame->source.w, frame->source.h);
    int r;

    if (status)
        return status;
    sound_open(&s->sound, s->context, s->out, s->options.sound);
    set_shape_of_pixels(s);
    if (s->sound.has_start) {
        e->origin = av_rescale_q(s->sound.start_us, (AVRational){1, 1000000}, base);
        if (e->origin > frame->pts) /* rounding */
            e->origin = frame->pts;
    } else {
        e->origin = frame->pts;
        s->sound.start_us = av_rescale_q(frame->pts, base, (AVRational){1, 1000000});
    }
    r = avformat_write_header(s->out, NULL);
    if (r < 0)
        return refuse_writing(s, r);
    s->begun = true;
    s->last_dts = INT64_MIN;
    return OK;
}

/* All packets that are ready, each followed by the sound up to it. */
static enum status write_ready(struct state *s)
{
    struct encoder *e = &s->encoder;
    const AVStream *video = s->out->streams[0];
    enum status status;
    int r;

    while (!(status = encoder_receive(e, s->path))) {
        AVPacket *p = e->packet;
        p->stream_index = 0;
        av_packet_rescale_ts(p, e->codec->time_base, video->time_base);
        if (p->dts <= s->last_dts)
            p->dts = s->last_dts + 1;
        if (p->pts < p->dts)
            p->pts = p->dts;
        s->last_dts = p->dts;
        s->end_us = av_rescale_q(p->pts + p->duration, video->time_base, (AVRational){1, 1000000});
        r = av_interleaved_write_frame(s->out, p);
        if (r >= 0)
            r = sound_copy(&s->sound, s->out, s->end_us);
        if (r < 0 || s->io->error < 0)
            return refuse_writing(s, r);
    }
    return status == END ? OK : status;
}

/* Is `to` the very picture that this frame was read from? */
static bool is_input(const struct state *s, const char *to, const struct frame *frame)
{
    char from[2 * PATH_ROOM];
    const char *source = s->context->source;
    size_t n = strlen(source);

    if (is_folder(source))
        snprintf(from, sizeof from, "%s/%s", source, frame->file);
    else { /* a pattern: names are relative to the folder before its first wildcard */
        n = strcspn(source, "*?[");
        while (n > 0 && source[n - 1] != '/')
            n--;
        snprintf(from, sizeof from, "%.*s%s", (int)n, source, frame->file);
    }
    return is_same(to, source) || (*frame->file && is_same(to, from));
}

/* frame->file's folders are kept; a format that we cannot write becomes PNG. */
static enum status write_into_folder(struct state *s, const struct frame *frame)
{
    char to[2 * PATH_ROOM];
    const char *source = s->context->source, *slash = strrchr(source, '/'), *name = frame->file;
    const char *between = s->path[strlen(s->path) - 1] == '/' ? "" : "/";
    enum status status;

    if (s->context->info->kind != CAPTURE_PICTURES)
        snprintf(to, sizeof to, "%s%s%06lld.png", s->path, between, (long long)frame->number);
    else {
        name = *name ? name : slash ? slash + 1 : source;
        snprintf(to, sizeof to, "%s%s%s%s", s->path, between, name, picture_has_ending(name) ? "" : ".png");
    }
    if (is_input(s, to, frame))
        return fail(BAD_USAGE, "%s: it is the input itself, which is never overwritten", to);
    status = file_make_folders_above(to);
    return status ? status : picture_write(to, frame->source, s->options.quality);
}

static enum status write_picture(struct state *s, const struct frame *frame)
{
    char to[PATH_ROOM + 32];

    if (s->shape == FOLDER)
        return write_into_folder(s, frame);
    if (s->shape == ONE_PICTURE)
        return picture_write(s->path, frame->source, s->options.quality);
    av_get_frame_filename(to, sizeof to, s->path, (int)frame->number + 1);
    return picture_write(to, frame->source, s->options.quality);
}

static enum status run(void *state, struct frame *frame)
{
    struct state *s = state;
    enum status status;

    if (s->shape != ONE_VIDEO) {
        s->pictures++;
        return write_picture(s, frame);
    }
    if (s->failed)
        return fail(NO_RESOURCE, "%s: it cannot be written", s->path);
    if (!s->begun && (status = begin(s, frame)))
        s->failed = true;
    else if ((status = encoder_send(&s->encoder, s->path, frame)) || (status = write_ready(s)))
        s->failed = true;
    return status;
}

static enum status finish(void *state)
{
    struct state *s = state;
    enum status status = OK;
    int r;

    if (s->shape != ONE_VIDEO || s->failed)
        return OK;
    if (!s->begun) {
        log_say(LOG_WARN, s->path, "it is not written: there was no frame");
        return OK;
    }
    if ((status = encoder_send(&s->encoder, s->path, NULL)) || (status = write_ready(s)))
        return status;
    r = av_write_trailer(s->out);
    avio_flush(s->io);
    if (r < 0 || s->io->error < 0)
        return refuse_writing(s, r);
    s->begun = false;
    return file_commit(&s->file);
}

static void close_sink(void *state)
{
    struct state *s = state;

    sound_close(&s->sound);
    encoder_close(&s->encoder);
    avformat_free_context(s->out);
    s->out = NULL;
    if (s->io)
        av_freep(&s->io->buffer);
    avio_context_free(&s->io);
    if (s->file.to)
        file_abandon(&s->file);
}

const struct stage_kind sink_video = {
    .name = "video",
    .about = "write the annotated video or pictures",
    .state_size = sizeof(struct state),
    .open = open_sink,
    .run = run,
    .finish = finish,
    .close = close_sink,
};
