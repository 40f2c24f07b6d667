/* SPDX-License-Identifier: MIT
 * Sound of the source, copied packet by packet into the output, as far as the pictures go. */
#include "pipeline/sink_video_parts.h"

#include <string.h>
#include <sys/stat.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "base/log.h"
#include "capture/capture.h"

/* Sound that starts a little before zero primes the decoder and belongs to it; more than this is cut off. */
enum { PRIMING_US = 200000 };

static bool is_file(const struct run_context *context)
{
    struct stat facts;

    return context->info->kind == CAPTURE_FILE && !stat(context->source, &facts) && S_ISREG(facts.st_mode);
}

static void add_track(struct sound *s, int i, AVFormatContext *out, const char *source)
{
    const AVStream *from = s->from->streams[i];
    AVStream *to;

    if (s->n == SOUND_TRACKS)
        return;
    if (!from->codecpar->codec_id ||
        !avformat_query_codec(out->oformat, from->codecpar->codec_id, FF_COMPLIANCE_NORMAL)) {
        log_say(LOG_WARN, source, "its sound (%s) cannot go into a file of type %s: written without",
                avcodec_get_name(from->codecpar->codec_id), out->oformat->name);
        return;
    }
    to = avformat_new_stream(out, NULL);
    if (!to || avcodec_parameters_copy(to->codecpar, from->codecpar) < 0)
        return;
    to->codecpar->codec_tag = 0;
    to->time_base = from->time_base;
    av_dict_copy(&to->metadata, from->metadata, 0);
    s->track[s->n] = i;
    s->to[s->n] = to->index;
    s->last[s->n++] = INT64_MIN;
}

static void look_at_video(struct sound *s, const struct capture_info *info)
{
    int i = av_find_best_stream(s->from, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    AVRational shape;
    bool turned;

    if (i < 0)
        return;
    shape = av_guess_sample_aspect_ratio(s->from, s->from->streams[i], NULL);
    turned = s->from->streams[i]->codecpar->width == info->height && info->width != info->height;
    s->shape_num = turned ? shape.den : shape.num;
    s->shape_den = turned ? shape.num : shape.den;
    s->has_start = s->from->start_time != AV_NOPTS_VALUE;
    s->start_us = s->has_start ? s->from->start_time : 0;
}

void sound_open(struct sound *s, const struct run_context *context, AVFormatContext *out, bool wanted)
{
    char name[4096];

    s->ended = true;
    if (!is_file(context) || (size_t)snprintf(name, sizeof name, "file:%s", context->source) >= sizeof name)
        return;
    if (avformat_open_input(&s->from, name, NULL, NULL) < 0)
        return;
    s->packet = av_packet_alloc();
    if (!s->packet || avformat_find_stream_info(s->from, NULL) < 0)
        return;
    look_at_video(s, context->info);
    for (unsigned i = 0; i < s->from->nb_streams; i++) {
        s->from->streams[i]->discard = AVDISCARD_ALL;
        if (!wanted || out->oformat->audio_codec == AV_CODEC_ID_NONE ||
            s->from->streams[i]->codecpar->codec_type != AVMEDIA_TYPE_AUDIO)
            continue;
        add_track(s, (int)i, out, context->source);
        if (s->n && s->track[s->n - 1] == (int)i)
            s->from->streams[i]->discard = AVDISCARD_DEFAULT;
    }
    s->ended = s->n == 0;
}

static int track_of(const struct sound *s, int stream)
{
    int i = 0;

    while (i < s->n && s->track[i] != stream)
        i++;
    return i;
}

/* The waiting packet goes out with time counted from the output's zero. */
static int write_packet(struct sound *s, int i, AVFormatContext *out)
{
    const AVRational us = {1, 1000000};
    AVStream *from = s->from->streams[s->track[i]], *to = out->streams[s->to[i]];
    AVPacket *p = s->packet;
    int64_t zero = av_rescale_q(s->start_us, us, from->time_base);

    p->pts = p->pts == AV_NOPTS_VALUE ? p->dts : p->pts;
    p->dts = p->dts == AV_NOPTS_VALUE ? p->pts : p->dts;
    if (p->pts != AV_NOPTS_VALUE) {
        p->pts -= zero;
        p->dts -= zero;
    }
    bool early = p->pts != AV_NOPTS_VALUE && p->pts < 0 &&
                 (!(out->oformat->flags & AVFMT_TS_NEGATIVE) ||
                  av_rescale_q(p->pts, from->time_base, us) < -PRIMING_US);
    if (p->pts == AV_NOPTS_VALUE || early) {
        av_packet_unref(p);
        return 0;
    }
    p->stream_index = s->to[i];
    av_packet_rescale_ts(p, from->time_base, to->time_base);
    if (p->dts <= s->last[i])
        p->dts = s->last[i] + 1;
    if (p->pts < p->dts)
        p->pts = p->dts;
    s->last[i] = p->dts;
    p->pos = -1;
    return av_interleaved_write_frame(out, p);
}

int sound_copy(struct sound *s, AVFormatContext *out, int64_t until_us)
{
    int r = 0, i;

    while (!s->ended && r >= 0) {
        if (!s->waiting && av_read_frame(s->from, s->packet) < 0) {
            s->ended = true;
            break;
        }
        s->waiting = true;
        i = track_of(s, s->packet->stream_index);
        if (i < s->n) {
            int64_t at = s->packet->dts == AV_NOPTS_VALUE ? s->packet->pts : s->packet->dts;
            if (at != AV_NOPTS_VALUE && av_rescale_q(at, s->from->streams[s->track[i]]->time_base,
                                                     (AVRational){1, 1000000}) - s->start_us >= until_us)
                return 0;
            r = write_packet(s, i, out);
        } else {
            av_packet_unref(s->packet);
        }
        s->waiting = false;
    }
    return r < 0 ? r : 0;
}

void sound_close(struct sound *s)
{
    av_packet_free(&s->packet);
    avformat_close_input(&s->from);
}
