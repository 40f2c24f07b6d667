/* SPDX-License-Identifier: MIT
 * Sorting, looking up and writing lists of found boxes. */
#include "train/box_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "train/scene_files.h"

static int best_first(const void *a, const void *b)
{
    const struct found *x = a;
    const struct found *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct scene *) a)->name, ((const struct scene *) b)->name);
}

static int compare_name(const void *name, const void *scene)
{
    return strcmp(name, ((const struct scene *) scene)->name);
}

enum status box_list_read(struct box_list *out, const char *path)
{
    *out = (struct box_list){ 0 };
    const enum status s = scene_files_found(&out->table, path);
    if (s) {
        return s;
    }
    const struct scene_table *t = &out->table;
    out->found = memory_alloc((size_t) t->n_faces + 1, sizeof *out->found);
    if (!out->found) {
        box_list_free(out);
        return fail(NO_RESOURCE, "%s: no memory for a list of boxes", path);
    }
    for (int i = 0; i < t->n_faces; i++) {
        out->found[i] = (struct found){ t->faces[i].box, t->faces[i].score };
    }
    for (int i = 0; i < t->n_scenes; i++) {
        qsort(out->found + t->scenes[i].first, (size_t) t->scenes[i].n, sizeof *out->found, best_first);
    }
    qsort(t->scenes, (size_t) t->n_scenes, sizeof *t->scenes, by_name);
    return OK;
}

void box_list_free(struct box_list *l)
{
    scene_table_close(&l->table);
    memory_free(&l->found);
}

const struct found *box_list_of(const struct box_list *l, const char *picture, int *n)
{
    const struct scene *scene =
        bsearch(picture, l->table.scenes, (size_t) l->table.n_scenes, sizeof *l->table.scenes, compare_name);
    *n = scene ? scene->n : 0;
    return scene ? l->found + scene->first : NULL;
}

void box_list_write(FILE *to, const char *picture, const struct found *found, int n)
{
    fprintf(to, "%s\n%d\n", picture, n);
    for (int i = 0; i < n; i++) {
        fprintf(to, "%.2f %.2f %.2f %.2f %.5f\n", (double) found[i].box.x, (double) found[i].box.y,
                (double) found[i].box.w, (double) found[i].box.h, (double) found[i].score);
    }
}
