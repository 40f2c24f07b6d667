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

size_t fit_count(const struct data *d, enum data_split split); /* faces of one split */
/* out: n_code weights and the shift of recognizer/cover.h; about: a line of what was measured. */
enum status fit_cover(float *out, const struct fit_encoder *e, struct workers *w, const struct data *d, char *about,
                      size_t size);

#endif
