/* SPDX-License-Identifier: MIT
 * What compose.c and compose_paste.c share. */
#ifndef FACETRAIL_TRAIN_COMPOSE_INTERNAL_H
#define FACETRAIL_TRAIN_COMPOSE_INTERNAL_H

#include "train/compose.h"

enum pack { WIDER, MASKS, TAGS, HELEN, MTFL, CELEBA, CELEBA5, FIW, WEB, NOFACES, VIEWS, N_PACKS };

struct hard { int scene; struct box box; };

struct compose {
    struct compose_options options;
    struct scene_table packs[N_PACKS], held_out;
    struct hard *hard;
    size_t hard_room;
    int n_hard;
};

/* Height of the smallest faces that are asked for, in pixels: some come out lower, and those are ignored. */
float compose_lowest(const struct compose *c);
const struct scene *compose_any(const struct compose *c, enum pack pack, uint64_t *random);
/* The faces of a scene that was drawn with `to_canvas` into `seen`. */
void compose_add_faces(const struct compose *c, struct sample *s, enum pack pack, const struct scene *scene,
                       struct warp to_canvas, struct box seen);

/* Single faces and pictures without any, where no face is yet. */
void compose_paste_some(const struct compose *c, struct sample *s, int n, uint64_t *random);
/* Many small heads of about one size: of real scenes, and single faces. */
void compose_paste_crowd(const struct compose *c, struct sample *s, uint64_t *random);
/* Hides parts of some faces; gives some a hat. */
void compose_cover_some(const struct compose *c, struct sample *s, uint64_t *random);

#endif
