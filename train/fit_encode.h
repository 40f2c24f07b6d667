/* SPDX-License-Identifier: MIT
 * Many faces to codes with the net that was learnt, on all cores. */
#ifndef FACETRAIL_TRAIN_FIT_ENCODE_H
#define FACETRAIL_TRAIN_FIT_ENCODE_H

#include "base/workers.h"
#include "train/describe.h"
#include "train/fit.h"

enum { FIT_BATCH = DESCRIBE_BATCH, FIT_ENCODERS = 8 };
struct fit_encoder { /* a net for each worker */
    struct recognizer *recognizers[FIT_ENCODERS];
    int n, n_code;
};

/* A validation person of one face can be a stranger only. */
enum fit_part { FIT_TRAIN, FIT_VAL, FIT_STRANGERS, FIT_PARTS };
bool fit_is_of(const struct data *d, int i, enum fit_part part); /* face i */
/* out: n_code weights and the shift of recognizer/cover.h; about: a line of what was measured. */
enum status fit_cover(float *out, const struct fit_encoder *e, struct workers *w, const struct data *d, char *about,
                      size_t size);

#endif
