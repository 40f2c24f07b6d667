/* SPDX-License-Identifier: MIT
 * Uniform local binary patterns of a grey crop (papers.md section 11): the plain features that neurons are held
 * against. */
#ifndef FACETRAIL_TRAIN_LBP_H
#define FACETRAIL_TRAIN_LBP_H

enum { LBP_BINS = 59, LBP_ROWS = 6, LBP_COLUMNS = 5, LBP_SIZE = LBP_BINS * LBP_ROWS * LBP_COLUMNS };

/* 0 .. 57: the patterns with at most two changes around the circle, by value; 58: all others. */
int lbp_bin(unsigned pattern);
/* out [LBP_ROWS * LBP_COLUMNS, LBP_BINS]: a histogram a cell, each summing to 1. grey [h, w]; its border has no
 * patterns. w and h at least 8. */
void lbp_describe(float *out, const float *grey, int w, int h);
/* Chi-square distance of two descriptions: 0 for equal ones. */
float lbp_distance(const float *a, const float *b);

#endif
