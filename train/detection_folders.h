/* SPDX-License-Identifier: MIT
 * Detection by the folders of a set's pictures (WIDER FACE: its events): one number for all hides where a detector fails. */
#ifndef FACETRAIL_TRAIN_DETECTION_FOLDERS_H
#define FACETRAIL_TRAIN_DETECTION_FOLDERS_H

#include "train/detection_score.h"

enum { DETECTION_FOLDERS = 64 }; /* pictures in further ones are left out */
struct detection_folder { char name[64]; struct detection_score score; };
struct detection_folders {
    float min_size, iou; /* as in detection_score */
    struct detection_folder *of;
    size_t room;
    int n;
};

/* One picture, NAME with the folder it lies in ("0--Parade/1.jpg"; one without counts nowhere); else as detection_add. */
enum status detection_folders_add(struct detection_folders *f, const char *name, const struct found *found, int n_found,
                                  const struct wanted *wanted, int n_wanted);
/* A table on standard output, a row a folder with faces, in the order of the pictures; nothing when there are fewer than two. */
void detection_folders_print(struct detection_folders *f);
void detection_folders_free(struct detection_folders *f);

#endif
