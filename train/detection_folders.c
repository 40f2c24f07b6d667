/* SPDX-License-Identifier: MIT */
#include "train/detection_folders.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* The folder of that name, new when there is none yet; *out stays NULL when there are too many. */
static enum status folder_of(struct detection_folders *f, const char *name, size_t length, struct detection_folder **out)
{
    for (int i = 0; i < f->n; i++) {
        if (!strncmp(f->of[i].name, name, length) && !f->of[i].name[length]) {
            *out = &f->of[i];
            return OK;
        }
    }
    if (f->n == DETECTION_FOLDERS) {
        return OK;
    }
    const enum status s = memory_grow(&f->of, &f->room, (size_t) f->n + 1, sizeof *f->of);
    if (!s) {
        *out = &f->of[f->n++];
        **out = (struct detection_folder){ .score = { .min_size = f->min_size, .iou = f->iou } };
        memcpy((*out)->name, name, length);
    }
    return s;
}

enum status detection_folders_add(struct detection_folders *f, const char *name, const struct found *found, int n_found,
                                  const struct wanted *wanted, int n_wanted)
{
    struct detection_folder *folder = NULL;
    const char *end = strrchr(name, '/');
    const size_t length = end ? (size_t) (end - name) : 0;
    if (!length || length >= sizeof f->of->name) {
        return OK;
    }
    const enum status s = folder_of(f, name, length, &folder);
    return s || !folder ? s : detection_add(&folder->score, found, n_found, wanted, n_wanted);
}

void detection_folders_print(struct detection_folders *f)
{
    if (f->n < 2) {
        return;
    }
    printf("%-24s %8s %8s %8s %14s %10s\n", "folder", "pictures", "faces", "ap", "at 0.1 false", "recall");
    for (int i = 0; i < f->n; i++) {
        struct detection_curve curve;
        struct detection_score *s = &f->of[i].score;
        detection_sum(s, &curve);
        if (s->faces) {
            printf("%-24s %8d %8d %8.4f %14.4f %10.4f\n", f->of[i].name, s->pictures, s->faces, curve.ap, curve.recall_at_fppi,
                   curve.recall);
        }
    }
}

void detection_folders_free(struct detection_folders *f)
{
    for (int i = 0; i < f->n; i++) {
        detection_free(&f->of[i].score);
    }
    memory_free(&f->of);
}
