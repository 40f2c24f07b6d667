/* SPDX-License-Identifier: MIT
 * Single neurons against single LBP bins, over many classes: persons, or attributes. */
#ifndef FACETRAIL_TRAIN_NEURONS_CLASSES_H
#define FACETRAIL_TRAIN_NEURONS_CLASSES_H

#include "train/neurons.h"

enum { CLASSES_POINTS = 101 };
#define CLASSES_TELLS 0.6 /* tested accuracy from which a neuron counts as one that tells */

struct class_result {
    int label, n;                      /* what it is, how many pictures it has */
    struct neurons_single code, lbp;   /* the best of the learning half */
    int excitatory, inhibitory;        /* neurons that tell, by side */
};
struct classes {
    struct class_result *results;
    int n;
    double code, lbp;                  /* mean of the tested accuracies of the best */
    double excitatory, inhibitory;     /* mean counts */
    /* Tested accuracies of all neurons (0) and all bins (1), from best to worst, mean over classes; x is the part. */
    double curve[2][CLASSES_POINTS];
    double *sides[2];                  /* tested accuracies of all neurons of all classes: inhibitory, excitatory */
    int n_sides[2];
};

/* code and lbp: the same pictures in the same order. label [n]: the class of each picture when classes are persons;
 * else bits, of which bit c says that it has attribute c. n_classes labels are tried: those in `which`. */
struct classes_of { const unsigned long long *bits; const int *label; const int *which; int n_classes; };
enum status classes_measure(struct classes *out, const struct neurons *code, const struct neurons *lbp, const bool *learn,
                            const struct classes_of *of);
void classes_free(struct classes *c);

#endif
