/* SPDX-License-Identifier: MIT
 * What `eval neurons` looks at: held-out faces, the codes of a net at every depth it has, uniform LBP of the same
 * crops, whole or covered. */
#ifndef FACETRAIL_TRAIN_NEURONS_STUDY_H
#define FACETRAIL_TRAIN_NEURONS_STUDY_H

#include "nets/net.h"
#include "recognizer/patch.h"
#include "train/data.h"
#include "train/lbp.h"
#include "train/neurons.h"
#include "train/pairs.h"

enum { STUDY_LAYERS = 4, STUDY_LEVELS = 8 };

/* Black: the lowest `band` of the crop; a square with `block` of the crop's width as its side, anywhere. */
struct cover { float band, block; };

struct study_layer { const char *name, *title; int layer, size; }; /* "code", "FC-4" */

struct study {
    struct data *data;
    struct net *net;
    struct net_run *run;
    struct patch patch; /* what of the crops the net sees */
    int face;
    struct study_layer layers[STUDY_LAYERS]; /* the code first, then FC-3, FC-2, FC-1 when the file holds branches */
    int n_layers;
    int *faces, n_faces; /* numbers of the val faces */
    float *codes[STUDY_LAYERS], *lbp; /* of those faces: [n_faces, size], [n_faces, LBP_SIZE] */
};

/* pack: FILE.mkv, or several of one folder with commas between. cache: see data_options. weights: "" for the shipped. */
enum status study_open(struct study *s, const char *pack, const char *cache, const char *weights);
void study_close(struct study *s);
/* Covers a crop [3, CROP_H, CROP_W]; the place of a block follows from the seed. */
void study_cover(float *crop, const struct cover *c, uint64_t seed);
/* codes [layer] and lbp, any of them NULL: of faces[i] at row i. */
void study_describe(struct study *s, const int *faces, int n, const struct cover *c, float *const *codes, float *lbp);

/* Accuracy on the pairs under one cover: of the code at each depth by cosine, then of LBP by cosine and by chi-square. */
enum { STUDY_LBP_COSINE = STUDY_LAYERS, STUDY_LBP_CHI, STUDY_WAYS };
enum status study_verify(double accuracy[STUDY_WAYS], struct study *s, const struct data_pair *pairs, int n,
                         const struct cover *c);

#endif
