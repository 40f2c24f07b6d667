/* SPDX-License-Identifier: MIT
 * What data.c and data_pixels.c share. */
#ifndef FACETRAIL_TRAIN_DATA_INTERNAL_H
#define FACETRAIL_TRAIN_DATA_INTERNAL_H

#include "base/tensors.h"
#include "train/data.h"

#define DATA_BYTES ((size_t)DATA_W * DATA_H * IMAGE_PIXEL)

struct data {
    char folder[512];
    char packs[DATA_PACKS][64], sets[DATA_SETS][64];
    int n_packs, n_sets;
    struct data_face *faces; /* in order of pack and frame */
    size_t room;
    int n, n_people;
    int *start, *order;      /* faces of person p: order[start[p] .. start[p + 1]) */
    struct data_pair *pairs;
    unsigned char *pixels;   /* n crops; in `owned` or in the mapped cache */
    unsigned char *owned;
    struct tensors *cache;
};

/* Decodes, or maps the cache when it is of the same selection. */
enum status data_read_pixels(struct data *d, const struct data_options *o);

#endif
