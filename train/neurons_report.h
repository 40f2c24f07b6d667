/* SPDX-License-Identifier: MIT
 * The results of `eval neurons`, printed and drawn. */
#ifndef FACETRAIL_TRAIN_NEURONS_REPORT_H
#define FACETRAIL_TRAIN_NEURONS_REPORT_H

#include "train/neurons_classes.h"
#include "train/neurons_study.h"

struct neurons_report {
    struct neurons_activity activity[STUDY_LAYERS];
    double *by_neuron, *by_image; /* of the code */
    struct classes persons, attributes;
    int n_described, n_pairs;     /* faces with attributes; pairs of the table that lie in the pack */
    double bands[STUDY_LEVELS][STUDY_WAYS], blocks[STUDY_LEVELS][STUDY_WAYS]; /* level i covers i / 10 */
};

void neurons_print(const struct neurons_report *r, const struct study *s);
/* FILE.png: activity; FILE-single.png, FILE-sides.png, FILE-bands.png, FILE-blocks.png. */
enum status neurons_draw(const struct neurons_report *r, const struct study *s, const char *path);

#endif
