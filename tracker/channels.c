/* SPDX-License-Identifier: MIT
 * Maps that need no net: histograms of oriented gradients (Felzenszwalb et al., PAMI 2010, section 6.2: 18 directions,
 * 9 without sign, 4 sums, each cell normalised by its four blocks and cut at 0.2), and shares of colours. */
#include <math.h>
#include <string.h>

#include "tracker/ridge.h"

enum { BINS = GRADIENT_BINS, CELL = CHANNEL_CELL, TABLE = 256, LONGEST = CHANNEL_GRID * CELL };

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

/* Of a pixel's vote, the part of the farther one of the two cells beside it. */
static inline float share_of(int x)
{
    return ((float)((x + CELL / 2) % CELL) + 0.5f) / CELL;
}

static inline float least(float a, float b) /* fminf is a call */
{
    return a < b ? a : b;
}

/* One pixel's gradient goes to the two nearest directions of the two nearest cells of its row. */
static inline void vote(float *to, float size, float direction, float right)
{
    int first = (int)direction, second = first + 1;
    float share = direction - (float)first;
    first = first >= BINS ? first - BINS : first;
    second = second >= BINS ? second - BINS : second;
    float a = size * (1 - share), b = size * share;
    to[first] += a * (1 - right);
    to[second] += b * (1 - right);
    to[BINS + first] += a * right;
    to[BINS + second] += b * right;
}

/* Gradients of a row of pixels, all channels side by side. */
struct gradients { int16_t x[LONGEST * IMAGE_PIXEL], y[LONGEST * IMAGE_PIXEL]; int32_t square[LONGEST * IMAGE_PIXEL]; };

static void set_gradients(struct gradients *g, struct image im, int y, int side)
{
    const uint8_t *row = im.pixels + (ptrdiff_t)y * im.stride;
    const uint8_t *above = y > 0 ? row - im.stride : row, *below = y < im.h - 1 ? row + im.stride : row;
    const int n = side * IMAGE_PIXEL, end = im.w > side ? n : n - IMAGE_PIXEL;
    for (int i = 0; i < IMAGE_PIXEL; i++) {
        g->x[i] = (int16_t)(row[i + (im.w > 1) * IMAGE_PIXEL] - row[i]);
        g->x[n - IMAGE_PIXEL + i] = (int16_t)(row[n - IMAGE_PIXEL + i] - row[n - 2 * IMAGE_PIXEL + i]);
    }
    for (int i = IMAGE_PIXEL; i < end; i++)
        g->x[i] = (int16_t)(row[i + IMAGE_PIXEL] - row[i - IMAGE_PIXEL]);
    for (int i = 0; i < n; i++)
        g->y[i] = (int16_t)(below[i] - above[i]);
    for (int i = 0; i < n; i++)
        g->square[i] = g->x[i] * g->x[i] + g->y[i] * g->y[i];
}

/* `line` [grid + 2, BINS]: the votes of one row of pixels, each by the colour whose gradient is largest. */
static void fill_line(const struct channels *c, float *line, struct image im, int y, int side)
{
    struct gradients g;
    set_gradients(&g, im, y, side);
    memset(line, 0, (size_t)((side / CELL + 2) * BINS) * sizeof *line);
    for (int x = 0; x < side; x++) {
        const int32_t *s = g.square + x * IMAGE_PIXEL;
        int most = s[1] > s[0], at; /* no branch: it would be guessed wrong every third time */
        most = s[2] > s[most] ? 2 : most;
        at = x * IMAGE_PIXEL + most;
        if (s[most] > 0)
            vote(line + (x + CELL / 2) / CELL * BINS, sqrtf((float)s[most]),
                 c->turns[(g.y[at] / 2 + TABLE / 2) * TABLE + g.x[at] / 2 + TABLE / 2], share_of(x));
    }
}

/* The votes of each row go to the two nearest rows of cells. `bins` has a border of one cell. */
static void fill_bins(const struct channels *c, struct image im, int grid)
{
    float line[(CHANNEL_GRID + 2) * BINS];
    int side = grid * CELL, wide = (grid + 2) * BINS;
    memset(c->bins, 0, (size_t)((grid + 2) * wide) * sizeof(float));
    for (int y = 0; y < side; y++) {
        float *restrict upper = c->bins + (y + CELL / 2) / CELL * wide, *restrict lower = upper + wide, below = share_of(y);
        fill_line(c, line, im, y, side);
        for (int i = 0; i < wide; i++) {
            upper[i] += line[i] * (1 - below);
            lower[i] += line[i] * below;
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
