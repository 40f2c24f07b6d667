/* SPDX-License-Identifier: MIT
 * The nets of an ensemble, and their codes of the faces that it is learnt from: computed once and kept. */
#ifndef FACETRAIL_TRAIN_MEMBER_CODES_H
#define FACETRAIL_TRAIN_MEMBER_CODES_H

#include <stddef.h>

#include "base/tensors.h"
#include "train/data.h"

enum { MEMBERS = 64, MEMBER_TEXT = 256 };
struct member {
    char file[MEMBER_TEXT];  /* as the list has it: beside the list */
    char codes[MEMBER_TEXT]; /* what galleries would know its codes by (recognizer_codes) */
    int size;                /* numbers in a code */
};
struct members { int n, size; struct member at[MEMBERS]; }; /* size: numbers of all of them */

/* A text file, a weights file a line; # starts a comment. */
enum status members_read(struct members *m, const char *list);
/* FOLDER of `beside` and the file's name. */
void member_path(char *out, size_t size, const char *beside, const char *file);

/* Codes [n, size] of those faces of d, by the net at `path`; its `codes` and `size` are filled. They are kept in PATH.codes
 * and taken from there when net and faces are the same. */
struct member_codes { const float *at; float *owned; struct tensors *file; };
enum status member_codes_open(struct member_codes *out, struct member *m, const char *path, const struct data *d,
                              const int *faces, int n);
void member_codes_close(struct member_codes *c);

#endif
