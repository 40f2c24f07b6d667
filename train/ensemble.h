/* SPDX-License-Identifier: MIT
 * DeepID2's ensemble (papers.md section 3): many nets, each on its patch; parts: sets of them whose codes are joined, cut
 * down to principal components and compared by Joint Bayesian; the scores of some parts are fused by a linear SVM.
 * One file: the SVM is the net, the parts are further arrays, the members' files lie beside it. */
#ifndef FACETRAIL_TRAIN_ENSEMBLE_H
#define FACETRAIL_TRAIN_ENSEMBLE_H

#include <stdint.h>

#include "nets/net.h"
#include "train/member_codes.h"
#include "train/pca.h"
#include "train/variances.h"

enum { ENSEMBLE_PARTS = 96, ENSEMBLE_COMPONENTS = 512, ENSEMBLE_NAME = 64 };
struct ensemble_part {
    char name[ENSEMBLE_NAME]; /* "alone eyes-1.3-rgb.safetensors", "best 4", "selection 2" */
    uint64_t set;             /* bit i: member i; its codes follow in that order */
    bool votes;               /* its score is an input of the SVM, in the order of the parts */
    struct pca pca;
    struct joint_bayes joint; /* of the components; mean, form, cross and length alone when read from a file */
    float middle, width;      /* a score counts as (score - middle) / width */
};
struct ensemble {
    struct members members;
    int n_parts;
    struct ensemble_part *parts; /* [ENSEMBLE_PARTS], owned */
};

enum status ensemble_create(struct ensemble *e);
void ensemble_free(struct ensemble *e);
/* Fits a part to joined codes [n, members.size] of `learnt` people; how far their variances are those of others is chosen on
 * `apart` (variances.h). Components: at most so many. */
enum status ensemble_fit(struct ensemble_part *p, const struct members *m, struct variances_codes learnt,
                         struct variances_codes apart, int components);
/* Forgets the parts that do not vote. */
void ensemble_keep_voting(struct ensemble *e);
/* What a face is compared by: its components x less their mean, brought to the model's length, G x, and x'Ax. */
int ensemble_row(const struct ensemble_part *p);
/* out [n, ensemble_row]: rows of n joined codes of members.size numbers, one every `stride`. */
enum status ensemble_apply(float *out, const struct ensemble_part *p, const struct members *m, const float *joined,
                           size_t stride, size_t n);
/* Joint Bayesian of two faces' rows, on the part's scale. */
float ensemble_score(const struct ensemble_part *p, const float *a, const float *b);

/* What the SVM says of the scores of those parts that vote, in their order: above 0 is one person. */
float ensemble_fuse(struct net *svm, const float *scores, int n);

/* Into the SVM's file at `path`, beside what is there. */
enum status ensemble_write(const struct ensemble *e, const char *path);
/* From net_load's file. BAD_MATCH when it holds no ensemble. */
enum status ensemble_read(struct ensemble *e, const struct tensors *file, const char *path);

#endif
