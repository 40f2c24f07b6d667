/* SPDX-License-Identifier: MIT
 * Inside of the window: what sink_window.c (pictures) and sink_window_keys.c (keys) share. */
#ifndef FACETRAIL_PIPELINE_SINK_WINDOW_H
#define FACETRAIL_PIPELINE_SINK_WINDOW_H

#include <SDL.h>

#include "pipeline/sink_window_text.h"
#include "pipeline/sinks.h"

enum { WINDOW_FACES = 256, WINDOW_LINE = 512 };

struct window {
    const struct run_context *context;
    struct window_options options;
    bool started; /* SDL is */
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *picture;
    int picture_w, picture_h;
    struct window_text status, prompt, message;
    bool paused, quit, typing, snapshot, full;
    char typed[FACE_NAME];
    struct face asked;        /* the face that is being named */
    int n_faces;
    struct face faces[WINDOW_FACES]; /* of the frame that is shown, in source pixels */
    int64_t message_us, status_us, rendered_us;
    int64_t anchor_us, anchor_time_us; /* our clock and the source's, for the pace */
    bool anchored;
    int frames_shown;
    double rate;
};

/* Where the picture is in the window, in the renderer's pixels: letterboxed. */
SDL_FRect window_picture_place(const struct window *w);
void window_render(struct window *w);
/* Shows a message for a few seconds. */
void window_say(struct window *w, const char *text);
/* Handles what has happened, waiting at most `wait_ms` for the first event. */
void window_events(struct window *w, int wait_ms);

#endif
