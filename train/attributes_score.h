/* SPDX-License-Identifier: MIT
 * Attributes: what a logit means, and how often what is said is right. */
#ifndef FACETRAIL_TRAIN_ATTRIBUTES_SCORE_H
#define FACETRAIL_TRAIN_ATTRIBUTES_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recognizer/attributes.h"
#include "train/data.h"

/* Train people whose faces the nets and classifiers do not learn from, but the meaning of what they say: one in 20. */
bool attributes_apart(const struct data_face *f);

/* What `a` says of n faces of `d`: [n, 40]. */
void attributes_tell(struct attributes *a, const struct data *d, const int *faces, size_t n, float *out);

/* logits [n, 40]; truth: bit i of a sample is attribute i. An attribute that all or none of the samples have keeps its
 * logit as it is. */
enum status attributes_fit(struct attributes_scale scale[FACE_ATTRIBUTES], const float *logits, const uint64_t *truth,
                           size_t n);

/* Plain accuracy says yes above 1/2. Balanced accuracy, the mean over those that have the attribute and those that have
 * not, says yes above `rate`: what maximises either, when the probabilities are right. */
struct attributes_figures {
    size_t n;
    double rate[FACE_ATTRIBUTES], accuracy[FACE_ATTRIBUTES], balanced[FACE_ATTRIBUTES];
    double mean_accuracy, mean_balanced;
};
/* probabilities [n, 40]; balanced accuracy averages the attributes that some but not all samples have. */
void attributes_measure(struct attributes_figures *out, const float *probabilities, const float rates[FACE_ATTRIBUTES],
                        const uint64_t *truth, size_t n);

#endif
