/* SPDX-License-Identifier: MIT
 * Patches for learning the second look: around true marks, and around what the detector takes for a face, rightly or
 * not. A patch is the crop of detector/marks.h, larger: MINE_ZOOM pixels a crop pixel and a margin for jitter. */
#ifndef FACETRAIL_TRAIN_MINE_H
#define FACETRAIL_TRAIN_MINE_H

#include "base/face.h"
#include "base/image.h"
#include "base/status.h"

struct workers;

enum { MINE_SIDE = 84 };
#define MINE_ZOOM 1.25f
struct patch {
    struct image image; /* MINE_SIDE x MINE_SIDE */
    bool face, marked;  /* marked: true marks are known */
    struct point marks[FACE_MARKS]; /* in crop coordinates */
};

struct mine_options {
    const char *folder;   /* where the packs lie */
    const char *detector; /* weights of LNet, whose mistakes are wanted */
    int faces_per_pack;   /* single faces of each faces pack */
    int most;             /* mined windows of each scenes pack */
    float score;          /* least score of a window */
    int held_out;         /* every so many-th picture of wider-train is not looked at, as LNet's training has it; 0: none */
};

enum mine_kind { MINE_FACES, MINE_HELEN, MINE_MTFL, MINE_RIGHT, MINE_WRONG, MINE_KINDS };
struct mine {
    struct patch *patches[MINE_KINDS]; /* HELEN: and AFW, in the same style; RIGHT: finds without true marks; WRONG: no faces */
    size_t room[MINE_KINDS];
    int n[MINE_KINDS];
};
/* Zeroed before. Some minutes for all packs; a scene is looked at on each worker. */
enum status mine_open(struct mine *m, const struct mine_options *o, struct workers *workers);
void mine_close(struct mine *m);
/* Crop coordinates -> patch coordinates. */
struct warp mine_warp(void);

#endif
