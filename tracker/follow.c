/* SPDX-License-Identifier: MIT
 * Is the target still there, by its pixels: normalised correlation of a small grey patch around the
 * predicted place. */
#include <math.h>

#include "tracker/internal.h"

static const float scales[] = {0.94f, 1.06f};

static inline int clamp(int v, int most)
{
    return v < 0 ? 0 : v > most ? most : v;
}

/* The field [side, side] of luma means, one cell `step_x` by `step_y` pixels, centre at (cx, cy).
 * Cells are averaged over up to 3x3 pixels; outside the picture its edge goes on. */
static void sample(float *out, int side, struct image im, float cx, float cy, float step_x,
                   float step_y)
{
    int kx = step_x < 1.5f ? 1 : step_x < 3 ? 2 : 3, ky = step_y < 1.5f ? 1 : step_y < 3 ? 2 : 3;
    int columns[FOLLOW_FIELD * 3];
    float left = cx - 0.5f * (float)side * step_x, top = cy - 0.5f * (float)side * step_y;
    for (int i = 0; i < side * kx; i++)
        columns[i] = clamp((int)floorf(left + ((float)i + 0.5f) * step_x / (float)kx), im.w - 1);
    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++)
            out[y * side + x] = 0;
        for (int j = 0; j < ky; j++) {
            float at = top + ((float)(y * ky + j) + 0.5f) * step_y / (float)ky;
            const uint8_t *row =
                im.pixels + (size_t)clamp((int)floorf(at), im.h - 1) * (size_t)im.stride;
            for (int i = 0; i < side * kx; i++) {
                const uint8_t *p = row + (size_t)columns[i] * IMAGE_PIXEL;
                out[y * side + i / kx] +=
                    (float)(p[IMAGE_R] * 77 + p[IMAGE_G] * 150 + p[IMAGE_B] * 29);
            }
        }
    }
}

/* Mean 0, length 1; false when there is nothing to see (a flat patch). */
static bool normalise(float *patch)
{
    enum { N = FOLLOW_SIDE * FOLLOW_SIDE };
    float sum = 0, squares = 0;
    for (int i = 0; i < N; i++)
        sum += patch[i];
    for (int i = 0; i < N; i++) {
        patch[i] -= sum / N;
        squares += patch[i] * patch[i];
    }
    float length = sqrtf(squares);
    if (!(length > 1e-3f * N))
        return false;
    for (int i = 0; i < N; i++)
        patch[i] /= length;
    return true;
}

static bool usable(struct image im, struct box box)
{
    return im.pixels && im.w > 0 && im.h > 0 && box_is_finite(box) && box.w >= 1 && box.h >= 1 &&
           box_intersection(box, (struct box){0, 0, (float)im.w, (float)im.h}) >
               0.4f * box_area(box);
}

static bool look(float *patch, struct image im, struct box box)
{
    struct point c = box_centre(box);
    sample(patch, FOLLOW_SIDE, im, c.x, c.y, box.w / FOLLOW_SIDE, box.h / FOLLOW_SIDE);
    return normalise(patch);
}

void follow_learn(struct follow *f, struct image im, struct box box, float share)
{
    float patch[FOLLOW_SIDE * FOLLOW_SIDE];
    if (!usable(im, box) || !look(patch, im, box))
        return;
    if (!f->known)
        share = 1;
    for (int i = 0; i < FOLLOW_SIDE * FOLLOW_SIDE; i++)
        f->patch[i] += share * (patch[i] - f->patch[i]);
    f->known = share >= 1 || normalise(f->patch);
}

float follow_compare(const struct follow *f, struct image im, struct box box)
{
    float patch[FOLLOW_SIDE * FOLLOW_SIDE], sum = 0;
    if (!f->known || !usable(im, box) || !look(patch, im, box))
        return 0;
    for (int i = 0; i < FOLLOW_SIDE * FOLLOW_SIDE; i++)
        sum += patch[i] * f->patch[i];
    return sum;
}

/* Correlation of the patch with the field's window at (x, y). The patch has mean 0, so the window's
 * mean drops out. Sums run down the columns, so that a compiler may take many columns at once. */
static float correlate(const float *patch, const float *field, int x, int y)
{
    float sums[FOLLOW_SIDE] = {0}, totals[FOLLOW_SIDE] = {0}, squares[FOLLOW_SIDE] = {0};
    for (int j = 0; j < FOLLOW_SIDE; j++) {
        const float *row = field + (y + j) * FOLLOW_FIELD + x, *p = patch + j * FOLLOW_SIDE;
        for (int i = 0; i < FOLLOW_SIDE; i++) {
            sums[i] += p[i] * row[i];
            totals[i] += row[i];
            squares[i] += row[i] * row[i];
        }
    }
    float sum = 0, total = 0, square = 0;
    for (int i = 0; i < FOLLOW_SIDE; i++) {
        sum += sums[i];
        total += totals[i];
        square += squares[i];
    }
    float spread = square - total * total / (FOLLOW_SIDE * FOLLOW_SIDE);
    return spread > 1 ? sum / sqrtf(spread) : 0;
}

/* The correlations of one search; places that were not looked at yet hold `unknown`. */
enum { MAP = 2 * FOLLOW_REACH + 1 };
struct search {
    const float *patch, *field;
    float map[MAP * MAP];
};
static const float unknown = -9;

static float look_at(struct search *s, int x, int y)
{
    if (x < 0 || y < 0 || x >= MAP || y >= MAP)
        return unknown;
    float *at = &s->map[y * MAP + x];
    if (*at == unknown)
        *at = correlate(s->patch, s->field, x, y);
    return *at;
}

/* The best place: every second one first, then the best one's neighbours uphill. */
static int find_top(struct search *s)
{
    static const float small_pull =
        0.004f; /* a far place must be a little better than a near one */
    int best = FOLLOW_REACH * MAP + FOLLOW_REACH;
    float top = unknown;
    for (int i = 0; i < MAP * MAP; i++)
        s->map[i] = unknown;
    for (int y = 0; y < MAP; y += 2) {
        for (int x = 0; x < MAP; x += 2) {
            float far = hypotf((float)(x - FOLLOW_REACH), (float)(y - FOLLOW_REACH));
            float value = look_at(s, x, y) - small_pull * far;
            if (value > top) {
                top = value;
                best = y * MAP + x;
            }
        }
    }
    for (int from = -1; from != best;) {
        from = best;
        for (int k = 0; k < 9; k++) {
            int x = from % MAP + k % 3 - 1, y = from / MAP + k / 3 - 1;
            if (look_at(s, x, y) > s->map[best])
                best = y * MAP + x;
        }
    }
    return best;
}

/* Where between three samples the top of their parabola lies: -0.5 to 0.5. */
static float between(float before, float at, float after)
{
    float bend = before - 2 * at + after;
    return bend < -1e-6f ? fmaxf(-0.5f, fminf(0.5f, 0.5f * (before - after) / bend)) : 0;
}

float follow_size(const struct follow *f, struct image im, struct box *box)
{
    struct box from = *box;
    float likeness = follow_compare(f, im, from);
    for (int i = 0; i < 2; i++) {
        struct box other = {from.x + from.w * (1 - scales[i]) / 2,
                            from.y + from.h * (1 - scales[i]) / 2, from.w * scales[i],
                            from.h * scales[i]};
        float l = follow_compare(f, im, other);
        if (l > likeness + 0.005f) {
            likeness = l;
            *box = other;
        }
    }
    return likeness;
}

float follow_search(const struct follow *f, struct image im, struct box *box)
{
    float field[FOLLOW_FIELD * FOLLOW_FIELD];
    struct search s = {.patch = f->patch, .field = field};
    if (!f->known || !usable(im, *box))
        return 0;
    struct point c = box_centre(*box);
    float step_x = box->w / FOLLOW_SIDE, step_y = box->h / FOLLOW_SIDE;
    sample(field, FOLLOW_FIELD, im, c.x, c.y, step_x, step_y);
    int best = find_top(&s), x = best % MAP, y = best / MAP;
    const float *top = &s.map[best];
    float dx = (float)(x - FOLLOW_REACH), dy = (float)(y - FOLLOW_REACH);
    if (x > 0 && x < MAP - 1)
        dx += between(top[-1], top[0], top[1]);
    if (y > 0 && y < MAP - 1)
        dy += between(top[-MAP], top[0], top[MAP]);
    struct box moved = {box->x + dx * step_x, box->y + dy * step_y, box->w, box->h};
    *box = moved;
    return fmaxf(*top, follow_size(f, im, box));
}
