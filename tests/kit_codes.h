/* SPDX-License-Identifier: MIT
 * Made-up people as codes, for tests and benches of the search: a person is a point, a sample is the point and noise,
 * brought to length 1. With noise 1 two samples of a person have a cosine of 0.5, strangers one of 0. */
#ifndef FACETRAIL_TESTS_KIT_CODES_H
#define FACETRAIL_TESTS_KIT_CODES_H

#include <math.h>

#include "base/face.h"
#include "base/random.h"
#include "base/tensors.h"
#include "nets/models/models.h"
#include "recognizer/recognizer.h"

static inline struct face kit_code(int person, int sample, int n_code, float noise)
{
    struct face f = {.has = FACE_CODED, .n_code = n_code, .quality = 0.5F};
    uint64_t who = 7919 * (uint64_t)person + 1;
    uint64_t which = 104729 * (uint64_t)person + 1299709 * (uint64_t)sample + 2;
    double sum = 0;
    for (int i = 0; i < n_code; i++) {
        f.code[i] = random_normal(&who) + noise * random_normal(&which);
        sum += (double)f.code[i] * (double)f.code[i];
        if (f.code[i] > 0)
            f.bits[i / 64] |= (uint64_t)1 << (i % 64);
    }
    for (int i = 0; i < n_code; i++)
        f.code[i] /= (float)sqrt(sum);
    return f;
}

/* A recognizer of a small net with random weights, written to `path`, whose codes have n_code numbers: scores are
 * cosines, or, calibrated (for 160 numbers, noise 1), 40 times the cosine less 10. */
static inline enum status kit_recognizer(struct recognizer **out, const char *path, int n_code, bool calibrated)
{
    static const struct tensors_note notes[] = {{"cosine.logistic", "40 -10"},
                                                {"cosine.tail", "0.102 0.183 0.242 0.289 0.328 0.362"}};
    struct recognizer_options o = {.weights = path, .matcher = MATCH_COSINE, .false_match_rate = 1e-3F,
                                   .raw = !calibrated};
    struct deepid2_options net;
    struct net *n = NULL;
    option_defaults(model_deepid2.options, &net);
    net.maps = 2;
    net.code = n_code;
    enum status s = net_create(&n, &model_deepid2, &net, 1);
    if (!s)
        s = net_save(n, path, notes, calibrated ? 2 : 0);
    net_free(&n);
    return s ? s : recognizer_open(out, &o);
}

#endif
