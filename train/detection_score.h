/* SPDX-License-Identifier: MIT
 * Found boxes against true boxes over many pictures: average precision, recall at false positives a picture. */
#ifndef FACETRAIL_TRAIN_DETECTION_SCORE_H
#define FACETRAIL_TRAIN_DETECTION_SCORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/box.h"
#include "base/status.h"

/* Heights of faces in pixels: class i is from the i-th to below the next. */
enum { DETECTION_SIZES = 7 };
static const int detection_sizes[DETECTION_SIZES + 1] = { 0, 10, 20, 30, 50, 100, 200, 1000000 };
struct detection { float score; bool hit; int size; }; /* size: class of the true face that was hit */
struct found { struct box box; float score; };
struct wanted { struct box box; bool ignore; };
/* From a found box to a label's: the centre moves by dx widths and dy heights, the sides grow by w and h. */
struct box_style { float dx, dy, w, h; };

struct detection_score {
    float min_size, iou;     /* true faces lower than min_size count neither way */
    bool restyle;            /* pictures are kept until detection_restyle */
    struct detection *all;   /* of all pictures so far */
    size_t room;
    int n, pictures, faces, of_size[DETECTION_SIZES]; /* faces of each class */
    struct detection_kept *kept; /* of restyle */
};
struct detection_curve {
    double ap, recall;            /* of everything that was found */
    double recall_at_fppi;        /* best recall with at most 0.1 false positives a picture */
    double score_at_fppi;         /* the least score there */
};

/* One picture; `found` must come best first. Each true face is taken once, by the best box that overlaps it enough;
 * a found box that fits only an ignored face (or lies in an ignored region by half) counts neither way. */
enum status detection_add(struct detection_score *s, const struct found *found, int n_found,
                          const struct wanted *wanted, int n_wanted);
/* Labels' styles differ (forehead to chin, brow to mouth): moves and scales all found boxes by the medians of what tells
 * them from the true boxes that they overlap by a fifth and more, then counts all pictures. Before detection_sum when
 * `restyle` is set, else it does nothing. */
enum status detection_restyle(struct detection_score *s, struct box_style *style);
/* Sorts, and sums up. */
void detection_sum(struct detection_score *s, struct detection_curve *out);
void detection_free(struct detection_score *s);

#endif
