/* SPDX-License-Identifier: MIT
 * Training pictures for the localizer, made up without end: crops and zooms of scenes, with other scenes and single
 * faces pasted in, turned, covered, lit, blurred. */
#ifndef FACETRAIL_TRAIN_COMPOSE_H
#define FACETRAIL_TRAIN_COMPOSE_H

#include "train/scene.h"

enum { SAMPLE_FACES = 512 };

struct sample { /* one training picture */
    struct image canvas, spare; /* both size x size */
    int n;
    struct scene_face faces[SAMPLE_FACES]; /* canvas pixels */
};

struct compose_options {
    const char *folder;     /* where the packs lie */
    int size;               /* side of a canvas */
    int faces_per_pack;     /* single faces kept of each faces pack */
    int held_out;           /* every so many-th picture of wider-train is not trained on, but scored; 0: none */
    float smallest;         /* faces lower than this many pixels are ignored */
    float grey, turn;       /* part of canvases without colour; standard deviation of pasted faces' turn in degrees */
    float real;             /* part of canvases that begin with a real scene with faces */
    float views;            /* part of the pasted faces that are heads seen from any side (train/compose_views.h) */
    float small;            /* part of those scenes whose face in question is small, whatever it was */
    float crowd;            /* part of the canvases that are filled with small faces */
    float hats;             /* part of the faces that get a hat */
    float tilt;             /* standard deviation of those scenes' turn in degrees */
    float hard;             /* part of those that show a place of compose_hard_add, once there are any */
};

struct compose;
enum status compose_open(struct compose **out, const struct compose_options *o);
void compose_close(struct compose **c);
/* Scenes of wider-train in memory that compose_draw never uses. */
const struct scene_table *compose_held_out(const struct compose *c);
/* Scenes of wider-train that compose_draw uses. */
const struct scene_table *compose_learnt(const struct compose *c);
/* Places in those scenes that the net gets wrong: a face that it misses, something else that it takes for a face. */
void compose_hard_clear(struct compose *c);
enum status compose_hard_add(struct compose *c, int scene, struct box box);
int compose_scenes(const struct compose *c); /* how many real scenes with faces there are */

enum status sample_create(struct sample *s, int size);
void sample_free(struct sample *s);
/* Any number of threads, each with its own sample and random state. */
void compose_draw(const struct compose *c, struct sample *s, uint64_t *random);

#endif
