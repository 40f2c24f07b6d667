/* SPDX-License-Identifier: MIT
 * After ANet has been learnt: what its logits mean, from faces it did not learn from; into the net's own file. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/tensors.h"
#include "train/attributes_score.h"
#include "train/fit.h"

enum { NOTE_ROOM = 160 };

/* The file again, with the scale and a note about it in place of earlier ones. */
static enum status rewrite(const char *path, struct attributes_scale *scale, const char *about)
{
    struct tensors *file = NULL;
    const struct tensors_note *given;
    enum status s = tensors_open(&file, path);
    if (s)
        return s;
    int n = 0, n_notes = 0, n_given = tensors_notes(file, &given);
    struct arena *a = arena_create();
    struct tensors_array *arrays = arena_alloc(a, (size_t)tensors_count(file) + 1, sizeof *arrays);
    struct tensors_note *notes = arena_alloc(a, (size_t)n_given + 1, sizeof *notes);
    if (!arrays || !notes) {
        s = fail(NO_RESOURCE, "%s: no memory", path);
    } else {
        for (int i = 0; i < tensors_count(file); i++)
            if (strcmp(tensors_at(file, i)->name, ATTRIBUTES_ARRAY) != 0)
                arrays[n++] = *tensors_at(file, i);
        arrays[n++] = (struct tensors_array){ .name = ATTRIBUTES_ARRAY, .type = TENSORS_F32, .n_dims = 2,
                                              .dims = { FACE_ATTRIBUTES, 3 }, .n = (size_t)3 * FACE_ATTRIBUTES,
                                              .at = scale };
        for (int i = 0; i < n_given; i++)
            if (strcmp(given[i].key, ATTRIBUTES_ARRAY) != 0 && strcmp(given[i].key, "xxh64") != 0)
                notes[n_notes++] = given[i];
        notes[n_notes++] = (struct tensors_note){ ATTRIBUTES_ARRAY, about };
        s = tensors_write(path, arrays, n, notes, n_notes);
    }
    arena_free(&a);
    tensors_close(&file);
    return s;
}

enum status fit_attributes(const char *path, const struct data *d, const int *faces, size_t n)
{
    struct attributes_options o = { .weights = path, .mirror = true, .raw = true };
    struct attributes_scale scale[FACE_ATTRIBUTES];
    struct attributes *a = NULL;
    char about[NOTE_ROOM];
    float *logits = memory_alloc(n * FACE_ATTRIBUTES + 1, sizeof *logits);
    uint64_t *truth = memory_alloc(n + 1, sizeof *truth);
    enum status s = logits && truth ? attributes_open(&a, &o) : fail(NO_RESOURCE, "%s: no memory", path);
    if (!s) {
        attributes_tell(a, d, faces, n, logits);
        for (size_t i = 0; i < n; i++)
            truth[i] = data_face(d, faces[i])->attributes;
        s = attributes_fit(scale, logits, truth, n);
    }
    attributes_close(&a);
    snprintf(about, sizeof about, "logits read by %zu faces of train people who were kept apart", n);
    log_say(LOG_INFO, NULL, "%s: %s", path, about);
    if (!s)
        s = rewrite(path, scale, about);
    memory_free(&logits);
    memory_free(&truth);
    return s;
}
