/* SPDX-License-Identifier: MIT
 * Whole pictures and where their faces are: scenes packs (NAME.mkv with NAME.tsv beside it). */
#ifndef FACETRAIL_TRAIN_SCENE_H
#define FACETRAIL_TRAIN_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/face.h"
#include "base/image.h"
#include "base/status.h"

struct scene_face {
    struct box box;                 /* no box given: made from the marks, `guessed` */
    struct point marks[FACE_MARKS]; /* valid when marked */
    uint64_t tags;                  /* bit i: CelebA's i-th attribute; valid when tagged */
    bool marked, tagged, guessed;
    float score;                    /* of a found box (scene_files_found) */
    bool ignore;                    /* a face without a good label: counts neither way */
};

struct scene {
    int frame; /* row of the pack */
    char *name;
    struct image picture; /* top left w x h of the frame; pixels NULL unless loaded */
    int first, n;         /* its faces */
};

struct scene_table {
    struct scene *scenes;
    struct scene_face *faces;
    size_t scenes_room, faces_room;
    int n_scenes, n_faces;
};

/* Of the five marks: the middle of eyes and mouth, and the way from the eyes' middle down to the mouth's. */
struct scene_axis { struct point middle, down; };
struct scene_axis scene_axis_of_marks(const struct point *m);
/* A face's box, WIDER FACE style (forehead to chin, ear to ear), from its five marks. */
struct box scene_box_of_marks(const struct point *marks);
/* The pack's table, rows of `split` (NULL: all). Also a faces pack's table: a row is one face, 128 x 128. */
enum status scene_table_open(struct scene_table *out, const char *tsv, const char *split);
void scene_table_close(struct scene_table *t);
/* Keeps every `step`-th row from `start`, or (others) all but those. Call before loading. */
void scene_table_thin(struct scene_table *t, int start, int step, bool others);
/* Every `every`-th scene is held out, the same ones wherever this is asked: keeps these, or else the others. */
void scene_table_hold_out(struct scene_table *t, int every, bool held);

/* Calls see(context, scene) for each row in order, with its picture, which lives during the call only. */
typedef enum status (*scene_see)(void *context, struct scene *scene);
enum status scene_each(struct scene_table *t, const char *mkv, scene_see see, void *context);
/* Keeps all pictures in memory. */
enum status scene_load(struct scene_table *t, const char *mkv);

#endif
