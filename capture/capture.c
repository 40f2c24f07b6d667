/* SPDX-License-Identifier: MIT
 * Opens a source by its URL: the table of kinds, the working size, the limits. */
#include "capture/internal.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

const struct option capture_option_table[] = {
    {"width", OPTION_INT, offsetof(struct capture_options, width), "640", 0, 16384, NULL,
     "widest working picture in pixels, never upscaled; 0: as the source"},
    {"height", OPTION_INT, offsetof(struct capture_options, height), "0", 0, 16384, NULL,
     "highest working picture in pixels; 0: no limit"},
    {"picture_width", OPTION_INT, offsetof(struct capture_options, picture_width), "1600", 0, 16384, NULL,
     "widest working picture for still pictures; 0: as the picture"},
    {"timeout", OPTION_FLOAT, offsetof(struct capture_options, timeout), "10", 0.1, 3600, NULL,
     "seconds without data before a camera or network source is opened again"},
    {"max_pixels", OPTION_INT, offsetof(struct capture_options, max_pixels), "100", 1, 1000, NULL,
     "largest picture in millions of pixels; larger ones are refused"},
    {"tcp", OPTION_BOOL, offsetof(struct capture_options, tcp), "yes", 0, 0, NULL,
     "RTSP over TCP, which loses nothing; no: over UDP"},
    {0}};

static const struct source_kind *const kinds[] = {&source_pattern, &source_pictures, &source_media};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

struct capture {
    struct source source;
    const struct source_kind *kind;
    void *state;
    char *url;
    int64_t number;
};

bool source_stopped(const struct source *s)
{
    return s->stop && atomic_load_explicit(s->stop, memory_order_relaxed);
}

enum status source_check_size(const struct source *s, const char *name, int64_t w, int64_t h)
{
    if (w < 1 || h < 1)
        return fail(BAD_DATA, "%s: its picture is %lldx%lld pixels: expected at least 1x1", name, (long long)w,
                    (long long)h);
    if (w * h > (int64_t)s->options.max_pixels * 1000000)
        return fail(BAD_DATA,
                    "%s: its picture is %lldx%lld, %.1f million pixels: expected at most %d million "
                    "(capture.max_pixels)",
                    name, (long long)w, (long long)h, (double)w * (double)h / 1e6, s->options.max_pixels);
    return OK;
}

/* The largest size of the same shape within the limits; 0 is no limit. */
static void working_size(const struct source *s, int w, int h, int *work_w, int *work_h)
{
    int max_w = s->info.kind == CAPTURE_PICTURES ? s->options.picture_width : s->options.width;
    int max_h = s->info.kind == CAPTURE_PICTURES ? 0 : s->options.height;
    double scale = 1;

    if (max_w > 0 && w > max_w)
        scale = (double)max_w / w;
    if (max_h > 0 && h * scale > max_h)
        scale = (double)max_h / h;
    *work_w = (int)(w * scale + 0.5);
    *work_h = (int)(h * scale + 0.5);
    if (*work_w < 1)
        *work_w = 1;
    if (*work_h < 1)
        *work_h = 1;
}

enum status source_fit(const struct source *s, struct frame *frame, int w, int h)
{
    int work_w, work_h;
    enum status status = source_check_size(s, s->url, w, h);

    if (status)
        return status;
    working_size(s, w, h, &work_w, &work_h);
    return frame_fit(frame, w, h, work_w, work_h);
}

void source_shrink(struct frame *frame)
{
    if (frame->image.pixels != frame->source.pixels)
        image_resize(frame->image, frame->source);
}

static void set_options(struct capture_options *out, const struct capture_options *given)
{
    option_defaults(capture_option_table, out);
    if (!given)
        return;
    float timeout = given->timeout > 0 ? given->timeout : out->timeout;
    int max_pixels = given->max_pixels > 0 ? given->max_pixels : out->max_pixels;
    *out = *given;
    out->timeout = timeout;
    out->max_pixels = max_pixels;
}

static enum status open_kind(struct capture *c)
{
    int i = 0;

    while (i + 1 < N_KINDS && !kinds[i]->takes(c->url))
        i++;
    c->state = memory_alloc(1, kinds[i]->state_size);
    if (!c->state)
        return fail(NO_RESOURCE, "%s: no memory to open it", c->url);
    c->kind = kinds[i];
    return c->kind->open(c->state, &c->source);
}

enum status capture_open(struct capture **out, const char *url, const struct capture_options *o,
                         const atomic_bool *stop)
{
    struct capture *c;
    enum status status;

    *out = NULL;
    if (!url || !*url)
        return fail(BAD_USAGE, "an empty name is no input: expected a file, folder, camera or address");
    c = memory_alloc(1, sizeof *c);
    if (!c || !(c->url = memory_text(url))) {
        memory_free(&c);
        return fail(NO_RESOURCE, "%s: no memory to open it", url);
    }
    c->source.url = c->url;
    c->source.stop = stop;
    set_options(&c->source.options, o);
    c->source.info.rate_den = c->source.info.base_num = c->source.info.base_den = 1;
    status = open_kind(c);
    if (status)
        capture_close(&c);
    *out = c;
    return status;
}

const struct capture_info *capture_info(const struct capture *c)
{
    return &c->source.info;
}

enum status capture_read(struct capture *c, struct frame *frame)
{
    enum status status;

    if (source_stopped(&c->source))
        return END;
    frame->n_faces = 0;
    frame->file[0] = '\0';
    frame->duration = 0;
    memset(frame->spent_us, 0, sizeof frame->spent_us);
    status = c->kind->read(c->state, frame);
    if (status)
        return status;
    frame->number = c->number++;
    frame->captured_us = clock_us();
    return OK;
}

void capture_close(struct capture **c)
{
    if (!*c)
        return;
    if ((*c)->kind)
        (*c)->kind->close((*c)->state);
    memory_free(&(*c)->state);
    memory_free(&(*c)->url);
    memory_free(c);
}
