/* SPDX-License-Identifier: MIT
 * Where are faces: LNet's response maps to boxes and five marks (papers.md section 8). */
#ifndef FACETRAIL_DETECTOR_DETECTOR_H
#define FACETRAIL_DETECTOR_DETECTOR_H

#include "base/face.h"
#include "base/image.h"
#include "base/option.h"
#include "base/status.h"

struct net;
struct detector_options {
    const char *weights; /* "": the shipped ones, found beside the program */
    const char *marks;   /* of the second look; "": the shipped ones, "none": no second look */
    const char *verdict; /* of the verdict; "": the shipped ones, "none": none */
    float score;         /* least score that is reported */
    float glance;        /* least score of LNet alone that is worth a second look, as a part of `score` */
    float overlap;       /* IoU above which two windows are one face */
    bool half;           /* products of bfloat16 where that is faster */
    bool int8;           /* products of bytes in LNet where that is faster */
    int pyramid;         /* most halvings of the picture that are searched too, for faces that fill it; 0: none */
    bool closer;         /* where faces lower than 20 pixels are wanted and seem to be: the doubled picture too */
};
extern const struct option detector_option_table[];

struct detector;
enum status detector_open(struct detector **out, const struct detector_options *o);
/* For names and checksums; the second look's and the verdict's may be NULL. */
const struct net *detector_net(const struct detector *d);
const struct net *detector_second_net(const struct detector *d);
const struct net *detector_verdict_net(const struct detector *d);
/* Memory for pictures of w x h. */
enum status detector_plan(struct detector *d, int w, int h);
/* Any picture size, planned for when it differs from the last one's. Faces come best
 * first, with box, marks, score, FACE_MARKED; boxes in `im` pixels, may reach outside it. At most `max`.
 * faces smaller than min_height pixels of `im` are left out. */
enum status detector_run(struct detector *d, struct image im, float min_height, struct face *faces, int max, int *n);
void detector_close(struct detector **d);

#endif
