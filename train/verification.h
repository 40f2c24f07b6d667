/* SPDX-License-Identifier: MIT
 * Verification: tables of pairs, the pictures they name, a code for each, and the figures of the scores. */
#ifndef FACETRAIL_TRAIN_VERIFICATION_H
#define FACETRAIL_TRAIN_VERIFICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/face.h"
#include "base/image.h"
#include "base/status.h"

enum { VERIFICATION_PACKS = 16, VERIFICATION_FOLDS = 16, VERIFICATION_PATH = 1024 };

struct verification_picture {
    uint64_t key;
    int pack;   /* index of a pack, -1: a file of its own */
    int frame;  /* of the pack; -1: a name that the pack's table must still tell */
    char *name; /* file, or LFW's NAME_0001 in a pack; owned; NULL when the frame is known */
};
struct verification_pair { int fold, a, b; bool same; }; /* a, b: pictures */

struct verification {
    char packs[VERIFICATION_PACKS][VERIFICATION_PATH]; /* NAME.mkv, with NAME.tsv beside it */
    int n_packs, n_folds;
    struct verification_picture *pictures;
    struct verification_pair *pairs;
    int n_pictures, n_pairs;
    size_t pictures_room, pairs_room;
};

/* `path`: LFW's pairs.txt (ten folds) or pairsDev*.txt (one list, cut into ten folds), whose pictures are
 * IMAGES/NAME/NAME_0001.jpg or rows of the pack IMAGES; or a table `fold same packA frameA packB frameB`, whose packs
 * lie beside it or in the folder IMAGES. images "" : none given. */
enum status verification_read(struct verification *v, const char *path, const char *images);
void verification_free(struct verification *v);

/* Makes a row of `width` numbers of a face with marks in a picture. */
struct verification_coder {
    void *state;
    int width;
    void (*code)(void *state, struct image im, struct face *face, float *row);
};
struct detector;
/* A row for each picture: rows [n_pictures, width], 64-byte aligned, width at least the coder's; missed: no face was
 * found. detector NULL: the marks of the packs' tables are taken. */
struct verification_codes { float *rows; size_t width; bool *missed; int n_missed; };
enum status verification_encode(struct verification_codes *out, const struct verification *v,
                                const struct verification_coder *c, struct detector *d);
void verification_codes_free(struct verification_codes *c);

struct verification_score { float score; int fold; bool same, missed; };
struct verification_fold { double threshold, accuracy; int pairs; };
struct verification_figures {
    struct verification_fold folds[VERIFICATION_FOLDS]; /* threshold chosen on the others */
    double accuracy, se; /* mean over the folds, its standard error; a missed pair is wrong */
    double auc, eer, tar_far2, tar_far3; /* a missed pair is never taken for the same person */
    int missed;          /* pairs */
};
/* n_folds >= 2. BAD_DATA unless there are pairs of both kinds. */
enum status verification_measure(struct verification_figures *out, const struct verification_score *scores, int n,
                                 int n_folds);
/* The ROC as at most `room` points from left to right: part of the different pairs, of the same pairs accepted. */
int verification_roc(double *far, double *tar, int room, const struct verification_score *scores, int n);

#endif
