/* SPDX-License-Identifier: MIT
 * Histograms of oriented gradients of a grey crop (papers.md section 11): the plain features that ANet is held
 * against, as FaceTracer had. */
#ifndef FACETRAIL_TRAIN_HOG_H
#define FACETRAIL_TRAIN_HOG_H

enum {
    HOG_BINS = 9, HOG_ROWS = 7, HOG_COLUMNS = 6, HOG_BLOCK = 4 * HOG_BINS, /* cells of a crop; a block has 2 x 2 */
    HOG_SIZE = (HOG_ROWS - 1) * (HOG_COLUMNS - 1) * HOG_BLOCK
};

/* out [HOG_ROWS - 1, HOG_COLUMNS - 1, 4, HOG_BINS]: blocks of length 1, or all 0 where nothing changes. grey [h, w], at
 * least 2 * HOG_ROWS. */
void hog_describe(float *out, const float *grey, int w, int h);

#endif
