/* SPDX-License-Identifier: MIT
 * What single neurons tell (papers.md section 6): how many are active, and how well one of them, with a threshold,
 * tells a class of pictures from all others. The same for bins of histograms. */
#ifndef FACETRAIL_TRAIN_NEURONS_H
#define FACETRAIL_TRAIN_NEURONS_H

#include <stdbool.h>

#include "base/status.h"

struct neurons { const float *at; int n, d; }; /* [n, d]: a row a picture, a column a neuron; a view */

struct neurons_activity {
    double mean;             /* part of all values that are above 0 */
    double neuron_deviation; /* of the part of the pictures on which a neuron is active, over neurons */
    double image_deviation;  /* of the part of the neurons that are active on a picture, over pictures */
};
/* by_neuron [d], by_image [n]: those parts. */
void neurons_activity(struct neurons_activity *out, double *by_neuron, double *by_image, const struct neurons *x);

/* One neuron as a classifier. Accuracies are balanced: the mean of both kinds' right answers, chance is 0.5. */
struct neurons_single {
    int neuron;
    bool excitatory;        /* the class is above the threshold; no: below (inhibitory) */
    float threshold;
    double learnt, tested;  /* on the learning and on the testing pictures; 0.5 when a half lacks a kind */
};

struct neurons_ranking; /* every column in ascending order over the learning pictures */
/* learn [n]: the others are for testing. x and learn must outlive it. */
enum status neurons_rank(struct neurons_ranking **out, const struct neurons *x, const bool *learn);
void neurons_ranking_free(struct neurons_ranking **r);
/* The best threshold and side of each neuron: all [d]. `is` [n]: the picture belongs to the class. */
void neurons_fit(struct neurons_single *all, const struct neurons_ranking *r, const bool *is);
/* The one that does best on the learning pictures. */
struct neurons_single neurons_best(const struct neurons_single *all, int d);

#endif
