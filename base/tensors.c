/* SPDX-License-Identifier: MIT
 * Reading safetensors. Nothing in the file is believed before it is checked; every refusal names file and array. */
#include "base/tensors.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "arrays are used as they lie in the file");

enum { LENGTH_BYTES = 8, HEADER_LONGEST = 64 * 1024 * 1024 };

struct tensors {
    struct arena *arena;
    struct mapping file;
    unsigned char *data;
    size_t data_size;
    struct tensors_array *arrays;
    struct tensors_note *notes;
    int n_arrays, n_notes;
    uint64_t checksum;
};

static const struct { const char *word; size_t size; } types[] = {
    [TENSORS_F32] = {"F32", 4}, [TENSORS_F16] = {"F16", 2}, [TENSORS_I8] = {"I8", 1},
    [TENSORS_I32] = {"I32", 4}, [TENSORS_I64] = {"I64", 8}, [TENSORS_U64] = {"U64", 8},
};
enum { N_TYPES = sizeof types / sizeof *types };

static enum status read_type(struct tensors_array *a, const json_t *about, const char *path)
{
    const char *word = json_string_value(json_object_get(about, "dtype"));
    if (!word)
        return fail(BAD_DATA, "%s: %s has no dtype", path, a->name);
    for (int i = 0; i < N_TYPES; i++)
        if (strcmp(types[i].word, word) == 0) {
            a->type = (enum tensors_type)i;
            return OK;
        }
    return fail(BAD_DATA, "%s: %s has dtype %s; known are F32 F16 I8 I32 I64 U64", path, a->name, word);
}

static enum status read_shape(struct tensors_array *a, const json_t *about, const char *path)
{
    const json_t *shape = json_object_get(about, "shape");
    if (!json_is_array(shape))
        return fail(BAD_DATA, "%s: %s has no shape", path, a->name);
    size_t n = json_array_size(shape);
    if (n > TENSORS_DIMS)
        return fail(BAD_DATA, "%s: %s has %zu dimensions, at most %d are known", path, a->name, n, TENSORS_DIMS);
    a->n_dims = (int)n;
    a->n = 1;
    for (size_t i = 0; i < n; i++) {
        const json_t *dim = json_array_get(shape, i);
        if (!json_is_integer(dim) || json_integer_value(dim) < 0)
            return fail(BAD_DATA, "%s: %s: dimension %zu is no whole number", path, a->name, i);
        a->dims[i] = (int64_t)json_integer_value(dim);
        if (a->dims[i] && a->n > SIZE_MAX / 8 / (uint64_t)a->dims[i])
            return fail(BAD_DATA, "%s: %s is impossibly large", path, a->name);
        a->n *= (size_t)a->dims[i];
    }
    return OK;
}

static enum status read_place(struct tensors *t, struct tensors_array *a, const json_t *about, const char *path)
{
    const json_t *offsets = json_object_get(about, "data_offsets");
    const json_t *first = json_array_get(offsets, 0), *last = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(last))
        return fail(BAD_DATA, "%s: %s has no data_offsets", path, a->name);
    json_int_t begin = json_integer_value(first), end = json_integer_value(last);
    if (begin < 0 || end < begin)
        return fail(BAD_DATA, "%s: %s: data_offsets %" PRId64 " to %" PRId64, path, a->name, (int64_t)begin,
                    (int64_t)end);
    if ((uint64_t)end > t->data_size)
        return fail(BAD_DATA, "%s: %s ends at byte %" PRId64 " of %zu; is the file cut?", path, a->name, (int64_t)end,
                    t->data_size);
    if ((uint64_t)(end - begin) != a->n * types[a->type].size)
        return fail(BAD_DATA, "%s: %s has %" PRId64 " bytes, its shape wants %zu", path, a->name,
                    (int64_t)(end - begin), a->n * types[a->type].size);
    a->at = t->data + begin;
    return OK;
}

static enum status read_array(struct tensors *t, const char *name, const json_t *about, const char *path)
{
    struct tensors_array *a = &t->arrays[t->n_arrays];
    if (!(a->name = arena_text(t->arena, name)))
        return fail(NO_RESOURCE, "%s: no memory", path);
    if (!json_is_object(about))
        return fail(BAD_DATA, "%s: %s is no array", path, name);
    enum status s = read_type(a, about, path);
    if (!s)
        s = read_shape(a, about, path);
    if (!s)
        s = read_place(t, a, about, path);
    t->n_arrays++;
    return s;
}

static enum status read_notes(struct tensors *t, json_t *notes, const char *path)
{
    const char *key;
    json_t *value;
    if (!json_is_object(notes))
        return fail(BAD_DATA, "%s: __metadata__ is no object", path);
    t->notes = arena_alloc(t->arena, json_object_size(notes) + 1, sizeof *t->notes);
    if (!t->notes)
        return fail(NO_RESOURCE, "%s: no memory", path);
    json_object_foreach(notes, key, value) {
        if (!json_is_string(value))
            return fail(BAD_DATA, "%s: note %s is no text", path, key);
        struct tensors_note *note = &t->notes[t->n_notes++];
        note->key = arena_text(t->arena, key);
        note->value = arena_text(t->arena, json_string_value(value));
        if (!note->key || !note->value)
            return fail(NO_RESOURCE, "%s: no memory", path);
    }
    return OK;
}

static enum status read_header(struct tensors *t, json_t *root, const char *path)
{
    const char *name;
    json_t *about;
    enum status s;
    if (!json_is_object(root))
        return fail(BAD_DATA, "%s: its header is no JSON object", path);
    t->arrays = arena_alloc(t->arena, json_object_size(root) + 1, sizeof *t->arrays);
    if (!t->arrays)
        return fail(NO_RESOURCE, "%s: no memory", path);
    json_object_foreach(root, name, about) {
        s = strcmp(name, "__metadata__") == 0 ? read_notes(t, about, path) : read_array(t, name, about, path);
        if (s)
            return s;
    }
    return OK;
}

static int by_place(const void *a, const void *b)
{
    const struct tensors_array *x = a, *y = b;
    if (x->at != y->at)
        return (const unsigned char *)x->at < (const unsigned char *)y->at ? -1 : 1;
    return (x->n > 0) - (y->n > 0); /* empty ones before what starts at the same place */
}

/* Every byte of the data belongs to exactly one array. */
static enum status check_places(struct tensors *t, const char *path)
{
    const unsigned char *reached = t->data;
    qsort(t->arrays, (size_t)t->n_arrays, sizeof *t->arrays, by_place);
    for (int i = 0; i < t->n_arrays; i++) {
        const struct tensors_array *a = &t->arrays[i];
        const unsigned char *at = a->at;
        if (at < reached)
            return fail(BAD_DATA, "%s: %s overlaps %s", path, a->name, t->arrays[i > 0 ? i - 1 : 0].name);
        if (at > reached)
            return fail(BAD_DATA, "%s: %zu bytes before %s belong to nothing", path, (size_t)(at - reached), a->name);
        reached = at + a->n * types[a->type].size;
    }
    if (reached != t->data + t->data_size)
        return fail(BAD_DATA, "%s: %zu bytes at the end belong to nothing", path,
                    (size_t)(t->data + t->data_size - reached));
    return OK;
}

/* Other writers may leave an array at an odd address: such a one is copied. */
static enum status align_arrays(struct tensors *t, const char *path)
{
    for (int i = 0; i < t->n_arrays; i++) {
        struct tensors_array *a = &t->arrays[i];
        size_t size = types[a->type].size;
        if ((uintptr_t)a->at % size == 0)
            continue;
        void *copy = arena_alloc(t->arena, a->n, size);
        if (!copy)
            return fail(NO_RESOURCE, "%s: no memory", path);
        memcpy(copy, a->at, a->n * size);
        a->at = copy;
    }
    return OK;
}

static enum status check_sum(struct tensors *t, const char *path)
{
    char have[20];
    const char *wanted = tensors_note(t, "xxh64");
    t->checksum = file_hash(t->data, t->data_size);
    snprintf(have, sizeof have, "%016" PRIx64, t->checksum);
    if (wanted && strcmp(wanted, have) != 0)
        return fail(BAD_DATA, "%s: damaged: its checksum is %s, its header says %.40s", path, have, wanted);
    return OK;
}

static enum status read_file(struct tensors *t, const char *path)
{
    json_error_t error;
    uint64_t length;
    if (t->file.size < LENGTH_BYTES)
        return fail(BAD_DATA, "%s: no safetensors file: %zu bytes", path, t->file.size);
    memcpy(&length, t->file.at, LENGTH_BYTES);
    if (length > t->file.size - LENGTH_BYTES || length > HEADER_LONGEST)
        return fail(BAD_DATA, "%s: no safetensors file, or cut: a header of %" PRIu64 " bytes in a file of %zu", path,
                    length, t->file.size);
    t->data = t->file.at + LENGTH_BYTES + length;
    t->data_size = t->file.size - LENGTH_BYTES - (size_t)length;
    json_t *root = json_loadb((const char *)t->file.at + LENGTH_BYTES, (size_t)length, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        return fail(BAD_DATA, "%s: its header is no JSON: %s", path, error.text);
    enum status s = read_header(t, root, path);
    json_decref(root);
    if (!s)
        s = check_places(t, path);
    if (!s)
        s = check_sum(t, path);
    return s ? s : align_arrays(t, path);
}

enum status tensors_open(struct tensors **out, const char *path)
{
    *out = NULL;
    struct arena *arena = arena_create();
    struct tensors *t = arena_alloc(arena, 1, sizeof *t);
    if (!t) {
        arena_free(&arena);
        return fail(NO_RESOURCE, "%s: no memory", path);
    }
    t->arena = arena;
    enum status s = file_map(&t->file, path);
    if (!s)
        s = read_file(t, path);
    if (!s)
        s = arena_seal(arena);
    if (s)
        tensors_close(&t);
    *out = t;
    return s;
}

void tensors_close(struct tensors **t)
{
    if (!*t)
        return;
    file_unmap(&(*t)->file);
    struct arena *arena = (*t)->arena;
    arena_free(&arena);
    *t = NULL;
}

int tensors_count(const struct tensors *t)
{
    return t->n_arrays;
}

const struct tensors_array *tensors_at(const struct tensors *t, int i)
{
    return &t->arrays[i];
}

const struct tensors_array *tensors_find(const struct tensors *t, const char *name)
{
    for (int i = 0; i < t->n_arrays; i++)
        if (strcmp(t->arrays[i].name, name) == 0)
            return &t->arrays[i];
    return NULL;
}

const char *tensors_note(const struct tensors *t, const char *key)
{
    for (int i = 0; i < t->n_notes; i++)
        if (strcmp(t->notes[i].key, key) == 0)
            return t->notes[i].value;
    return NULL;
}

int tensors_notes(const struct tensors *t, const struct tensors_note **notes)
{
    *notes = t->notes;
    return t->n_notes;
}

uint64_t tensors_checksum(const struct tensors *t)
{
    return t->checksum;
}
