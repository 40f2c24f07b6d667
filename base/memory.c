/* SPDX-License-Identifier: MIT
 * The only malloc. Each block has a header of 64 bytes before it, so that blocks are aligned, and an arena is a list
 * of blocks: address checkers see every overrun, and big blocks stay untouched (and cost nothing) until used. */
#include "base/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"

enum { ALIGNMENT = 64 };
#ifdef __SANITIZE_ADDRESS__
static const size_t large = SIZE_MAX; /* exact ends for the checker */
#else
static const size_t large = 128 * 1024;
#endif

struct block {
    struct block *next; /* within an arena */
    void *raw;          /* what the system gave */
};
_Static_assert(sizeof(struct block) <= ALIGNMENT, "the header fits before an aligned block");

struct arena {
    struct block *blocks;
    size_t bytes;
    bool failed, sealed;
};

static atomic_uint_fast64_t allocations;
static atomic_int_fast64_t until_failure; /* 0: never */

uint64_t memory_allocations(void)
{
    return atomic_load(&allocations);
}

void memory_fail_at(uint64_t n)
{
    atomic_store(&until_failure, (int_fast64_t)n);
}

static bool must_fail(void)
{
    return atomic_load(&until_failure) > 0 && atomic_fetch_sub(&until_failure, 1) == 1;
}

static struct block *block_of(void *at)
{
    return (struct block *)(void *)((unsigned char *)at - ALIGNMENT);
}

/* A net's maps are read in many places at once, which small pages make slow. Only a hint. */
static void ask_for_huge_pages(void *raw, size_t bytes)
{
    enum { PAGE = 2 * 1024 * 1024, FEW = 2 };
    if (!raw || bytes < FEW * (size_t)PAGE)
        return;
    uintptr_t from = ((uintptr_t)raw + PAGE - 1) & ~(uintptr_t)(PAGE - 1), to = ((uintptr_t)raw + bytes) & ~(uintptr_t)(PAGE - 1);
    if (to > from)
        madvise((void *)from, to - from, MADV_HUGEPAGE);
}

void *memory_alloc(size_t n, size_t size)
{
    void *raw = NULL;
    uintptr_t start;
    if ((size && n > SIZE_MAX / size) || n * size > PTRDIFF_MAX - 2 * ALIGNMENT || must_fail())
        return NULL;
    size_t bytes = n * size;
    if (bytes >= large) { /* the system's fresh pages are zero already: they are not touched */
        raw = calloc(1, bytes + 2 * ALIGNMENT);
        start = ((uintptr_t)raw + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1);
        ask_for_huge_pages(raw, bytes);
    } else {
        if (posix_memalign(&raw, ALIGNMENT, bytes + ALIGNMENT) != 0)
            raw = NULL;
        else
            memset(raw, 0, bytes + ALIGNMENT);
        start = (uintptr_t)raw;
    }
    if (!raw)
        return NULL;
    atomic_fetch_add(&allocations, 1);
    void *at = (unsigned char *)raw + (start - (uintptr_t)raw) + ALIGNMENT;
    block_of(at)->raw = raw;
    return at;
}

void memory_free(void *pointer_to_pointer)
{
    void *at, *none = NULL;
    memcpy(&at, pointer_to_pointer, sizeof at);
    if (at)
        free(block_of(at)->raw);
    memcpy(pointer_to_pointer, &none, sizeof none);
}

char *memory_text(const char *text)
{
    size_t n = strlen(text);
    char *copy = memory_alloc(n + 1, 1);
    if (copy)
        memcpy(copy, text, n);
    return copy;
}

enum status memory_grow(void *array, size_t *capacity, size_t n, size_t size)
{
    void *old, *grown;
    if (n <= *capacity)
        return OK;
    size_t room = *capacity > SIZE_MAX / 2 ? n : 2 * *capacity;
    if (room < n)
        room = n;
    if (room < 8)
        room = 8;
    grown = memory_alloc(room, size);
    if (!grown)
        return fail(NO_RESOURCE, "no memory for %zu items of %zu bytes", room, size);
    memcpy(&old, array, sizeof old);
    if (old)
        memcpy(grown, old, *capacity * size);
    memory_free(&old);
    memcpy(array, &grown, sizeof grown);
    *capacity = room;
    return OK;
}

struct arena *arena_create(void)
{
    return memory_alloc(1, sizeof(struct arena));
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
    if (!a)
        return NULL;
    CHECK(!a->sealed);
    void *at = memory_alloc(n, size);
    if (!at) {
        a->failed = true;
        return NULL;
    }
    block_of(at)->next = a->blocks;
    a->blocks = block_of(at);
    a->bytes += n * size;
    return at;
}

char *arena_text(struct arena *a, const char *text)
{
    if (!text)
        return NULL;
    size_t n = strlen(text);
    char *copy = arena_alloc(a, n + 1, 1);
    if (copy)
        memcpy(copy, text, n);
    return copy;
}

enum status arena_seal(struct arena *a)
{
    if (!a || a->failed)
        return fail(NO_RESOURCE, "no memory left");
    a->sealed = true;
    return OK;
}

size_t arena_bytes(const struct arena *a)
{
    return a ? a->bytes : 0;
}

void arena_free(struct arena **a)
{
    if (!*a)
        return;
    for (struct block *b = (*a)->blocks, *next; b; b = next) {
        next = b->next;
        free(b->raw);
    }
    memory_free(a);
}
