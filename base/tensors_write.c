/* SPDX-License-Identifier: MIT
 * Writing safetensors: arrays of wide elements first, so that each lies at a multiple of its element's size. */
#include "base/tensors.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/memory.h"

enum { LENGTH_BYTES = 8, ALIGNMENT = 64 };

static const struct { const char *word; size_t size; } types[] = {
    [TENSORS_F32] = {"F32", 4}, [TENSORS_F16] = {"F16", 2}, [TENSORS_I8] = {"I8", 1},
    [TENSORS_I32] = {"I32", 4}, [TENSORS_I64] = {"I64", 8}, [TENSORS_U64] = {"U64", 8},
};

static size_t bytes_of(const struct tensors_array *a)
{
    return a->n * types[a->type].size;
}

static enum status check_array(const struct tensors_array *a, const char *path)
{
    size_t n = 1;
    for (int i = 0; i < a->n_dims; i++)
        n *= (size_t)a->dims[i];
    if (a->n_dims < 0 || a->n_dims > TENSORS_DIMS || n != a->n)
        return fail(BAD_USAGE, "%s: %s: its dimensions do not make %zu", path, a->name, a->n);
    if (strcmp(a->name, "__metadata__") == 0)
        return fail(BAD_USAGE, "%s: no array may be named __metadata__", path);
    return OK;
}

static enum status put_array(json_t *root, const struct tensors_array *a, size_t begin, const char *path)
{
    if (json_object_get(root, a->name))
        return fail(BAD_USAGE, "%s: two arrays named %s", path, a->name);
    json_t *shape = json_array();
    for (int i = 0; i < a->n_dims; i++)
        json_array_append_new(shape, json_integer((json_int_t)a->dims[i]));
    json_t *about = json_pack("{s:s, s:o, s:[I, I]}", "dtype", types[a->type].word, "shape", shape, "data_offsets",
                              (json_int_t)begin, (json_int_t)(begin + bytes_of(a)));
    if (json_object_set_new(root, a->name, about) != 0)
        return fail(BAD_USAGE, "%s: array %s: no memory, or its name is no UTF-8", path, a->name);
    return OK;
}

static enum status put_notes(json_t *root, const struct tensors_note *notes, int n_notes, uint64_t sum, const char *path)
{
    char text[20];
    json_t *all = json_object();
    if (json_object_set_new(root, "__metadata__", all) != 0)
        return fail(NO_RESOURCE, "%s: no memory", path);
    for (int i = 0; i < n_notes; i++)
        if (json_object_set_new(all, notes[i].key, json_string(notes[i].value)) != 0)
            return fail(BAD_USAGE, "%s: note %s: no memory, or no UTF-8", path, notes[i].key);
    snprintf(text, sizeof text, "%016" PRIx64, sum);
    if (json_object_set_new(all, "xxh64", json_string(text)) != 0)
        return fail(NO_RESOURCE, "%s: no memory", path);
    return OK;
}

/* Calls `each` for the arrays in the order in which they lie in the file. */
static void walk(const struct tensors_array *arrays, int n, void (*each)(void *to, const struct tensors_array *a),
                 void *to)
{
    for (size_t size = 8; size > 0; size /= 2)
        for (int i = 0; i < n; i++)
            if (types[arrays[i].type].size == size)
                each(to, &arrays[i]);
}

static void add_to_sum(void *state, const struct tensors_array *a)
{
    if (a->n)
        XXH64_update(state, a->at, bytes_of(a));
}

static void add_to_file(void *to, const struct tensors_array *a)
{
    if (a->n)
        fwrite(a->at, 1, bytes_of(a), to); /* file_commit sees what went wrong */
}

struct header { json_t *root; size_t reached; enum status status; const char *path; };

static void add_to_header(void *to, const struct tensors_array *a)
{
    struct header *h = to;
    if (!h->status)
        h->status = put_array(h->root, a, h->reached, h->path);
    h->reached += bytes_of(a);
}

static enum status sum_arrays(const struct tensors_array *arrays, int n, uint64_t *sum)
{
    XXH64_state_t *state = XXH64_createState();
    if (!state)
        return fail(NO_RESOURCE, "no memory for a checksum");
    XXH64_reset(state, 0);
    walk(arrays, n, add_to_sum, state);
    *sum = XXH64_digest(state);
    XXH64_freeState(state);
    return OK;
}

/* The header's text with its length before it, padded so that the data starts at a multiple of 64. */
static enum status print_header(unsigned char **out, size_t *size, const json_t *root, const char *path)
{
    size_t n = json_dumpb(root, NULL, 0, JSON_COMPACT);
    uint64_t length = (LENGTH_BYTES + n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - LENGTH_BYTES;
    *size = LENGTH_BYTES + (size_t)length;
    *out = n ? memory_alloc(*size, 1) : NULL;
    if (!*out)
        return fail(NO_RESOURCE, "%s: no memory", path);
    memcpy(*out, &length, LENGTH_BYTES);
    memset(*out + LENGTH_BYTES, ' ', (size_t)length);
    json_dumpb(root, (char *)*out + LENGTH_BYTES, n, JSON_COMPACT);
    return OK;
}

static enum status write_file(const char *path, const json_t *root, const struct tensors_array *arrays, int n)
{
    struct file_write file;
    unsigned char *header;
    size_t size;
    enum status s = print_header(&header, &size, root, path);
    if (s)
        return s;
    s = file_create(&file, path);
    if (!s) {
        fwrite(header, 1, size, file.to);
        walk(arrays, n, add_to_file, file.to);
        s = file_commit(&file);
    }
    memory_free(&header);
    return s;
}

enum status tensors_write(const char *path, const struct tensors_array *arrays, int n,
                          const struct tensors_note *notes, int n_notes)
{
    uint64_t sum = 0;
    struct header h = {.root = json_object(), .path = path};
    enum status s = h.root ? OK : fail(NO_RESOURCE, "%s: no memory", path);
    for (int i = 0; i < n && !s; i++)
        s = check_array(&arrays[i], path);
    if (!s)
        s = sum_arrays(arrays, n, &sum);
    if (!s)
        s = put_notes(h.root, notes, n_notes, sum, path);
    if (!s) {
        walk(arrays, n, add_to_header, &h);
        s = h.status;
    }
    if (!s)
        s = write_file(path, h.root, arrays, n);
    json_decref(h.root);
    return s;
}
