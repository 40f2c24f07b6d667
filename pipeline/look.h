/* SPDX-License-Identifier: MIT
 * Looking at an input for one person's face: the only or largest face of each picture, good and different samples of
 * the main face of a video. For enroll, verify and people. */
#ifndef FACETRAIL_PIPELINE_LOOK_H
#define FACETRAIL_PIPELINE_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/face.h"
#include "base/image.h"
#include "pipeline/settings.h"

struct look_options {
    bool largest; /* of several faces in a picture take the largest; else they are BAD_DATA */
    bool patient; /* a picture without a usable face is a warning, not a failure */
    int most;     /* samples of a video */
};

struct looked {
    struct face face; /* coded */
    char *source;     /* file, for a video with its time; owned */
    unsigned char *png;
    size_t png_size;
};
struct looked_list { struct looked *at; int n; size_t room; };
void looked_free(struct looked_list *l);

struct look;
/* Needs settings' capture, detector, detect, tracker and recognizer; they must outlive it. */
enum status look_open(struct look **out, const struct settings *s);
void look_close(struct look **l);
struct recognizer *look_recognizer(struct look *l);
/* Appends what `url` shows. BAD_DATA names the file and says how many faces there are. */
enum status look_at(struct look *l, const char *url, const struct look_options *o, struct looked_list *list);
/* The same for the largest face, of which *best is the look of the best quality; BAD_DATA when there is none. */
enum status look_best(struct look *l, const char *url, struct looked_list *list, const struct face **best);

#endif
