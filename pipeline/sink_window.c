/* SPDX-License-Identifier: MIT
 * The window: shows frame->source as it was drawn on, and obeys a few keys. Runs on the main thread. */
#include "pipeline/sink_window.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "capture/capture.h"
#include "pipeline/command.h"
#include "pipeline/draw_png.h"

enum { WAIT_MS = 15, RENDER_US = 14000, MESSAGE_US = 4000000, STATUS_US = 500000 };

const struct option window_option_table[] = {
    {"width", OPTION_INT, offsetof(struct window_options, width), "0", 0, 16384, NULL,
     "of the window at the start; 0: as the source, as far as the screen allows"},
    {"height", OPTION_INT, offsetof(struct window_options, height), "0", 0, 16384, NULL, "the same"},
    {"full", OPTION_BOOL, offsetof(struct window_options, full), "no", 0, 0, NULL, "start on the full screen"},
    {"pace", OPTION_CHOICE, offsetof(struct window_options, pace), "auto", 0, 0, "auto yes no",
     "show a file at its own speed; auto: unless something is written"},
    {"help", OPTION_BOOL, offsetof(struct window_options, help), "yes", 0, 0, NULL, "the line with the keys and the rate"},
    {0},
};

static enum status refused(const char *what)
{
    return fail(NO_RESOURCE, "window: %s: %s (--no-window does without)", what, SDL_GetError());
}

static void first_size(const struct window *w, int *width, int *height)
{
    SDL_Rect room = {0, 0, 1280, 720};
    SDL_GetDisplayUsableBounds(0, &room);
    double sw = w->options.width > 0 ? w->options.width : w->context->info->width;
    double sh = w->options.height > 0 ? w->options.height : w->context->info->height;
    double fit = SDL_min(1.0, SDL_min(0.95 * room.w / sw, 0.92 * room.h / sh));
    *width = SDL_max(160, (int)(sw * fit));
    *height = SDL_max(120, (int)(sh * fit));
}

static enum status window_open(void *state, const struct run_context *context, const void *options)
{
    struct window *w = state;
    char title[WINDOW_LINE];
    int width, height;
    w->context = context;
    w->options = *(const struct window_options *)options;
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    if (SDL_Init(SDL_INIT_VIDEO) != 0)
        return refused("no display");
    w->started = true;
    first_size(w, &width, &height);
    snprintf(title, sizeof title, "%.200s - facetrail", context->source);
    w->full = w->options.full;
    w->window = SDL_CreateWindow(title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, width, height,
                                 SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI |
                                     (w->full ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0));
    if (!w->window)
        return refused("cannot be opened");
    w->renderer = SDL_CreateRenderer(w->window, -1, 0);
    if (!w->renderer)
        return refused("no renderer");
    SDL_StopTextInput(); /* keys are commands until a name is asked for */
    return OK;
}

SDL_FRect window_picture_place(const struct window *w)
{
    int out_w, out_h;
    SDL_GetRendererOutputSize(w->renderer, &out_w, &out_h);
    if (w->picture_w < 1 || w->picture_h < 1)
        return (SDL_FRect){0, 0, (float)out_w, (float)out_h};
    float fit = SDL_min((float)out_w / (float)w->picture_w, (float)out_h / (float)w->picture_h);
    float width = (float)w->picture_w * fit, height = (float)w->picture_h * fit;
    return (SDL_FRect){((float)out_w - width) / 2, ((float)out_h - height) / 2, width, height};
}

void window_render(struct window *w)
{
    SDL_FRect to = window_picture_place(w);
    int out_w, out_h;
    SDL_GetRendererOutputSize(w->renderer, &out_w, &out_h);
    SDL_SetRenderDrawColor(w->renderer, 0, 0, 0, 255);
    SDL_RenderClear(w->renderer);
    if (w->picture)
        SDL_RenderCopyF(w->renderer, w->picture, NULL, &to);
    int bottom = out_h;
    if (w->options.help)
        bottom = window_text_show(&w->status, w->renderer, bottom);
    if (w->typing)
        bottom = window_text_show(&w->prompt, w->renderer, bottom);
    if (w->message_us && clock_us() - w->message_us < MESSAGE_US)
        window_text_show(&w->message, w->renderer, bottom);
    SDL_RenderPresent(w->renderer);
    w->rendered_us = clock_us();
}

static enum status take_picture(struct window *w, const struct frame *f)
{
    if (!w->picture || w->picture_w != f->source.w || w->picture_h != f->source.h) {
        if (w->picture)
            SDL_DestroyTexture(w->picture);
        w->picture = SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_XRGB8888, SDL_TEXTUREACCESS_STREAMING, f->source.w,
                                       f->source.h);
        if (!w->picture)
            return refused("cannot show a picture of this size");
        w->picture_w = f->source.w;
        w->picture_h = f->source.h;
    }
    SDL_UpdateTexture(w->picture, NULL, f->source.pixels, f->source.stride);
    w->n_faces = 0;
    for (int i = 0; i < f->n_faces && w->n_faces < WINDOW_FACES; i++) {
        if (!face_is_reported(&f->faces[i]))
            continue;
        struct face *face = &w->faces[w->n_faces++];
        *face = f->faces[i];
        face->box = box_scale(face->box, f->to_source);
    }
    return OK;
}

static void save_picture(struct window *w, const struct frame *f)
{
    char path[64], line[WINDOW_LINE];
    unsigned char *png;
    size_t size;
    w->snapshot = false;
    for (int i = 0; i < 1000; i++) {
        snprintf(path, sizeof path, i ? "facetrail-%06lld-%d.png" : "facetrail-%06lld.png", (long long)f->number, i);
        if (!file_exists(path))
            break;
    }
    enum status s = draw_png(&png, &size, f->source);
    if (s == OK)
        s = file_write_bytes(path, png, size);
    memory_free(&png);
    snprintf(line, sizeof line, "%s%s", s ? "not saved: " : "saved ", s ? fail_message() : path);
    window_say(w, line);
}

static void show_status(struct window *w)
{
    char line[WINDOW_LINE];
    int64_t now = clock_us();
    if (w->status_us && now - w->status_us < STATUS_US)
        return;
    if (w->status_us)
        w->rate = w->frames_shown * 1e6 / (double)(now - w->status_us);
    w->status_us = now;
    w->frames_shown = 0;
    snprintf(line, sizeof line, "%.1f frames/s   %d %s   q quit   space pause   s snapshot   f full screen   e enrol   h hide",
             w->rate, w->n_faces, w->n_faces == 1 ? "face" : "faces");
    window_text_set(&w->status, w->renderer, line);
}

/* A file is shown at its own speed; events are handled while waiting. */
static void wait_for_time(struct window *w, const struct frame *f)
{
    bool own_speed = w->options.pace == PACE_YES &&
                     (w->context->info->kind == CAPTURE_FILE || w->context->info->kind == CAPTURE_SYNTHETIC);
    if (!own_speed)
        return;
    if (!w->anchored || f->time_us < w->anchor_time_us) {
        w->anchored = true;
        w->anchor_us = clock_us();
        w->anchor_time_us = f->time_us;
    }
    for (;;) {
        int64_t left = w->anchor_us + (f->time_us - w->anchor_time_us) - clock_us();
        if (left < -1000000) /* far behind: no hurry to catch up */
            w->anchored = false;
        if (left < 1000 || w->quit || w->paused || atomic_load(stop_flag()))
            return;
        window_events(w, (int)(left / 1000 < WAIT_MS ? left / 1000 : WAIT_MS));
    }
}

static enum status window_run(void *state, struct frame *f)
{
    struct window *w = state;
    wait_for_time(w, f);
    enum status s = take_picture(w, f);
    if (s)
        return s;
    w->frames_shown++;
    show_status(w);
    if (clock_us() - w->rendered_us >= RENDER_US || w->options.pace == PACE_YES)
        window_render(w);
    window_events(w, 0);
    bool still = w->context->info->kind == CAPTURE_PICTURES;
    w->paused = w->paused || (still && w->context->info->pictures == 1); /* one picture stays until q */
    while (!w->quit && (w->paused || w->snapshot) && !atomic_load(stop_flag())) {
        if (w->snapshot) {
            save_picture(w, f);
            window_render(w);
        }
        if (w->paused)
            window_events(w, WAIT_MS);
    }
    return w->quit ? END : OK;
}

static enum status window_idle(void *state)
{
    struct window *w = state;
    window_events(w, 0);
    return w->quit ? END : OK;
}

static void window_close(void *state)
{
    struct window *w = state;
    if (!w->started)
        return;
    window_text_free(&w->status);
    window_text_free(&w->prompt);
    window_text_free(&w->message);
    if (w->picture)
        SDL_DestroyTexture(w->picture);
    if (w->renderer)
        SDL_DestroyRenderer(w->renderer);
    if (w->window)
        SDL_DestroyWindow(w->window);
    SDL_Quit();
}

const struct stage_kind sink_window = {
    .name = "window", .about = "shows it", .state_size = sizeof(struct window), .open = window_open, .run = window_run,
    .idle = window_idle, .close = window_close,
};
