/* SPDX-License-Identifier: MIT
 * Pictures' found and true boxes, kept until it is known how the two styles of boxes differ. */
#ifndef FACETRAIL_TRAIN_DETECTION_STYLE_H
#define FACETRAIL_TRAIN_DETECTION_STYLE_H

#include "base/face.h"
#include "train/detection_score.h"

struct detection_picture {
    struct found *found;
    struct wanted *wanted;
    int n_found, n_wanted;
};
/* *kept NULL: it is begun. */
enum status detection_keep(struct detection_kept **kept, const struct found *found, int n_found, const struct wanted *wanted,
                           int n_wanted);
/* Medians over the true boxes that are not ignored and their best found boxes (overlap 0.2 and more); none: no change. */
enum status detection_kept_style(const struct detection_kept *kept, struct box_style *style);
/* Picture i with its found boxes in that style; NULL: there is none. Each picture once: its boxes are changed. */
const struct detection_picture *detection_kept_at(struct detection_kept *kept, int i, struct box_style style);
/* From brows to lips, as the labels of MIT+CMU go, by the face's marks; a face without them keeps its box. */
struct box detection_inner(const struct face *f);
void detection_kept_free(struct detection_kept **kept);

#endif
