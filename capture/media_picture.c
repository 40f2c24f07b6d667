/* SPDX-License-Identifier: MIT
 * Still pictures, one or a list of them: the whole file goes to its decoder as one packet, so that the format is told
 * by its content and not by its name. */
#include "capture/media.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"

enum { LARGEST_MB = 1024, PROBED = 1 << 16, RATE = 25, PATH_ROOM = 4096 };

struct pictures {
    struct source *source;
    struct decoder decoder;
    struct picture_list list; /* empty for a single picture */
    size_t next;
    const struct AVCodec *kind; /* of the open decoder */
    bool ready;                 /* the picture `next` is decoded already */
    int64_t given;
    char path[PATH_ROOM];
};

/* What the first bytes say, for pictures with a strange name. */
static bool starts_as_picture(const char *url)
{
    unsigned char head[12] = {0};
    FILE *from;
    struct stat facts;
    size_t n;

    if (stat(url, &facts) || !S_ISREG(facts.st_mode) || !(from = fopen(url, "rb")))
        return false;
    n = fread(head, 1, sizeof head, from);
    fclose(from);
    return n == sizeof head && (!memcmp(head, "\x89PNG\r\n\x1a\n", 8) || !memcmp(head, "\xff\xd8\xff\xe1", 4) ||
                                (!memcmp(head, "RIFF", 4) && !memcmp(head + 8, "WEBP", 4)));
}

static bool takes(const char *url)
{
    return pictures_is_list(url) || (!strstr(url, "://") && (pictures_has_ending(url) || starts_as_picture(url)));
}

/* "P6 640 480 255": libavformat knows netpbm's formats only with a line end behind the number. */
static const AVCodec *find_netpbm(struct mapping file)
{
    static const enum AVCodecID kinds[] = {AV_CODEC_ID_PBM, AV_CODEC_ID_PGM, AV_CODEC_ID_PPM};
    const unsigned char *head = file.at;
    bool is = file.size > 8 && head[0] == 'P' && head[1] >= '1' && head[1] <= '6' && (head[2] == ' ' || head[2] == '\t');
    return is ? avcodec_find_decoder(kinds[(head[1] - '1') % 3]) : NULL;
}

/* libavformat tells the format by its content and calls it "png_pipe"; the decoder has nearly the same name. */
static const AVCodec *find_decoder(const char *path, struct mapping file)
{
    static const char *const other[][2] = {{"jpeg", "mjpeg"}, {"j2k", "jpeg2000"}, {"jpegxl", "libjxl"}};
    unsigned char head[PROBED + AVPROBE_PADDING_SIZE];
    AVProbeData probe = {.filename = "", .buf = head};
    const AVInputFormat *format;
    const char *dot = strrchr(path, '.');
    char name[32];
    size_t n;

    probe.buf_size = file.size < PROBED ? (int)file.size : PROBED;
    memcpy(head, file.at, (size_t)probe.buf_size);
    memset(head + probe.buf_size, 0, AVPROBE_PADDING_SIZE);
    format = av_probe_input_format(&probe, 1);
    n = format ? strcspn(format->name, "_") : 0;
    if (!format || strcmp(format->name + n, "_pipe"))
        return dot && !strcasecmp(dot, ".tga") ? avcodec_find_decoder(AV_CODEC_ID_TARGA)
               : format && !strcmp(format->name, "gif") ? avcodec_find_decoder(AV_CODEC_ID_GIF)
                                                         : find_netpbm(file);
    snprintf(name, sizeof name, "%.*s", (int)n, format->name);
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        if (!strcmp(name, other[i][0]))
            snprintf(name, sizeof name, "%s", other[i][1]);
    return avcodec_find_decoder_by_name(name);
}

static enum status use_decoder(struct pictures *p, const AVCodec *kind)
{
    if (!kind)
        return fail(BAD_DATA, "%s: it is not a picture: expected JPEG, PNG, WebP, BMP, TIFF or PNM", p->path);
    if (p->decoder.codec && p->kind == kind) {
        decoder_flush(&p->decoder);
        return OK;
    }
    decoder_close(&p->decoder);
    p->kind = kind;
    return decoder_open(&p->decoder, kind, NULL, false);
}

static enum status decode_packet(struct pictures *p, const AVPacket *packet)
{
    char text[128];
    enum status status;
    int r = decoder_send(&p->decoder, packet);

    if (r >= 0) {
        decoder_send(&p->decoder, NULL);
        r = decoder_receive(&p->decoder);
    }
    if (r >= 0)
        return OK;
    status = decoder_refused(&p->decoder);
    atomic_store(&p->decoder.refused_w, 0);
    return status ? status
                  : fail(BAD_DATA, "%s: the picture is damaged: %s", p->path,
                         r == AVERROR_EOF ? "nothing in it can be decoded" : media_error(r, text, sizeof text));
}

static enum status decode_mapped(struct pictures *p, struct mapping file)
{
    AVPacket *packet;
    enum status status;

    if (!file.size)
        return fail(BAD_DATA, "%s: it is empty (0 bytes): expected a picture", p->path);
    if (file.size > (size_t)LARGEST_MB << 20)
        return fail(BAD_DATA, "%s: it has %zu MB: expected a picture of at most %d MB", p->path, file.size >> 20,
                    LARGEST_MB);
    status = use_decoder(p, find_decoder(p->path, file));
    if (status)
        return status;
    packet = av_packet_alloc();
    if (!packet || av_new_packet(packet, (int)file.size)) {
        av_packet_free(&packet);
        return fail(NO_RESOURCE, "%s: no memory to read it", p->path);
    }
    memcpy(packet->data, file.at, file.size);
    packet->flags |= AV_PKT_FLAG_KEY;
    status = decode_packet(p, packet);
    av_packet_free(&packet);
    return status;
}

/* Decodes picture `next` of the list into decoder.frame. */
static enum status decode(struct pictures *p)
{
    struct mapping file = {0};
    struct stat facts;
    enum status status;

    if (p->list.n)
        snprintf(p->path, sizeof p->path, "%s%s", p->list.folder, p->list.names[p->next]);
    if (stat(p->path, &facts))
        return fail(NO_RESOURCE, "%s: %s: expected a picture", p->path,
                    errno == ENOENT ? "there is no such file" : strerror(errno));
    status = file_map(&file, p->path);
    if (!status)
        status = decode_mapped(p, file);
    file_unmap(&file);
    return status;
}

/* Goes to the next picture that can be decoded; of a list, bad ones are skipped and counted. */
static enum status advance(struct pictures *p)
{
    size_t n = p->list.n ? p->list.n : 1;
    enum status status = END;

    for (; p->next < n; p->next++) {
        if (source_stopped(p->source))
            return END;
        status = decode(p);
        if (!status || !p->list.n)
            break;
        p->source->info.damaged++;
        log_say(LOG_WARN, NULL, "%s", fail_message());
        status = END;
    }
    p->ready = !status;
    return status;
}

static enum status open_pictures(void *state, struct source *s)
{
    struct pictures *p = state;
    struct capture_info *info = &s->info;
    enum status status;

    p->source = p->decoder.source = s;
    p->decoder.name = p->path;
    if ((size_t)snprintf(p->path, sizeof p->path, "%s", s->url) >= sizeof p->path)
        return fail(BAD_USAGE, "%s: the name is longer than %d bytes", s->url, PATH_ROOM);
    if (pictures_is_list(s->url) && (status = pictures_find(&p->list, s->url)))
        return status;
    capture_route_log();
    info->kind = CAPTURE_PICTURES;
    status = advance(p);
    if (status == END && p->list.n && !source_stopped(s))
        return fail(BAD_DATA, "%s: none of its %zu pictures can be read", s->url, p->list.n);
    if (status)
        return status;
    decoder_size(&p->decoder, &info->width, &info->height);
    info->pictures = p->list.n ? (int)p->list.n : 1;
    info->frames = info->pictures;
    info->rate_num = info->base_den = RATE;
    info->rate_den = info->base_num = 1;
    return OK;
}

static enum status read_picture(void *state, struct frame *frame)
{
    struct pictures *p = state;
    enum status status;

    if (!p->ready && (status = advance(p)))
        return status;
    status = decoder_convert(&p->decoder, frame);
    if (status)
        return status;
    snprintf(frame->file, sizeof frame->file, "%s", p->list.n ? p->list.names[p->next] : "");
    frame->pts = p->given;
    frame->time_us = p->given * (1000000 / RATE);
    frame->duration = 1;
    p->given++;
    p->next++;
    p->ready = false;
    return OK;
}

static void close_pictures(void *state)
{
    struct pictures *p = state;

    decoder_close(&p->decoder);
    pictures_forget(&p->list);
}

const struct source_kind source_pictures = {
    .name = "pictures",
    .about = "still pictures, folders and patterns of them",
    .state_size = sizeof(struct pictures),
    .takes = takes,
    .open = open_pictures,
    .read = read_picture,
    .close = close_pictures,
};
