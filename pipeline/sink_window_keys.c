/* SPDX-License-Identifier: MIT
 * The keys of the window, and the name that is typed for a face. */
#include "pipeline/sink_window.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "pipeline/requests.h"

void window_say(struct window *w, const char *text)
{
    window_text_set(&w->message, w->renderer, text);
    w->message_us = clock_us();
}

static void show_prompt(struct window *w)
{
    char line[WINDOW_LINE];
    snprintf(line, sizeof line, "name of face %d:  %s\u258f    (Enter: enrol, Escape: leave it)", w->asked.track, w->typed);
    window_text_set(&w->prompt, w->renderer, line);
}

/* The face under the pointer: the one whose middle is nearest among those that hold it. */
static const struct face *face_under_pointer(const struct window *w)
{
    int x, y, win_w, win_h, out_w, out_h;
    SDL_GetMouseState(&x, &y);
    SDL_GetWindowSize(w->window, &win_w, &win_h);
    SDL_GetRendererOutputSize(w->renderer, &out_w, &out_h);
    SDL_FRect at = window_picture_place(w);
    if (win_w < 1 || win_h < 1 || at.w < 1 || at.h < 1)
        return NULL;
    float px = ((float)x * (float)out_w / (float)win_w - at.x) * (float)w->picture_w / at.w;
    float py = ((float)y * (float)out_h / (float)win_h - at.y) * (float)w->picture_h / at.h;
    const struct face *best = NULL;
    float least = 0;
    for (int i = 0; i < w->n_faces; i++) {
        struct box b = w->faces[i].box;
        if (px < b.x || py < b.y || px >= b.x + b.w || py >= b.y + b.h)
            continue;
        struct point c = box_centre(b);
        float far = (c.x - px) * (c.x - px) + (c.y - py) * (c.y - py);
        if (!best || far < least) {
            best = &w->faces[i];
            least = far;
        }
    }
    return best;
}

static void begin_typing(struct window *w)
{
    const struct face *f = face_under_pointer(w);
    if (!w->context->requests || !w->context->gallery) {
        window_say(w, "names are off in this run");
        return;
    }
    if (!f) {
        window_say(w, "point at a face, then press e");
        return;
    }
    w->asked = *f;
    w->typed[0] = '\0';
    w->typing = true;
    SDL_StartTextInput();
    show_prompt(w);
}

static void end_typing(struct window *w, bool enroll)
{
    struct request r = {.face = w->asked};
    w->typing = false;
    SDL_StopTextInput();
    if (!enroll || !w->typed[0])
        return;
    snprintf(r.name, sizeof r.name, "%s", w->typed);
    if (!requests_put(w->context->requests, &r))
        window_say(w, "not enrolled: too many others are waiting");
    else if (w->paused)
        window_say(w, "will be enrolled when it goes on");
}

static void type(struct window *w, const char *text)
{
    size_t have = strlen(w->typed), more = strlen(text);
    if (have + more < sizeof w->typed)
        memcpy(w->typed + have, text, more + 1);
    show_prompt(w);
}

/* Takes the last character away, all its bytes. */
static void untype(struct window *w)
{
    size_t n = strlen(w->typed);
    while (n > 0 && ((unsigned char)w->typed[n - 1] & 0xC0) == 0x80)
        n--;
    w->typed[n > 0 ? n - 1 : 0] = '\0';
    show_prompt(w);
}

static void on_key_typing(struct window *w, SDL_Keycode key)
{
    if (key == SDLK_RETURN || key == SDLK_KP_ENTER || key == SDLK_ESCAPE)
        end_typing(w, key != SDLK_ESCAPE);
    else if (key == SDLK_BACKSPACE)
        untype(w);
}

static void on_key(struct window *w, SDL_Keycode key)
{
    switch (key) {
    case SDLK_q:
        w->quit = true;
        break;
    case SDLK_SPACE:
        w->paused = !w->paused;
        w->anchored = false;
        window_say(w, w->paused ? "paused" : "goes on");
        break;
    case SDLK_s:
        w->snapshot = true;
        break;
    case SDLK_f:
        w->full = !w->full;
        SDL_SetWindowFullscreen(w->window, w->full ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
        break;
    case SDLK_ESCAPE:
        if (w->full) {
            w->full = false;
            SDL_SetWindowFullscreen(w->window, 0);
        }
        break;
    case SDLK_e:
        begin_typing(w);
        break;
    case SDLK_h:
        w->options.help = !w->options.help;
        break;
    default:
        break;
    }
}

void window_events(struct window *w, int wait_ms)
{
    SDL_Event e;
    bool drawn = false;
    char line[WINDOW_LINE];
    for (int got = wait_ms > 0 ? SDL_WaitEventTimeout(&e, wait_ms) : SDL_PollEvent(&e); got; got = SDL_PollEvent(&e)) {
        drawn = true;
        if (e.type == SDL_QUIT)
            w->quit = true;
        else if (e.type == SDL_TEXTINPUT && w->typing)
            type(w, e.text.text);
        else if (e.type == SDL_KEYDOWN && w->typing)
            on_key_typing(w, e.key.keysym.sym);
        else if (e.type == SDL_KEYDOWN && !e.key.repeat)
            on_key(w, e.key.keysym.sym);
    }
    if (w->context->requests && requests_answered(w->context->requests, line, sizeof line)) {
        window_say(w, line);
        drawn = true;
    }
    if (drawn)
        window_render(w);
}

