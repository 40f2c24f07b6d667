/* SPDX-License-Identifier: MIT
 * When a single target has left, and where it is looked for. Heat is a tracker's answer in a place, `usual` its running
 * mean at the target; `alone` is the heat's top over its largest value anywhere else in the region. */
#ifndef FACETRAIL_TRACKER_GONE_H
#define FACETRAIL_TRACKER_GONE_H

#include "base/box.h"
#include "base/image.h"

enum { GONE_PLACES = 256 };
struct gone_rules { float lost, alone, found; }; /* the options of fcnt_fast.c */
struct gone {
    int low;   /* frames in a row with too little heat */
    int edge;  /* frames until what happened at the picture's edge is forgotten */
    int place; /* searched next */
    float known[GONE_PLACES]; /* the most heat of each place since the target went */
};

void gone_start(struct gone *g);
/* Once a frame. True: the target is gone, and the caller should look for it; nothing may be learnt. */
bool gone_watch(struct gone *g, const struct gone_rules *r, float heat, float usual, float alone, struct box box,
                struct image im);
/* The target touches the picture's edge or did so lately: what is learnt now may not be the target. */
bool gone_is_leaving(const struct gone *g);
/* It was found. */
void gone_is_back(struct gone *g);

/* Places, row by row, half a region apart (a region sees little at its edge); `side` of a region in pixels. */
int gone_places(struct image im, float side);
struct box gone_place(struct box like, struct image im, float side, int k);
/* The heat that makes sure of a place, when there are `all` of them and `here` is the heat where the box was left. */
float gone_enough(const struct gone *g, const struct gone_rules *r, float usual, float here, int all);
/* Notes the heat of place `place` and says if it may be the target. What looks like it in the first round, when it has
 * just gone, is likely to be there for good: later rounds want more heat at a place than it had before. */
bool gone_is_new(struct gone *g, float heat, int all);

#endif
