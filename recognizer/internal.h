/* SPDX-License-Identifier: MIT
 * Matchers: a code is prepared once into a row of numbers, rows are compared fast. Complete tables, one file each. */
#ifndef FACETRAIL_RECOGNIZER_INTERNAL_H
#define FACETRAIL_RECOGNIZER_INTERNAL_H

#include "base/kernels.h"
#include "base/tensors.h"
#include "recognizer/recognizer.h"

struct matcher_state {
    const struct kernels *kernels;
    int n_code;
    const float *mean, *form, *root; /* Joint Bayesian: mean, A, U; views on the weights file */
    const float *length; /* Joint Bayesian: N; NULL: codes stay as long as they are */
    float power; /* Joint Bayesian: of the codes' magnitudes, the sign kept */
};

struct matcher {
    const char *name, *about;
    int (*row)(int n_code); /* floats a prepared code takes; at most RECOGNIZER_ROW */
    /* BAD_MATCH when the file does not hold what the matcher needs. NULL: it needs nothing. */
    enum status (*load)(struct matcher_state *state, const struct tensors *file, const char *path);
    void (*prepare)(const struct matcher_state *state, const struct face *face, float *row);
    /* Larger: more alike. Any scale: the calibration makes log likelihood ratios of it. */
    float (*compare)(const struct matcher_state *state, const float *a, const float *b);
};
extern const struct matcher matcher_joint_bayes, matcher_cosine, matcher_hamming, matcher_joint_bayes_bits;
/* In the order of enum matcher_number; NULL for others. */
const struct matcher *matcher_at(int number);

/* Stored with the weights as notes NAME.logistic ("factor shift") and NAME.tail (six scores, rarer to the right). */
enum { TAIL = 6 };
struct calibration {
    bool known;
    float factor, shift; /* log likelihood ratio = factor * score + shift */
    float tail[TAIL];    /* log likelihood ratio that a part of 1e-1 .. 1e-6 of the strangers' pairs exceeds */
};
enum status calibration_load(struct calibration *out, const struct tensors *file, const char *path,
                             const char *matcher);
/* The log likelihood ratio that a part `rate` of strangers' pairs exceeds: between the measured ones straight in
 * log(rate), beyond them on the last slope. */
float calibration_threshold(const struct calibration *c, double rate);
/* The other way round: what part of strangers' pairs exceeds this log likelihood ratio. 1e-15 to 1; not calibrated: 1. */
double calibration_rate(const struct calibration *c, float score);

#endif
