/* SPDX-License-Identifier: MIT
 * What a kind of source supplies, and the helpers they share. Only for files in capture/. */
#ifndef FACETRAIL_CAPTURE_INTERNAL_H
#define FACETRAIL_CAPTURE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "capture/capture.h"

/* What every kind works with: lives as long as the capture. */
struct source {
    const char *url;
    struct capture_options options; /* every number valid */
    const atomic_bool *stop;        /* may be NULL */
    struct capture_info info;       /* filled by open; read keeps its counters */
};

struct source_kind {
    const char *name, *about;
    size_t state_size;
    bool (*takes)(const char *url); /* the first kind of the table that takes the URL gets it */
    enum status (*open)(void *state, struct source *s);
    enum status (*read)(void *state, struct frame *frame);
    void (*close)(void *state); /* also of a half-opened state */
};

extern const struct source_kind source_pattern, source_pictures, source_media;

bool source_stopped(const struct source *s);
/* Gives the frame pictures for a source of w x h (upright) at the working size the options ask for; refuses more
 * than max_pixels with both sizes in the message. */
enum status source_fit(const struct source *s, struct frame *frame, int w, int h);
/* Makes the working picture from the full-size one, once that is filled. */
void source_shrink(struct frame *frame);
/* OK, or BAD_DATA naming the source, its size and the limit. */
enum status source_check_size(const struct source *s, const char *name, int64_t w, int64_t h);

/* capture/pictures.c: a list of picture files in natural order (9 before 10). */
struct picture_list {
    char *folder; /* what names are relative to: "" or ends with a slash */
    char **names; /* relative names */
    size_t n, room;
};
bool pictures_is_list(const char *url); /* a folder or a pattern */
bool pictures_has_ending(const char *path);
/* BAD_DATA when there is none. */
enum status pictures_find(struct picture_list *out, const char *url);
void pictures_forget(struct picture_list *list);
int pictures_compare(const char *a, const char *b); /* natural order, as strcmp */

#endif
