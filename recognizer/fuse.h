/* SPDX-License-Identifier: MIT
 * Several samples of one person to one score: the mean of the best two, weighted by the samples' quality. At the same
 * rate of strangers that names more of the validation people than the best sample alone, the mean of all, or the best
 * two without weights. */
#ifndef FACETRAIL_RECOGNIZER_FUSE_H
#define FACETRAIL_RECOGNIZER_FUSE_H

#include <math.h>

struct fused { float score[2], weight[2]; }; /* the best first */
static const struct fused fused_none = {{-INFINITY, -INFINITY}, {0, 0}};

static inline void fuse(struct fused *f, float score, float quality)
{
    float weight = quality > 0.05F ? quality : 0.05F; /* a poor sample still says something */
    if (score > f->score[0]) {
        f->score[1] = f->score[0];
        f->weight[1] = f->weight[0];
        f->score[0] = score;
        f->weight[0] = weight;
    } else if (score > f->score[1]) {
        f->score[1] = score;
        f->weight[1] = weight;
    }
}

static inline float fused_score(const struct fused *f)
{
    if (!isfinite(f->score[1]))
        return f->score[0];
    return (f->weight[0] * f->score[0] + f->weight[1] * f->score[1]) / (f->weight[0] + f->weight[1]);
}

#endif
