/* SPDX-License-Identifier: MIT
 * Memory that lives and dies with one object: an arena. The only place that calls malloc. */
#ifndef FACETRAIL_BASE_MEMORY_H
#define FACETRAIL_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct arena;
/* NULL: no memory. */
struct arena *arena_create(void);
/* n * size bytes, zeroed, 64-byte aligned; the product is checked. NULL when there is no memory (or no arena);
 * the arena remembers, and arena_seal says so. */
void *arena_alloc(struct arena *a, size_t n, size_t size);
/* A copy of `text` in the arena; NULL stays NULL. */
char *arena_text(struct arena *a, const char *text);
/* One check for all allocations above: NO_RESOURCE when one failed. A later arena_alloc stops the program. */
enum status arena_seal(struct arena *a);
size_t arena_bytes(const struct arena *a);
void arena_free(struct arena **a);

/* For things that grow while a file is read or a command runs, never in the frame loop: *array grows so that it
 * holds at least `n` items of `size` bytes; *capacity is updated. New room is zeroed. On failure nothing changes. */
enum status memory_grow(void *array, size_t *capacity, size_t n, size_t size);
/* Zeroed memory, 64-byte aligned, or NULL. memory_free accepts a pointer to NULL and sets it to NULL. */
void *memory_alloc(size_t n, size_t size);
void memory_free(void *pointer_to_pointer);
char *memory_text(const char *text);
/* How many allocations this module has made so far, for the tests that assert "none in the loop". */
uint64_t memory_allocations(void);
/* For tests: the n-th allocation from now fails (0: none). */
void memory_fail_at(uint64_t n);

#endif
