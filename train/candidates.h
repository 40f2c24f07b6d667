/* SPDX-License-Identifier: MIT
 * Patches for learning the verdict: what LNet takes for faces in pictures whose faces are known, rightly or not. */
#ifndef FACETRAIL_TRAIN_CANDIDATES_H
#define FACETRAIL_TRAIN_CANDIDATES_H

#include "base/image.h"
#include "base/status.h"

struct workers;

/* A patch shows what the crop of detector/verdict.h shows and a margin for jitter, at the crop's scale. */
enum { CANDIDATE_SIDE = 64 };
struct candidate {
    struct image image;      /* CANDIDATE_SIDE x CANDIDATE_SIDE */
    struct box window, face; /* in its pixels: LNet's, and the true one of the face that it overlaps most */
    bool known, boxed;       /* that the kind is sure; that `face` tells where to draw the edges */
};
enum candidate_kind { CANDIDATE_FACE, CANDIDATE_OTHER, CANDIDATE_KINDS };

struct candidates_options {
    const char *folder;   /* where the packs lie */
    const char *detector; /* weights of LNet */
    float score;          /* LNet's least */
    int most;             /* of each kind in one picture */
    int held_out;         /* every so many-th picture of wider-train is not looked at, as LNet's training has it; 0: none */
};
struct candidates {
    struct candidate *of[CANDIDATE_KINDS];
    size_t room[CANDIDATE_KINDS];
    int n[CANDIDATE_KINDS];
};
/* Zeroed before. Some minutes; a picture is looked at on each worker. */
enum status candidates_open(struct candidates *c, const struct candidates_options *o, struct workers *workers);
void candidates_close(struct candidates *c);

#endif
