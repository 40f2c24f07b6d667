/* SPDX-License-Identifier: MIT
 * What is fitted when a net has been learnt: matchers on the train people, calibration on the validation people. */
#ifndef FACETRAIL_TRAIN_FIT_H
#define FACETRAIL_TRAIN_FIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "train/data.h"

/* Joint Bayesian, papers.md section 10. All matrices are d x d, row by row; one block, memory_free(&j->mean). */
struct joint_bayes {
    int d;
    double *mean;
    double *between, *within; /* S_mu, S_epsilon */
    double *form, *cross;     /* A, G */
    double *root;             /* U: G = -U'U, upper triangular */
    double *length;           /* N: |N x|^2 = x' (S_mu + S_eps)^-1 x, upper triangular */
    int steps;                /* EM steps taken */
    double change;            /* |dS_epsilon| / |S_epsilon| of the last */
};
struct joint_bayes_options {
    int steps;          /* at most; 0: between-class and within-class scatter as they are */
    double tolerance;   /* ends when the change is smaller */
    bool exact;         /* EM with the posterior covariances; no: the paper's, which drops them */
    int most;           /* samples of a person that are used, 0: all */
};
/* codes [n, d], person [n]: any numbers; persons of one sample count for S_mu + S_epsilon only through their mean. */
enum status joint_bayes_fit(struct joint_bayes *out, const float *codes, const int *person, size_t n, int d,
                            const struct joint_bayes_options *o);
/* Variances for people whom the net did not learn from (it made the codes of those it learnt from too much alike), in
 * place; joint_bayes_derive is to follow.
 * shrink: S_eps += within * trace(S_eps) / d * 1. steepen: the eigenvalues of S_mu to this power, their sum as it was. */
void joint_bayes_shrink(struct joint_bayes *j, double within);
enum status joint_bayes_steepen(struct joint_bayes *j, double power);
/* form, cross, root and length from between and within. BAD_DATA: they are no covariances. */
enum status joint_bayes_derive(struct joint_bayes *j);
enum status joint_bayes_copy(struct joint_bayes *out, const struct joint_bayes *j);
/* n codes x [n, d], less their mean, brought to the length that codes have by the model: |N x|^2 = d. length: N; work [n, d]. */
void joint_bayes_bring(float *x, float *work, const float *length, int n, int d);
/* For the fit itself: room for d numbers a code; a little more on a diagonal. */
enum status joint_bayes_make(struct joint_bayes *j, int d);
void joint_bayes_lift(double *a, int d);
/* x'Ax + y'Ay - 2 x'Gy of two codes (the mean is taken off here), in double precision. */
double joint_bayes_score(const struct joint_bayes *j, const float *x, const float *y);
void joint_bayes_free(struct joint_bayes *j);

/* Scores of all pairs of n codes, but no more than `most` of a code with its own person's, so that nobody counts too much. */
struct fit_scores { float *same, *different; size_t n_same, n_different; };
typedef float fit_score(const void *context, size_t i, size_t k);
enum status fit_scores_make(struct fit_scores *s, size_t n, int most); /* room; NO_RESOURCE: to be freed all the same */
void fit_scores_take(struct fit_scores *s, const int *person, size_t n, int most, fit_score *score, const void *context);
void fit_scores_free(struct fit_scores *s);
/* Scores of all pairs of one group into `out`, which has room for n (n - 1) / 2; how many. */
size_t fit_scores_of_groups(float *out, const int *group, size_t n, fit_score *score, const void *context);
/* Sorts `same`; 1 when one of the kinds is empty. */
double fit_equal_error(float *same, size_t n_same, const float *different, size_t n_different);

/* Part of n scores that is no less than the limit; what that part of them exceeds (sorts them; 0 when there are none). */
double fit_share_above(const float *x, size_t n, float limit);
float fit_exceeded(float *scores, size_t n, double rate);

/* From raw scores: logistic regression with equal weight of both kinds (log likelihood ratio = factor * score + shift)
 * and the scores that 1e-1 .. 1e-6 of the impostor pairs exceed, with the part of the same pairs that do. Sorts both arrays. */
enum { FIT_TAIL = 6 };
struct fit_calibration { double factor, shift, eer, tail[FIT_TAIL], taken[FIT_TAIL]; };
enum status fit_calibrate(struct fit_calibration *out, float *same, size_t n_same, float *different, size_t n_different);
/* The tail, and what is taken of the same pairs, from other pairs of strangers. Sorts `different`. */
void fit_tail(struct fit_calibration *c, float *different, size_t n_different, const float *same, size_t n_same);
/* Coded faces to what recognizer r's raw scores mean: from all pairs of the validation people, no more than `most` of a face with
 * its own person's; the tail from the pairs of strangers (each face another person; n = 0: none) that are of one group: thresholds are
 * to hold among people who are alike. */
struct recognizer;
struct face;
struct fit_faces { const struct face *faces; const int *person; size_t n; }; /* person: of strangers, their group */
enum status fit_scores_calibrate(struct fit_calibration *c, const struct recognizer *r, struct fit_faces val,
                                 struct fit_faces strangers, int most);

/* fit_matchers: the finished net lies at `path`: fits Joint Bayesian on the train faces of `d`, calibrates all matchers on its
 * validation faces, and writes both into the file. Validation persons of one face are strangers, their group is what the pack's
 * column `set` says. Can be done again; with bits_alone what belongs to the codes' matchers stays as it is. */
struct recipe;
/* facetrail train RECIPE --fit: only that, for the finished net at train.weights. */
enum status fit_recipe(const struct recipe *r);
enum status fit_matchers(const char *path, const struct data *d, bool bits_alone);
/* The finished ANet lies at `path`: what its logits mean, from n described faces of `d` it did not learn from, goes into
 * the file. Can be done again. */
enum status fit_attributes(const char *path, const struct data *d, const int *faces, size_t n);

#endif
