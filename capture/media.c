/* SPDX-License-Identifier: MIT
 * Frames from files, cameras and streams: damaged packets are skipped and counted, time always grows, and a live
 * source that ends or falls silent is opened again after 1, 2, 4 ... 30 s. */
#include "capture/media_stream.h"

#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "base/clock.h"
#include "base/log.h"

enum { MOST_FAILURES = 100, LONGEST_WAIT_S = 30, PAUSE_US = 2000 };
enum step { GOT, AGAIN, ENDED, FAILED };

static bool takes(const char *url)
{
    (void)url; /* the last of the table: whatever libav opens */
    return true;
}

static enum status open_media(void *state, struct source *s)
{
    struct media *m = state;

    m->source = s;
    return media_connect(m);
}

static void close_media(void *state)
{
    media_disconnect(state);
}

static void count_damage(struct media *m, int error)
{
    char text[128];

    m->source->info.damaged++;
    m->failures++;
    if (clock_us() - m->said_us < 1000000)
        return;
    m->said_us = clock_us();
    log_say(LOG_DEBUG, m->source->url, "damaged packet skipped, %d so far: %s", m->source->info.damaged,
            media_error(error, text, sizeof text));
}

static enum step feed(struct media *m)
{
    int r = av_read_frame(m->format, m->packet);

    if (r == AVERROR(EAGAIN)) { /* a camera without a picture yet */
        if (media_stopped(m) || (m->deadline_us && clock_us() > m->deadline_us))
            return FAILED;
        clock_sleep_us(PAUSE_US);
        return AGAIN;
    }
    if (r == AVERROR_EXIT)
        return FAILED;
    if (r < 0) {
        if (r != AVERROR_EOF)
            count_damage(m, r);
        if (r != AVERROR_EOF && r == AVERROR_INVALIDDATA && m->failures < MOST_FAILURES)
            return AGAIN;
        m->draining = true;
        decoder_send(&m->decoder, NULL);
        return AGAIN;
    }
    if (m->packet->stream_index == m->stream) {
        r = decoder_send(&m->decoder, m->packet);
        if (r < 0 && r != AVERROR(EAGAIN) && r != AVERROR_EOF)
            count_damage(m, r);
    }
    av_packet_unref(m->packet);
    return m->failures < MOST_FAILURES ? AGAIN : FAILED;
}

static enum step next(struct media *m)
{
    enum step step = AGAIN;
    int r;

    media_start_deadline(m);
    while (step == AGAIN) {
        if (media_stopped(m))
            return FAILED;
        r = decoder_receive(&m->decoder);
        if (r >= 0)
            return GOT;
        if (r == AVERROR_EOF || (r == AVERROR(EAGAIN) && m->draining))
            return ENDED;
        if (r != AVERROR(EAGAIN))
            count_damage(m, r);
        if (atomic_load(&m->decoder.refused_w))
            return FAILED;
        if (m->failures >= MOST_FAILURES)
            return m->live ? FAILED : ENDED;
        if (r == AVERROR(EAGAIN))
            step = feed(m);
    }
    return step;
}

/* The time stamp of the received frame, in the time base of capture_info; always more than the last. */
static int64_t stamp(struct media *m)
{
    const AVFrame *f = m->decoder.frame;
    const struct capture_info *info = &m->source->info;
    const AVRational base = {info->base_num, info->base_den};
    const AVRational own = m->format->streams[m->stream]->time_base;
    int64_t pts = f->best_effort_timestamp;

    if (!m->step) {
        m->step = info->rate_num ? av_rescale_q(1, (AVRational){info->rate_den, info->rate_num}, base)
                                 : av_rescale_q(40, (AVRational){1, 1000}, base);
        m->step = m->step > 0 ? m->step : 1;
    }
    if (pts != AV_NOPTS_VALUE)
        pts = av_rescale_q(pts, own, base);
    if (m->again && pts != AV_NOPTS_VALUE) {
        int64_t away = av_rescale_q(clock_us() - m->last_us, (AVRational){1, 1000000}, base);
        m->shift = m->last_pts + (away > m->step ? away : m->step) - pts;
    }
    m->again = false;
    if (pts != AV_NOPTS_VALUE)
        pts += m->shift;
    if (pts == AV_NOPTS_VALUE)
        pts = m->given ? m->last_pts + m->step : 0;
    else if (m->given && pts <= m->last_pts)
        pts = m->last_pts + m->step;
    return pts;
}

static enum status fill(struct media *m, struct frame *frame)
{
    const struct capture_info *info = &m->source->info;
    const AVRational base = {info->base_num, info->base_den};
    int64_t pts = stamp(m);
    enum status status = decoder_convert(&m->decoder, frame);

    if (status)
        return status;
    if (!m->given++)
        m->first_pts = pts;
    m->last_pts = pts;
    m->last_us = clock_us();
    m->failures = m->wait_s = 0;
    frame->pts = pts;
    frame->time_us = av_rescale_q(pts - m->first_pts, base, (AVRational){1, 1000000});
    frame->duration = m->decoder.frame->pkt_duration > 0 ? m->decoder.frame->pkt_duration : 0;
    return OK;
}

/* Waits and opens a live source again, until it works or the program stops. */
static enum status open_again(struct media *m, bool silent)
{
    struct source *s = m->source;

    media_disconnect(m);
    for (;;) {
        int64_t until;
        m->wait_s = m->wait_s ? (2 * m->wait_s < LONGEST_WAIT_S ? 2 * m->wait_s : LONGEST_WAIT_S) : 1;
        log_say(LOG_WARN, s->url, "%s: opening it again in %d s", silent ? "no data" : "it ended", m->wait_s);
        until = clock_us() + (int64_t)m->wait_s * 1000000;
        while (clock_us() < until && !media_stopped(m))
            clock_sleep_us(20000);
        if (media_stopped(m))
            return END;
        m->again = true;
        m->draining = false;
        m->failures = 0;
        if (media_connect(m) == OK) {
            s->info.reopened++;
            return OK;
        }
        media_disconnect(m);
        if (media_stopped(m))
            return END;
        log_say(LOG_DEBUG, NULL, "%s", fail_message());
        silent = true;
    }
}

static enum status end_of_file(const struct media *m)
{
    const struct capture_info *info = &m->source->info;
    const char *url = m->source->url;

    if (!m->given)
        return fail(BAD_DATA, "%s: none of its pictures can be decoded: %d damaged packets", url, info->damaged);
    if (info->damaged)
        log_say(LOG_WARN, url, "%d damaged packets were skipped; %lld frames are good", info->damaged,
                (long long)m->given);
    else if (m->expects && m->given < info->frames)
        log_say(LOG_WARN, url, "it ends after %lld frames where %lld were announced", (long long)m->given,
                (long long)info->frames);
    return END;
}

static enum status read_media(void *state, struct frame *frame)
{
    struct media *m = state;
    enum status status;

    for (;;) {
        enum step step = next(m);
        if (step == GOT)
            return fill(m, frame);
        if (media_stopped(m))
            return END;
        if ((status = decoder_refused(&m->decoder)))
            return status;
        if (!m->live)
            return end_of_file(m);
        if ((status = open_again(m, step == FAILED)))
            return status;
    }
}

const struct source_kind source_media = {
    .name = "media",
    .about = "files, cameras and streams, through FFmpeg",
    .state_size = sizeof(struct media),
    .takes = takes,
    .open = open_media,
    .read = read_media,
    .close = close_media,
};
