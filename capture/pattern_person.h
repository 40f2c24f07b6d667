/* SPDX-License-Identifier: MIT
 * One drawn person: where it is and what it looks like. Only for capture/pattern*.c. */
#ifndef FACETRAIL_CAPTURE_PATTERN_PERSON_H
#define FACETRAIL_CAPTURE_PATTERN_PERSON_H

#include "base/image.h"
#include "capture/pattern.h"

/* Place of a face: u runs right and v down in units of the face's height, (0, 0) its middle, brows at -0.5. */
struct pose {
    float x, y, size;   /* middle of the face and its height, pixels */
    float cosine, sine; /* of the head's roll */
    float yaw;          /* -1 to 1: inner parts move sideways */
};

struct pose pattern_pose(const struct pattern *p, int person, int64_t n);
struct point pattern_place(struct pose pose, float u, float v);
/* Box and five marks of the pose. */
void pattern_measure(const struct pattern *p, int person, struct pose pose, struct face *out);
void pattern_draw_person(const struct pattern *p, int person, struct pose pose, struct image to);
void pattern_draw_background(const struct pattern *p, struct image to);
/* Persons from far to near. */
void pattern_order(const struct pattern *p, int order[PATTERN_FACES]);

#endif
