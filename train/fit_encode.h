/* SPDX-License-Identifier: MIT
 * Many faces to codes with the net that was learnt, on all cores. */
#ifndef FACETRAIL_TRAIN_FIT_ENCODE_H
#define FACETRAIL_TRAIN_FIT_ENCODE_H

#include "base/workers.h"
#include "recognizer/recognizer.h"
#include "train/fit.h"

enum { FIT_BATCH = 32, FIT_ENCODERS = 8 };
struct fit_encoder { /* a net for each worker */
    struct recognizer *recognizers[FIT_ENCODERS];
    int n, n_code;
};

/* Finished nets' recognizers, matcher as enum in recognizer.h, scores raw. */
enum status fit_open_recognizer(struct recognizer **out, const char *path, int matcher);
/* out: n_code weights and the shift of recognizer/cover.h; about: a line of what was measured. */
enum status fit_cover(float *out, const struct fit_encoder *e, struct workers *w, const struct data *d, char *about,
                      size_t size);

#endif
