/* SPDX-License-Identifier: MIT
 * The wall is a shade that changes from row to row: what differs from it between the first and the last such pixel of a
 * row is head. Boxes follow from how KDEF frames: eyes and mouth lie at the same heights in all views, and of a face from
 * the side the tip of the nose is the foremost. */
#include "train/compose_views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { WALL = 45, ALPHA = 3 }; /* a pixel that differs more than that, summed over colours, is no wall */
/* Pixels of the pack's 96 x 130: forehead to chin, rows that the nose lies in. */
enum { TOP = 36, HIGH = 69, NOSE_FROM = 56, NOSE_TO = 86 };

enum view { FRONT, HALF_LEFT, LEFT, HALF_RIGHT, RIGHT, OTHER };

/* AF01AFHL-afraid: the letters after the person and the expression. */
static enum view view_of(const char *name)
{
    static const char *const codes[] = { "S", "HL", "FL", "HR", "FR" };
    const size_t start = strlen("AF01AF");
    const char *dash = strchr(name, '-');
    for (int i = 0; dash && i < OTHER && strlen(name) > start; i++) {
        const size_t n = (size_t) (dash - name) - start;
        if (n == strlen(codes[i]) && !strncmp(name + start, codes[i], n)) {
            return (enum view) i;
        }
    }
    return OTHER;
}

static int apart(const uint8_t *p, const int *wall)
{
    return abs(p[0] - wall[0]) + abs(p[1] - wall[1]) + abs(p[2] - wall[2]);
}

/* The first column from `x` on, going by `step`, where two pixels running are no wall; the last one's neighbour: none. */
static int edge(const uint8_t *row, int x, int step, int w, const int *wall)
{
    for (; x + step >= 0 && x + step < w; x += step) {
        if (apart(row + x * IMAGE_PIXEL, wall) > WALL && apart(row + (x + step) * IMAGE_PIXEL, wall) > WALL) {
            break;
        }
    }
    return x;
}

/* Fills the fourth bytes; returns the column of the foremost pixel in the rows of the nose. */
static int cut_out(struct image im, bool to_right)
{
    int nose = to_right ? 0 : im.w - 1;
    for (int y = 0; y < im.h; y++) {
        uint8_t *row = im.pixels + (ptrdiff_t) y * im.stride;
        const uint8_t *beside = row + (to_right ? im.w - 4 : 1) * IMAGE_PIXEL; /* before the face */
        int wall[3];
        for (int k = 0; k < 3; k++) {
            wall[k] = (beside[k] + beside[k + IMAGE_PIXEL] + beside[k + 2 * IMAGE_PIXEL]) / 3;
        }
        const int left = edge(row, 0, 1, im.w, wall);
        const int right = edge(row, im.w - 1, -1, im.w, wall);
        for (int x = 0; x < im.w; x++) {
            const bool rim = x == left || x == right;
            row[x * IMAGE_PIXEL + ALPHA] = x < left || x > right ? 0 : rim ? 128 : 255;
        }
        const bool counts = y >= NOSE_FROM && y < NOSE_TO && left < right;
        nose = counts && to_right && right > nose ? right : counts && !to_right && left < nose ? left : nose;
    }
    return nose;
}

static struct box box_of(enum view view, int nose)
{
    static const float wide[] = { [FRONT] = 0.76f, [HALF_LEFT] = 0.80f, [LEFT] = 0.74f, [HALF_RIGHT] = 0.80f, [RIGHT] = 0.74f };
    struct box b = { 0, TOP, wide[view] * HIGH, HIGH };
    b.x = view == FRONT                            ? 48 - b.w / 2
          : view == LEFT || view == HALF_LEFT ? (float) nose
                                                   : (float) nose + 1 - b.w;
    return b;
}

enum status compose_views_open(struct scene_table *out, const char *folder, int step)
{
    char tsv[1024];
    char mkv[1024];
    snprintf(tsv, sizeof tsv, "%s/multiview-kdef.tsv", folder);
    snprintf(mkv, sizeof mkv, "%s/multiview-kdef.mkv", folder);
    enum status s = scene_table_open(out, tsv, NULL);
    if (s) {
        return s;
    }
    scene_table_thin(out, 0, step, false);
    s = scene_load(out, mkv);
    for (int i = 0; i < out->n_scenes && !s; i++) {
        struct scene *scene = &out->scenes[i];
        const enum view view = view_of(scene->name);
        if (view == OTHER || strstr(scene->name, "black")) {
            continue; /* no face: never drawn */
        }
        const int nose = cut_out(scene->picture, view == RIGHT || view == HALF_RIGHT);
        s = memory_grow(&out->faces, &out->faces_room, (size_t) out->n_faces + 1, sizeof *out->faces);
        if (!s) {
            scene->first = out->n_faces;
            scene->n = 1;
            out->faces[out->n_faces++] = (struct scene_face){ .box = box_of(view, nose), .guessed = true };
        }
    }
    if (s) {
        scene_table_close(out);
    }
    return s;
}
