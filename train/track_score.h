/* SPDX-License-Identifier: MIT
 * How good tracks are against the truth: identity and CLEAR figures. */
#ifndef FACETRAIL_TRAIN_TRACK_SCORE_H
#define FACETRAIL_TRAIN_TRACK_SCORE_H

#include <stddef.h>

#include "base/box.h"
#include "base/status.h"

struct track_row { int frame, id; struct box box; };
struct track_rows { struct track_row *rows; size_t n, room; };
/* MOTChallenge text: frame,id,x,y,w,h[,score...]; sorted by frame and id. With `truth`, rows whose seventh field is 0
 * are left out (MOTChallenge: not to be counted). The same id twice in a frame is BAD_DATA. */
enum status track_rows_read(struct track_rows *out, const char *path, bool truth);
void track_rows_free(struct track_rows *r);

struct track_score {
    double idf1, mota;
    int switches, fragments;
    long truth, found, hits, misses, false_boxes; /* boxes */
    long identity_hits;                           /* boxes under the best one-to-one pairing of ids */
    int truth_ids, found_ids;
};
/* Boxes agree from `iou` on. IDF1: Ristani et al. 2016; MOTA, switches, fragments: Bernardin and Stiefelhagen 2008. */
enum status track_score(struct track_score *out, const struct track_rows *truth, const struct track_rows *found,
                        float iou);

#endif
