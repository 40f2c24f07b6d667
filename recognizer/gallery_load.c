/* SPDX-License-Identifier: MIT
 * The gallery's file into memory. Every value is checked: other tools may have written it. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "recognizer/gallery_internal.h"

static enum status damaged(const struct gallery_copy *c, const char *what, int64_t id)
{
    return fail(BAD_DATA, "%s: the gallery is damaged: %s of row %lld", c->path, what, (long long)id);
}

static enum status room(void *array, size_t *have, size_t n, size_t size)
{
    return n < *have ? OK : memory_grow(array, have, 2 * n + 16, size);
}

enum status gallery_take_person(struct gallery_copy *c, int64_t id, const char *name, int64_t added)
{
    if (id <= 0 || id > INT_MAX || !name || gallery_check_name(name))
        return damaged(c, "person", id);
    enum status s = room(&c->people, &c->people_room, (size_t)c->n_people, sizeof *c->people);
    if (s)
        return s;
    char *text = memory_text(name);
    if (!text)
        return fail(NO_RESOURCE, "gallery: no memory");
    c->people[c->n_people++] = (struct gallery_person){.id = (int)id, .name = text, .added = added};
    return OK;
}

struct place { int id, at; };

static int by_id(const void *a, const void *b)
{
    int x = ((const struct place *)a)->id;
    int y = ((const struct place *)b)->id;
    return (x > y) - (x < y);
}

enum status gallery_sort_people(struct gallery_copy *c)
{
    size_t n = (size_t)c->n_people;
    struct place *places = memory_alloc(n + 1, sizeof *places);
    c->by_id = memory_alloc(n + 1, sizeof *c->by_id);
    if (!places || !c->by_id) {
        memory_free(&places);
        return fail(NO_RESOURCE, "gallery: no memory");
    }
    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){c->people[i].id, (int)i};
    qsort(places, n, sizeof *places, by_id);
    for (size_t i = 0; i < n; i++)
        c->by_id[i] = places[i].at;
    memory_free(&places);
    return OK;
}

struct gallery_person *gallery_copy_person(const struct gallery_copy *c, int64_t id)
{
    int low = 0;
    int high = c->by_id ? c->n_people : 0;
    while (low < high) {
        int middle = low + (high - low) / 2;
        struct gallery_person *p = &c->people[c->by_id[middle]];
        if (p->id == id)
            return p;
        if (p->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

enum status gallery_take_sample(struct gallery_copy *c, const struct gallery_row *row)
{
    size_t n = row->code_size / sizeof(float);
    size_t bits_size = (n + 63) / 64 * sizeof(uint64_t);
    struct gallery_person *p = gallery_copy_person(c, row->person);
    if (!p)
        return damaged(c, "person of the sample", row->id);
    if (n < 1 || n > FACE_CODE || row->code_size % sizeof(float) || row->bits_size != bits_size)
        return damaged(c, "code", row->id);
    enum status s = room(&c->samples, &c->samples_room, (size_t)c->n_samples, sizeof *c->samples);
    if (s)
        return s;
    unsigned char *block = memory_alloc(1, bits_size + row->code_size);
    char *source = memory_text(row->source ? row->source : "");
    if (!block || !source) {
        memory_free(&block);
        memory_free(&source);
        return fail(NO_RESOURCE, "gallery: no memory");
    }
    memcpy(block, row->bits, bits_size);
    memcpy(block + bits_size, row->code, row->code_size);
    struct gallery_sample *sample = &c->samples[c->n_samples++];
    *sample = (struct gallery_sample){.id = row->id, .person = p->id, .n_code = (int)n,
                                      .quality = (float)row->quality, .source = source, .added = row->added,
                                      .bits = (const uint64_t *)(const void *)block,
                                      .code = (const float *)(const void *)(block + bits_size)};
    p->samples++;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(sample->code[i]))
            return damaged(c, "code", row->id);
    return OK;
}
