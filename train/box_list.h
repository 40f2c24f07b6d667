/* SPDX-License-Identifier: MIT
 * Found boxes in a text file (scene_files_found), so that other programs' finds stand on the same plot. */
#ifndef FACETRAIL_TRAIN_BOX_LIST_H
#define FACETRAIL_TRAIN_BOX_LIST_H

#include <stdio.h>

#include "train/detection_score.h"
#include "train/scene.h"

struct box_list {
    struct scene_table table; /* scenes sorted by name */
    struct found *found;      /* number for number the table's faces, but of each picture the best first */
};
enum status box_list_read(struct box_list *out, const char *path);
void box_list_free(struct box_list *l);
/* What was found in `picture`, best first; NULL: the list does not name it. */
const struct found *box_list_of(const struct box_list *l, const char *picture, int *n);
void box_list_write(FILE *to, const char *picture, const struct found *found, int n);

#endif
