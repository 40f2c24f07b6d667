/* SPDX-License-Identifier: MIT
 * Crops through the net to codes, many at once; and how far a code can be trusted. */
#ifndef FACETRAIL_RECOGNIZER_EMBED_H
#define FACETRAIL_RECOGNIZER_EMBED_H

#include "recognizer/recognizer.h"

struct embed;
/* `path` is for messages; half: see net_run_half. BAD_MATCH when the net does not take our crops or has no layer "code". */
enum status embed_open(struct embed **out, const struct net *n, const char *path, bool mirror, bool half);
void embed_close(struct embed **e);
int embed_size(const struct embed *e); /* numbers in a code */
/* As recognizer_describe and recognizer_describe_crops. */
void embed_faces(struct embed *e, struct image im, float scale, struct face *faces, const int *which, int n);
void embed_crops(struct embed *e, const struct recognizer_crop *crops, struct face *faces, int n);

/* The mirror image of a crop [3, 55, 47]. */
void embed_mirror(float *out, const float *in);

/* 0 to 1, and its factors; FACE_CLEAR is 1 until there is a code. planes: the crop [3, 55, 47]; pixels: picture pixels a crop pixel; marks in crop coordinates,
 * NULL: unknown. */
float embed_quality(float factors[FACE_QUALITIES], const float *planes, float pixels, const struct point *marks);

#endif
