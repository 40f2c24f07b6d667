/* SPDX-License-Identifier: MIT
 * Text for the window: rendered by draw_panel, shown as a texture. */
#include "pipeline/sink_window_text.h"

#include "base/memory.h"
#include "pipeline/draw.h"

enum { FONT = 15 };

/* How many real pixels a window pixel has, on a high-DPI screen. */
static float density(SDL_Renderer *r)
{
    int out_w, out_h, win_w, win_h;
    SDL_Window *w = SDL_RenderGetWindow(r);
    if (!w || SDL_GetRendererOutputSize(r, &out_w, &out_h) != 0)
        return 1;
    SDL_GetWindowSize(w, &win_w, &win_h);
    return win_w > 0 ? SDL_max(1.0f, (float)out_w / (float)win_w) : 1;
}

void window_text_set(struct window_text *t, SDL_Renderer *r, const char *text)
{
    int out_w, out_h, w, h;
    float font = FONT * density(r);
    window_text_free(t);
    SDL_GetRendererOutputSize(r, &out_w, &out_h);
    draw_panel_size(text, font, out_w, &w, &h);
    uint8_t *pixels = memory_alloc((size_t)w * (size_t)h, IMAGE_PIXEL);
    if (!pixels)
        return; /* a line of text less */
    draw_panel((struct image){pixels, w, h, w * IMAGE_PIXEL}, text, font);
    t->texture = SDL_CreateTexture(r, SDL_PIXELFORMAT_XRGB8888, SDL_TEXTUREACCESS_STATIC, w, h);
    if (t->texture)
        SDL_UpdateTexture(t->texture, NULL, pixels, w * IMAGE_PIXEL);
    memory_free(&pixels);
    t->w = w;
    t->h = h;
}

int window_text_show(const struct window_text *t, SDL_Renderer *r, int bottom)
{
    SDL_FRect to = {0, (float)(bottom - t->h), (float)t->w, (float)t->h};
    if (!t->texture)
        return bottom;
    SDL_SetTextureBlendMode(t->texture, SDL_BLENDMODE_BLEND);
    SDL_SetTextureAlphaMod(t->texture, 215);
    SDL_RenderCopyF(r, t->texture, NULL, &to);
    return bottom - t->h;
}

void window_text_free(struct window_text *t)
{
    if (t->texture)
        SDL_DestroyTexture(t->texture);
    *t = (struct window_text){0};
}
