/* SPDX-License-Identifier: MIT
 * Accuracy by group, where the packs' tables tell: men and women, young and old, glasses, how far a face was blown up. */
#ifndef FACETRAIL_TRAIN_VERIFICATION_GROUPS_H
#define FACETRAIL_TRAIN_VERIFICATION_GROUPS_H

#include "train/verification.h"

/* What a table says of a picture. */
struct verification_label {
    bool described;      /* attributes are known */
    uint64_t attributes; /* bit i: the i-th of face_attribute_names */
    float scale;         /* pack pixels a source pixel: above 1 the face was blown up; 0: unknown */
};
/* labels [n_pictures], zeroed before; pictures that are no frames of a pack with such columns stay as they are. */
enum status verification_labels(struct verification_label *labels, const struct verification *v);

struct verification_group {
    const char *name;
    int n[2], wrong[2]; /* different and same pairs; those that the thresholds call wrongly */
};
enum { VERIFICATION_GROUPS = 10 };
/* The pairs of which both faces are in a group, judged by the thresholds of their folds, which are those of all pairs. A
 * missed pair is wrong. Returns how many groups have pairs of both kinds; they come first. */
int verification_by_group(struct verification_group out[VERIFICATION_GROUPS], const struct verification *v,
                          const struct verification_label *labels, const struct verification_score *scores,
                          const struct verification_figures *f);

#endif
