/* SPDX-License-Identifier: MIT
 * Lines of text in the window: laid out when they change, then a texture. */
#ifndef FACETRAIL_PIPELINE_SINK_WINDOW_TEXT_H
#define FACETRAIL_PIPELINE_SINK_WINDOW_TEXT_H

#include <SDL.h>

struct window_text { SDL_Texture *texture; int w, h; };
void window_text_set(struct window_text *t, SDL_Renderer *r, const char *text);
/* At the left, its lower edge at `bottom`; returns its upper edge. */
int window_text_show(const struct window_text *t, SDL_Renderer *r, int bottom);
void window_text_free(struct window_text *t);

#endif
