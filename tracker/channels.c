/* SPDX-License-Identifier: MIT
 * Maps that need no net: histograms of oriented gradients (Felzenszwalb et al., PAMI 2010, section 6.2: 18 directions,
 * 9 without sign, 4 sums, each cell normalised by its four blocks and cut at 0.2), and shares of colours. */
#include <math.h>
#include <string.h>

#include "tracker/ridge.h"

enum { BINS = GRADIENT_BINS, CELL = CHANNEL_CELL, TABLE = 256 };

void channels_open(struct channels *c, struct arena *arena)
{
    c->turns = arena_alloc(arena, TABLE * TABLE, sizeof(float));
    c->bins = arena_alloc(arena, (CHANNEL_GRID + 2) * (CHANNEL_GRID + 2) * BINS, sizeof(float));
    c->energy = arena_alloc(arena, (CHANNEL_GRID + 2) * (CHANNEL_GRID + 2), sizeof(float));
    for (int i = 0; c->turns && i < TABLE * TABLE; i++) {
        float a = atan2f((float)(i / TABLE - TABLE / 2), (float)(i % TABLE - TABLE / 2)) / 6.2831853f;
        c->turns[i] = (a < 0 ? a + 1 : a) * BINS;
    }
}

/* Square of the gradient at p in the colour where it is largest. */
static int gradient(const uint8_t *p, ptrdiff_t left, ptrdiff_t right, ptrdiff_t up, ptrdiff_t down, int *dx, int *dy)
{
    int most = -1;
    for (int c = 0; c < 3; c++) {
        int x = p[right + c] - p[left + c], y = p[down + c] - p[up + c], square = x * x + y * y;
        if (square > most) {
            most = square;
            *dx = x;
            *dy = y;
        }
    }
    return most;
}

static inline float least(float a, float b) /* fminf is a call */
{
    return a < b ? a : b;
}

/* One pixel's gradient goes to the two nearest directions of the four nearest cells. `bins` has a border of one cell. */
static inline void vote(float *bins, int row, int x, int y, float size, float direction)
{
    int first = (int)direction, second = first + 1;
    float share = direction - (float)first;
    first = first >= BINS ? first - BINS : first;
    second = second >= BINS ? second - BINS : second;
    float right = ((float)((x + CELL / 2) % CELL) + 0.5f) / CELL, below = ((float)((y + CELL / 2) % CELL) + 0.5f) / CELL;
    float *to = bins + ((y + CELL / 2) / CELL * row + (x + CELL / 2) / CELL) * BINS;
    float a = size * (1 - share), b = size * share, weight = (1 - right) * (1 - below);
    to[first] += a * weight;
    to[second] += b * weight;
    weight = right * (1 - below);
    to[BINS + first] += a * weight;
    to[BINS + second] += b * weight;
    to += row * BINS;
    weight = (1 - right) * below;
    to[first] += a * weight;
    to[second] += b * weight;
    weight = right * below;
    to[BINS + first] += a * weight;
    to[BINS + second] += b * weight;
}

static void fill_bins(const struct channels *c, struct image im, int grid)
{
    int side = grid * CELL, cells = grid + 2;
    memset(c->bins, 0, (size_t)(cells * cells * BINS) * sizeof(float));
    for (int y = 0; y < side; y++) {
        const uint8_t *row = im.pixels + (ptrdiff_t)y * im.stride;
        ptrdiff_t up = y > 0 ? -im.stride : 0, down = y < im.h - 1 ? im.stride : 0;
        for (int x = 0; x < side; x++) {
            int dx = 0, dy = 0;
            ptrdiff_t left = x > 0 ? -IMAGE_PIXEL : 0, right = x < im.w - 1 ? IMAGE_PIXEL : 0;
            int square = gradient(row + x * IMAGE_PIXEL, left, right, up, down, &dx, &dy);
            if (square > 0)
                vote(c->bins, cells, x, y, sqrtf((float)square),
                     c->turns[(dy / 2 + TABLE / 2) * TABLE + dx / 2 + TABLE / 2]);
        }
    }
}

/* energy [grid + 2, grid + 2], its border repeats the edge. */
static void fill_energy(const struct channels *c, int grid)
{
    int row = grid + 2;
    for (int y = 0; y < row; y++)
        for (int x = 0; x < row; x++) {
            int u = x < 1 ? 0 : x > grid ? grid - 1 : x - 1, v = y < 1 ? 0 : y > grid ? grid - 1 : y - 1;
            const float *b = c->bins + ((v + 1) * row + u + 1) * BINS;
            float sum = 0;
            for (int k = 0; k < BINS / 2; k++)
                sum += (b[k] + b[k + BINS / 2]) * (b[k] + b[k + BINS / 2]);
            c->energy[y * row + x] = sum;
        }
}

static void put_cell(const float *b, const float *norm, float *out, int plane)
{
    static const float cut = 0.2f, texture = 0.2357f;
    float sums[4] = {0};
    for (int k = 0; k < BINS; k++) {
        float value = 0;
        for (int i = 0; i < 4; i++) {
            float v = least(b[k] * norm[i], cut);
            value += 0.5f * v;
            sums[i] += v;
        }
        out[k * plane] = value;
    }
    for (int k = 0; k < BINS / 2; k++) {
        float value = 0, both = b[k] + b[k + BINS / 2];
        for (int i = 0; i < 4; i++)
            value += 0.5f * least(both * norm[i], cut);
        out[(BINS + k) * plane] = value;
    }
    for (int i = 0; i < 4; i++)
        out[(BINS + BINS / 2 + i) * plane] = texture * sums[i];
}

void channels_gradients(const struct channels *c, float *out, struct image im, int grid)
{
    int row = grid + 2;
    fill_bins(c, im, grid);
    fill_energy(c, grid);
    for (int y = 0; y < grid; y++)
        for (int x = 0; x < grid; x++) {
            float norm[4];
            for (int i = 0; i < 4; i++) {
                const float *e = c->energy + (y + i / 2) * row + x + i % 2;
                norm[i] = 1 / sqrtf(e[0] + e[1] + e[row] + e[row + 1] + 1.0f);
            }
            put_cell(c->bins + ((y + 1) * row + x + 1) * BINS, norm, out + y * grid + x, grid * grid);
        }
}

/* Shares of one pixel: a saturated one goes to its two nearest of six hues, the rest to dark, middle or light. */
static void add_colour(float *shares, const uint8_t *p)
{
    float r = p[IMAGE_R], g = p[IMAGE_G], b = p[IMAGE_B];
    float most = fmaxf(r, fmaxf(g, b)), chroma = most - least(r, least(g, b));
    float pure = chroma / (most + 32), light = most * (2.0f / 255), hue = 0;
    if (chroma > 0)
        hue = most == r ? (g - b) / chroma + 6 : most == g ? (b - r) / chroma + 2 : (r - g) / chroma + 4;
    int first = (int)hue;
    float share = hue - (float)first;
    shares[first % 6] += pure * (1 - share);
    shares[(first + 1) % 6] += pure * share;
    shares[6] += (1 - pure) * fmaxf(0, 1 - light);
    shares[7] += (1 - pure) * (1 - fabsf(1 - light));
    shares[8] += (1 - pure) * fmaxf(0, light - 1);
}

void channels_colours(float *out, struct image im, int grid)
{
    for (int y = 0; y < grid; y++)
        for (int x = 0; x < grid; x++) {
            float shares[COLOUR_MAPS] = {0};
            for (int k = 0; k < 4; k++) { /* every second pixel */
                int u = x * CELL + k % 2 * 2 + 1, v = y * CELL + k / 2 * 2 + 1;
                add_colour(shares, im.pixels + (ptrdiff_t)v * im.stride + u * IMAGE_PIXEL);
            }
            for (int k = 0; k < COLOUR_MAPS; k++)
                out[k * grid * grid + y * grid + x] = shares[k] / 4;
        }
}
