/* SPDX-License-Identifier: MIT
 * Each attribute's logit to a log likelihood ratio (logistic regression, train/fit_calibration.c), and accuracies. */
#include "train/attributes_score.h"

#include <string.h>

#include "base/memory.h"
#include "train/fit.h"

enum { TOGETHER = 16, APART = 20 };

bool attributes_apart(const struct data_face *f)
{
    return f->split == DATA_TRAIN && f->person % APART == 0;
}

void attributes_tell(struct attributes *a, const struct data *d, const int *faces, size_t n, float *out)
{
    struct recognizer_crop crops[TOGETHER];
    struct face told[TOGETHER];
    memset(told, 0, sizeof told);
    for (size_t done = 0; done < n; done += TOGETHER) {
        size_t now = n - done < TOGETHER ? n - done : TOGETHER;
        for (size_t i = 0; i < now; i++)
            crops[i] = (struct recognizer_crop){ data_image(d, faces[done + i]), data_warp() };
        attributes_describe_crops(a, crops, told, (int)now);
        for (size_t i = 0; i < now; i++)
            memcpy(out + (done + i) * FACE_ATTRIBUTES, told[i].attributes, sizeof told[i].attributes);
    }
}

static bool has(uint64_t truth, int attribute)
{
    return truth >> attribute & 1;
}

enum status attributes_fit(struct attributes_scale scale[FACE_ATTRIBUTES], const float *logits, const uint64_t *truth,
                           size_t n)
{
    float *with = memory_alloc(n + 1, sizeof *with);
    float *without = memory_alloc(n + 1, sizeof *without);
    enum status s = with && without ? OK : fail(NO_RESOURCE, "attributes: no memory for %zu samples", n);
    for (int k = 0; k < FACE_ATTRIBUTES && !s; k++) {
        struct fit_calibration c = { .factor = 1 };
        size_t n_with = 0, n_without = 0;
        for (size_t i = 0; i < n; i++) {
            float x = logits[i * FACE_ATTRIBUTES + (size_t)k];
            if (has(truth[i], k))
                with[n_with++] = x;
            else
                without[n_without++] = x;
        }
        if (n_with > 1 && n_without > 1)
            s = fit_calibrate(&c, with, n_with, without, n_without);
        scale[k] = (struct attributes_scale){ (float)c.factor, (float)c.shift,
                                              n ? ((float)n_with + 1) / ((float)n + 2) : 0.5F };
    }
    memory_free(&with);
    memory_free(&without);
    return s;
}

void attributes_measure(struct attributes_figures *out, const float *probabilities, const float rates[FACE_ATTRIBUTES],
                        const uint64_t *truth, size_t n)
{
    int both_sides = 0;
    memset(out, 0, sizeof *out);
    out->n = n;
    for (int k = 0; k < FACE_ATTRIBUTES && n; k++) {
        size_t right = 0, sides[2] = { 0, 0 }, fair[2] = { 0, 0 };
        for (size_t i = 0; i < n; i++) {
            float p = probabilities[i * FACE_ATTRIBUTES + (size_t)k];
            bool is = has(truth[i], k);
            sides[is]++;
            right += (p > 0.5F) == is;
            fair[is] += (p > rates[k]) == is;
        }
        out->rate[k] = (double)sides[1] / (double)n;
        out->accuracy[k] = (double)right / (double)n;
        out->mean_accuracy += out->accuracy[k] / FACE_ATTRIBUTES;
        if (!sides[0] || !sides[1])
            continue;
        out->balanced[k] = 0.5 * ((double)fair[0] / (double)sides[0] + (double)fair[1] / (double)sides[1]);
        out->mean_balanced += out->balanced[k];
        both_sides++;
    }
    out->mean_balanced /= both_sides ? both_sides : 1;
}
