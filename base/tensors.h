/* SPDX-License-Identifier: MIT
 * safetensors: named arrays in one file (8-byte little-endian header length, JSON header, raw arrays). The reader
 * trusts nothing: header length, JSON types, dtypes, shape products, offsets (inside, not overlapping), unique names
 * and our checksum (metadata "xxh64") when there is one. */
#ifndef FACETRAIL_BASE_TENSORS_H
#define FACETRAIL_BASE_TENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum tensors_type { TENSORS_F32, TENSORS_F16, TENSORS_I8, TENSORS_I32, TENSORS_I64, TENSORS_U64 };
enum { TENSORS_DIMS = 6 };

struct tensors_array {
    const char *name;
    enum tensors_type type;
    int n_dims;
    int64_t dims[TENSORS_DIMS];
    size_t n;      /* product of dims */
    void *at;      /* into the private mapping: writable, never written back */
};
struct tensors_note { const char *key, *value; };

struct tensors; /* an opened file */
enum status tensors_open(struct tensors **out, const char *path);
void tensors_close(struct tensors **t);
int tensors_count(const struct tensors *t);
const struct tensors_array *tensors_at(const struct tensors *t, int i);
const struct tensors_array *tensors_find(const struct tensors *t, const char *name); /* NULL: none */
const char *tensors_note(const struct tensors *t, const char *key);                  /* NULL: none */
int tensors_notes(const struct tensors *t, const struct tensors_note **notes);
uint64_t tensors_checksum(const struct tensors *t); /* xxHash64 of the data part */

/* Writes to a temporary name, syncs, renames. Adds the note "xxh64". */
enum status tensors_write(const char *path, const struct tensors_array *arrays, int n,
                          const struct tensors_note *notes, int n_notes);

#endif
