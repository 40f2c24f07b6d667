/* SPDX-License-Identifier: MIT
 * Opens what libavformat reads: files, standard input, cameras, network addresses; each way to fail has its message.
 * libav looks at our interrupt callback while it waits, so neither a dead server nor an empty pipe holds the program. */
#include "capture/media_stream.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <threads.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavdevice/avdevice.h>
#include <libavformat/avformat.h>

#include "base/clock.h"
#include "base/log.h"

enum { INPUT_BUFFER = 64 * 1024, POLL_MS = 50, LINE = 256 };

static void say(void *context, int level, const char *format, va_list arguments)
{
    char line[LINE];
    int prefix = 1;

    if (!strncmp(format, "Picture size %ux%u", 18)) {
        va_list sizes;
        va_copy(sizes, arguments);
        int w = (int)va_arg(sizes, unsigned), h = (int)va_arg(sizes, unsigned);
        va_end(sizes);
        decoder_hear(context, w, h);
    }
    if (level > AV_LOG_WARNING || log_get_level() < LOG_DEBUG)
        return;
    av_log_format_line2(context, level, format, arguments, line, sizeof line, &prefix);
    line[strcspn(line, "\n")] = '\0';
    if (*line)
        log_say(LOG_DEBUG, "libav", "%s", line);
}

static void prepare_libav(void)
{
    av_log_set_callback(say);
    avdevice_register_all();
    avformat_network_init();
}

void capture_route_log(void)
{
    static once_flag once = ONCE_FLAG_INIT;

    call_once(&once, prepare_libav);
}

bool media_stopped(const struct media *m)
{
    return source_stopped(m->source);
}

void media_start_deadline(struct media *m)
{
    m->deadline_us = m->live ? clock_us() + (int64_t)(m->source->options.timeout * 1e6f) : 0;
}

static int interrupted(void *opaque)
{
    const struct media *m = opaque;

    return media_stopped(m) || (m->deadline_us && clock_us() > m->deadline_us);
}

static int read_input(void *opaque, uint8_t *to, int size)
{
    struct pollfd in = {STDIN_FILENO, POLLIN, 0};
    ssize_t n;

    for (;;) {
        if (interrupted(opaque))
            return AVERROR_EXIT;
        if (poll(&in, 1, POLL_MS) <= 0)
            continue;
        n = read(STDIN_FILENO, to, (size_t)size);
        if (n > 0)
            return (int)n;
        if (n == 0)
            return AVERROR_EOF;
        if (errno != EINTR && errno != EAGAIN)
            return AVERROR(errno);
    }
}

static int64_t seek_input(void *opaque, int64_t to, int whence)
{
    struct stat facts;
    off_t at;

    (void)opaque;
    if (whence == AVSEEK_SIZE)
        return fstat(STDIN_FILENO, &facts) ? AVERROR(errno) : facts.st_size;
    at = lseek(STDIN_FILENO, to, whence & 3);
    return at < 0 ? AVERROR(errno) : at;
}

static enum status open_input(struct media *m)
{
    bool seekable = lseek(STDIN_FILENO, 0, SEEK_CUR) >= 0;
    unsigned char *buffer = av_malloc(INPUT_BUFFER);

    if (buffer)
        m->input = avio_alloc_context(buffer, INPUT_BUFFER, 0, m, read_input, NULL, seekable ? seek_input : NULL);
    if (!m->input) {
        av_free(buffer);
        return fail(NO_RESOURCE, "standard input: no memory to read it");
    }
    m->format->pb = m->input;
    return OK;
}

static bool is_camera(const char *url)
{
    return !strncmp(url, "/dev/video", 10);
}

static bool is_address(const char *url)
{
    return strstr(url, "://") && strncmp(url, "file:", 5);
}

/* What must be true of a local name before libav is asked. */
static enum status check_file(const char *url)
{
    struct stat facts;

    if (stat(url, &facts))
        return errno == ENOENT
                   ? fail(NO_RESOURCE, "%s: there is no such file: expected a video, a picture, a folder, a camera "
                                       "or an address", url)
                   : fail(NO_RESOURCE, "%s: %s", url, strerror(errno));
    if (S_ISDIR(facts.st_mode))
        return fail(BAD_USAGE, "%s: it is a folder without pictures", url);
    if (S_ISREG(facts.st_mode) && facts.st_size == 0)
        return fail(BAD_DATA, "%s: it is empty (0 bytes): expected a video or a picture", url);
    if (access(url, R_OK))
        return fail(NO_RESOURCE, "%s: it cannot be read: %s", url, strerror(errno));
    return OK;
}

static enum status refuse_open(struct media *m, int error)
{
    const char *url = m->source->url;
    char text[128];

    if (media_stopped(m))
        return END;
    if (error == AVERROR_EXIT || interrupted(m)) /* some protocols hide why they gave up */
        return fail(NO_RESOURCE, "%s: no answer within %g s (capture.timeout)", url,
                    (double)m->source->options.timeout);
    media_error(error, text, sizeof text);
    if (is_camera(url))
        return fail(NO_RESOURCE, "%s: the camera cannot be opened: %s", url, text);
    if (error == AVERROR_INVALIDDATA || error == AVERROR_EOF)
        return fail(BAD_DATA, "%s: it is neither a video nor a picture, or it is damaged from the start: %s",
                    !strcmp(url, "-") ? "standard input" : url, text);
    return fail(NO_RESOURCE, "%s: it cannot be opened: %s", url, text);
}

static enum status open_format(struct media *m)
{
    const char *url = m->source->url;
    const AVInputFormat *kind = NULL;
    AVDictionary *options = NULL;
    char name[4096];
    int r;

    snprintf(name, sizeof name, "%s", url);
    if (!strcmp(url, "-")) {
        name[0] = '\0';
        if (open_input(m))
            return NO_RESOURCE;
    } else if (is_camera(url)) {
        if (access(url, F_OK))
            return fail(NO_RESOURCE, "%s: there is no such camera: %s", url, strerror(errno));
        kind = av_find_input_format("video4linux2");
        m->format->flags |= AVFMT_FLAG_NONBLOCK;
    } else if (!is_address(url)) {
        enum status status = check_file(url);
        if (status)
            return status;
        if (strncmp(url, "file:", 5)) /* else a colon in the name would be taken for a protocol */
            snprintf(name, sizeof name, "file:%s", url);
    } else if (!strncmp(url, "rtsp", 4)) {
        av_dict_set(&options, "rtsp_transport", m->source->options.tcp ? "tcp" : "udp", 0);
        av_dict_set_int(&options, "timeout", (int64_t)(m->source->options.timeout * 2e6f), 0); /* ours comes first */
    }
    r = avformat_open_input(&m->format, name, kind, &options); /* frees the context when it fails */
    av_dict_free(&options);
    return r < 0 ? refuse_open(m, r) : OK;
}

static enum status find_video(struct media *m, const AVCodec **decoder)
{
    const char *url = m->source->url;
    int n_sound = 0, r;

    for (unsigned i = 0; i < m->format->nb_streams; i++) {
        AVStream *s = m->format->streams[i];
        n_sound += s->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
        if (s->disposition & AV_DISPOSITION_ATTACHED_PIC) /* the cover of a piece of music */
            s->codecpar->codec_type = AVMEDIA_TYPE_ATTACHMENT;
    }
    r = av_find_best_stream(m->format, AVMEDIA_TYPE_VIDEO, -1, -1, decoder, 0);
    if (r == AVERROR_DECODER_NOT_FOUND) {
        r = av_find_best_stream(m->format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
        return fail(BAD_DATA, "%s: its video is coded as %s, for which there is no decoder", url,
                    avcodec_get_name(m->format->streams[r]->codecpar->codec_id));
    }
    if (r < 0)
        return fail(BAD_DATA, "%s: there is no video in it: found %u streams, %d of them sound, in a file of type %s",
                    url, m->format->nb_streams, n_sound, m->format->iformat->name);
    m->stream = r;
    for (unsigned i = 0; i < m->format->nb_streams; i++)
        m->format->streams[i]->discard = (int)i == r ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    return OK;
}

/* Before anything is decoded: a size that the container states is refused here. */
static enum status check_stated_sizes(const struct media *m)
{
    for (unsigned i = 0; i < m->format->nb_streams; i++) {
        const AVCodecParameters *p = m->format->streams[i]->codecpar;
        if (p->codec_type == AVMEDIA_TYPE_VIDEO && p->width > 0 && p->height > 0 &&
            source_check_size(m->source, m->source->url, p->width, p->height))
            return BAD_DATA;
    }
    if (!strcmp(m->format->iformat->name, "tty")) /* libav would draw any text as a terminal */
        return fail(BAD_DATA, "%s: it is a text: expected a video or a picture", m->source->url);
    return OK;
}

static bool is_live(const struct media *m)
{
    const AVFormatContext *f = m->format;

    if (is_camera(m->source->url))
        return true;
    return is_address(m->source->url) && f->duration <= 0 && !(f->pb && avio_size(f->pb) > 0);
}

static void fill_info(struct media *m)
{
    const AVStream *s = m->format->streams[m->stream];
    struct capture_info *info = &m->source->info;
    AVRational rate = s->avg_frame_rate.num > 0 ? s->avg_frame_rate : s->r_frame_rate;
    bool swapped = m->decoder.turned >= 5;

    info->kind = m->live ? CAPTURE_LIVE : CAPTURE_FILE;
    info->width = swapped ? s->codecpar->height : s->codecpar->width;
    info->height = swapped ? s->codecpar->width : s->codecpar->height;
    info->rate_num = rate.num > 0 && rate.den > 0 ? rate.num : 0;
    info->rate_den = rate.num > 0 && rate.den > 0 ? rate.den : 1;
    info->base_num = s->time_base.num;
    info->base_den = s->time_base.den;
    info->duration_us = m->format->duration > 0 ? m->format->duration : 0;
    info->frames = s->nb_frames;
    m->expects = s->nb_frames > 0;
    if (!m->expects && info->duration_us && info->rate_num)
        info->frames = av_rescale(info->duration_us, info->rate_num, (int64_t)info->rate_den * 1000000);
    if (m->live)
        info->frames = info->duration_us = 0;
}

static enum status open_stream(struct media *m)
{
    const AVCodec *kind = NULL;
    const AVStream *s;
    const int32_t *matrix;
    enum status status;
    size_t size;
    int r;

    m->live = is_camera(m->source->url) || is_address(m->source->url); /* a deadline until we know better */
    media_start_deadline(m);
    if ((status = open_format(m)) || (status = check_stated_sizes(m)))
        return status;
    media_start_deadline(m);
    r = avformat_find_stream_info(m->format, NULL);
    if (r < 0 || interrupted(m))
        return refuse_open(m, interrupted(m) ? AVERROR_EXIT : r);
    m->live = is_live(m);
    if ((status = check_stated_sizes(m)) || (status = find_video(m, &kind)))
        return status;
    s = m->format->streams[m->stream];
    matrix = (const int32_t *)(const void *)av_stream_get_side_data(s, AV_PKT_DATA_DISPLAYMATRIX, &size);
    m->decoder.turned = matrix && size >= 9 * sizeof *matrix ? orientation_of_matrix(matrix) : 1;
    return decoder_open(&m->decoder, kind, s->codecpar, m->live);
}

enum status media_connect(struct media *m)
{
    enum status status;

    capture_route_log();
    m->decoder.source = m->source;
    m->decoder.name = m->source->url;
    m->format = avformat_alloc_context();
    if (!m->packet)
        m->packet = av_packet_alloc();
    if (!m->format || !m->packet)
        return fail(NO_RESOURCE, "%s: no memory to open it", m->source->url);
    m->format->interrupt_callback = (AVIOInterruptCB){interrupted, m};
    status = open_stream(m);
    if (!status && !m->again)
        fill_info(m);
    return status;
}

void media_disconnect(struct media *m)
{
    decoder_close(&m->decoder);
    avformat_close_input(&m->format);
    if (m->input)
        av_freep(&m->input->buffer);
    avio_context_free(&m->input);
    av_packet_free(&m->packet);
}
