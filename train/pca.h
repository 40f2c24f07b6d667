/* SPDX-License-Identifier: MIT
 * Principal components of codes: the directions in which they differ most. */
#ifndef FACETRAIL_TRAIN_PCA_H
#define FACETRAIL_TRAIN_PCA_H

#include <stddef.h>

#include "base/status.h"

/* One block, memory_free(&p->mean). */
struct pca {
    int d, k;     /* numbers of a code before and after */
    float *mean;  /* [d] */
    float *rows;  /* [k, d]: of length 1, at right angles, the first says most */
    float *parts; /* [k]: variance along each */
};
/* k at most d is found; codes [n, d], n >= 2. The same codes give the same components. */
enum status pca_fit(struct pca *out, const float *codes, size_t n, int d, int k);
/* out [n, k] = rows (codes - mean). */
enum status pca_apply(const struct pca *p, float *out, const float *codes, size_t n);
void pca_free(struct pca *p);

#endif
