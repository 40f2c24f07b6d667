/* SPDX-License-Identifier: MIT
 * Found boxes in a text file, so that other programs' finds stand on the same plot: WIDER FACE's form, a picture's
 * name, a number, so many lines "x y w h score". */
#ifndef FACETRAIL_TRAIN_BOX_LIST_H
#define FACETRAIL_TRAIN_BOX_LIST_H

#include <stdio.h>

#include "train/detection_score.h"

struct box_list {
    struct listed_picture { char *name; int first, n; } *pictures; /* sorted by name */
    struct found *found;                                           /* of each picture the best first */
    size_t pictures_room, found_room;
    int n_pictures, n_found;
};
enum status box_list_read(struct box_list *out, const char *path);
void box_list_free(struct box_list *l);
/* What was found in `picture`, best first; 0: nothing, or the list does not name it. */
int box_list_of(const struct box_list *l, const char *picture, const struct found **out);
void box_list_write(FILE *to, const char *picture, const struct found *found, int n);

#endif
