/* SPDX-License-Identifier: MIT
 * How far to trust a code: size, sharpness and turn of the face, each 0 to 1, multiplied. What covers it is read from the
 * code (cover.c). */
#include <math.h>

#include "recognizer/embed.h"

static float ramp(float x, float zero, float one)
{
    float y = (x - zero) / (one - zero);
    return y < 0 ? 0 : y > 1 ? 1 : y;
}

static float luma(const float *planes, int i)
{
    enum { PLANE = CROP_W * CROP_H };
    return 0.299F * planes[i] + 0.587F * planes[PLANE + i] + 0.114F * planes[2 * PLANE + i];
}

/* Variance of the Laplacian over variance: what part of the contrast is detail, whatever the light. */
static float detail(const float *planes)
{
    float grey[CROP_W * CROP_H];
    double sum = 0;
    double square = 0;
    double edges = 0;
    for (int i = 0; i < CROP_W * CROP_H; i++) {
        grey[i] = luma(planes, i);
        sum += (double)grey[i];
        square += (double)grey[i] * (double)grey[i];
    }
    for (int y = 1; y < CROP_H - 1; y++)
        for (int x = 1; x < CROP_W - 1; x++) {
            const float *p = grey + y * CROP_W + x;
            double l = (double)(4 * p[0] - p[-1] - p[1] - p[-CROP_W] - p[CROP_W]);
            edges += l * l;
        }
    double n = CROP_W * CROP_H;
    double variance = square / n - (sum / n) * (sum / n);
    return (float)(edges / ((CROP_W - 2) * (CROP_H - 2)) / (variance + 1e-4));
}

/* How far the nose is off the middle of eyes and mouth, in eye distances: 0 ahead, about 0.6 in profile. */
static float turn(const struct point *marks)
{
    float middle = (marks[0].x + marks[1].x + marks[3].x + marks[4].x) / 4;
    return fabsf(marks[2].x - middle) / (align_canonical[1].x - align_canonical[0].x);
}

/* The ends of the ramps: on the face packs the sharpness of 5, 25, 50 % of the faces lies below 0.06, 0.11, 0.17; the turn of
 * 50, 75, 97 % below 0.09, 0.17, 0.37. */
float embed_quality(float factors[FACE_QUALITIES], const float *planes, float pixels, const struct point *marks)
{
    factors[FACE_SIZE] = 0.05F + 0.95F * ramp(pixels, 0.25F, 1.1F);
    factors[FACE_SHARPNESS] = 0.1F + 0.9F * ramp(logf(detail(planes) + 1e-6F), logf(0.015F), logf(0.15F));
    factors[FACE_AHEAD] = marks ? 0.1F + 0.9F * ramp(turn(marks), 0.5F, 0.08F) : 1;
    factors[FACE_CLEAR] = 1;
    float q = 1;
    for (int i = 0; i < FACE_QUALITIES; i++) {
        if (!isfinite(factors[i]))
            factors[i] = 0;
        q *= factors[i];
    }
    return q;
}
