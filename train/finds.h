/* SPDX-License-Identifier: MIT
 * What LNet alone finds in the pictures of scenes packs, for the nets that learn from its finds. */
#ifndef FACETRAIL_TRAIN_FINDS_H
#define FACETRAIL_TRAIN_FINDS_H

#include "base/face.h"
#include "train/scene.h"

struct workers;

enum { FINDS_MOST = 1024 }; /* of a picture */

struct finds_options {
    const char *folder;   /* where the packs lie */
    const char *detector; /* weights of LNet */
    float score;          /* least score of a find */
    float least_height;   /* in pixels of the picture */
    bool closer;          /* see detector_options */
    int held_out;         /* every so many-th picture of a pack that LNet held some of out is not looked at; 0: none */
    struct workers *workers; /* a picture is looked at on each */
};

struct finds;
enum status finds_open(struct finds **out, const struct finds_options *o);
void finds_close(struct finds **f);

/* faces: best first, while the call lasts; the table's faces of `scene` are the true ones. */
typedef enum status (*finds_see)(void *context, const struct scene_table *t, const struct scene *scene,
                                 const struct face *faces, int n);
/* Calls see(context, ...) for each training picture of the pack `name`, in order and in this thread. held_out: LNet did not
 * learn from all of them. */
enum status finds_each(struct finds *f, const char *name, bool held_out, finds_see see, void *context);

#endif
