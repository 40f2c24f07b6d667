/* SPDX-License-Identifier: MIT
 * Other programs' lists of boxes measured beside our detector, and everybody's curves. */
#ifndef FACETRAIL_TRAIN_DETECTION_PEERS_H
#define FACETRAIL_TRAIN_DETECTION_PEERS_H

#include "train/box_list.h"
#include "train/detection_score.h"

enum { DETECTION_PEERS = 7 };
struct detection_peers {
    int n;
    struct detection_peer { char name[64]; struct box_list list; struct detection_score score; int named; } all[DETECTION_PEERS];
};
/* `lists`: "NAME=FILE,NAME=FILE" or ""; measured as `like` is. */
enum status detection_peers_open(struct detection_peers *p, const char *lists, const struct detection_score *like);
enum status detection_peers_add(struct detection_peers *p, const char *picture, const struct wanted *wanted, int n);
enum status detection_peers_restyle(struct detection_peers *p); /* each in its own way */
/* Sums them up; a line of key=value figures each. */
void detection_peers_print(struct detection_peers *p);
/* Ours and theirs, summed up before: precision against recall as `path`, recall against false boxes a picture beside it. */
enum status detection_peers_plot(const struct detection_peers *p, const struct detection_score *ours, const char *path);
void detection_peers_close(struct detection_peers *p);

#endif
