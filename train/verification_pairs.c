/* SPDX-License-Identifier: MIT
 * Tables of pairs: LFW's text format and the packs' own; and which frame of a pack is which of LFW's names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "train/verification.h"

enum { FIELDS = 8 };

static bool whole(const char *text, int *out)
{
    char *end;
    long v = strtol(text, &end, 10);
    *out = (int)v;
    return end != text && *end == '\0' && v >= 0 && v < 1 << 30;
}

static enum status add_picture(struct verification *v, int *number, struct verification_picture p, const char *name)
{
    for (*number = 0; *number < v->n_pictures; ++*number)
        if (v->pictures[*number].key == p.key)
            return OK;
    size_t n = (size_t)v->n_pictures;
    if (n >= v->pictures_room) {
        enum status s = memory_grow(&v->pictures, &v->pictures_room, 2 * n + 256, sizeof *v->pictures);
        if (s)
            return s;
    }
    p.name = name ? memory_text(name) : NULL;
    if (name && !p.name)
        return fail(NO_RESOURCE, "verification: no memory");
    v->pictures[v->n_pictures++] = p;
    return OK;
}

static enum status add_pair(struct verification *v, struct verification_pair pair)
{
    size_t n = (size_t)v->n_pairs;
    if (n >= v->pairs_room) {
        enum status s = memory_grow(&v->pairs, &v->pairs_room, 2 * n + 256, sizeof *v->pairs);
        if (s)
            return s;
    }
    v->pairs[v->n_pairs++] = pair;
    return OK;
}

static enum status pack_number(struct verification *v, int *out, const char *folder, const char *name)
{
    char path[VERIFICATION_PATH];
    if (snprintf(path, sizeof path, "%s%s.mkv", folder, name) >= (int)sizeof path)
        return fail(BAD_DATA, "%s: the name of the pack is too long", name);
    for (*out = 0; *out < v->n_packs; ++*out)
        if (strcmp(v->packs[*out], path) == 0)
            return OK;
    if (v->n_packs == VERIFICATION_PACKS)
        return fail(BAD_DATA, "more than %d packs", VERIFICATION_PACKS);
    memcpy(v->packs[v->n_packs++], path, sizeof path);
    return OK;
}

static enum status pack_pair(struct verification *v, char **field, const char *folder)
{
    struct verification_pair pair;
    struct verification_picture p[2] = {{.pack = 0}, {.pack = 0}};
    int same;
    enum status s;
    if (!whole(field[0], &pair.fold) || pair.fold >= VERIFICATION_FOLDS || !whole(field[1], &same) || same > 1 ||
        !whole(field[3], &p[0].frame) || !whole(field[5], &p[1].frame))
        return fail(BAD_DATA, "fold, same and frames must be numbers");
    if ((s = pack_number(v, &p[0].pack, folder, field[2])) || (s = pack_number(v, &p[1].pack, folder, field[4])))
        return s;
    for (int i = 0; i < 2; i++) {
        p[i].key = (uint64_t)p[i].pack << 32 | (uint64_t)p[i].frame;
        if ((s = add_picture(v, i ? &pair.b : &pair.a, p[i], NULL)))
            return s;
    }
    pair.same = same;
    v->n_folds = pair.fold >= v->n_folds ? pair.fold + 1 : v->n_folds;
    return add_pair(v, pair);
}

static enum status lfw_picture(struct verification *v, int *out, const char *name, const char *number,
                               const char *images)
{
    char path[2 * VERIFICATION_PATH];
    int k;
    if (!whole(number, &k))
        return fail(BAD_DATA, "\"%s\" is no number of a picture", number);
    if (v->n_packs)
        snprintf(path, sizeof path, "%s_%04d", name, k);
    else
        snprintf(path, sizeof path, "%s/%s/%s_%04d.jpg", images, name, name, k);
    struct verification_picture p = {.key = file_hash(path, strlen(path)), .pack = v->n_packs ? 0 : -1, .frame = -1};
    return add_picture(v, out, p, path);
}

/* a_fold: same (and different) pairs of one fold; 0: View 1, one list. */
static enum status lfw_pair(struct verification *v, char **field, int n, int a_fold, const char *images, int *of_kind)
{
    struct verification_pair pair = {.same = n == 3};
    enum status s;
    if (n != 3 && n != 4)
        return fail(BAD_DATA, "%d fields; \"NAME N M\" or \"NAME N OTHER M\" is expected", n);
    pair.fold = a_fold ? v->n_pairs / (2 * a_fold) : of_kind[pair.same]++ % 10;
    if (pair.fold >= VERIFICATION_FOLDS)
        return fail(BAD_DATA, "more pairs than the first line says");
    if ((s = lfw_picture(v, &pair.a, field[0], field[1], images)) ||
        (s = lfw_picture(v, &pair.b, n == 3 ? field[0] : field[2], n == 3 ? field[2] : field[3], images)))
        return s;
    return add_pair(v, pair);
}

/* The frames of LFW's names, from the pack's table `frame name number`. */
static enum status name_frames(struct verification *v)
{
    char path[VERIFICATION_PATH];
    char name[512];
    char *field[FIELDS];
    struct file_lines l;
    int frame;
    int number;
    snprintf(path, sizeof path, "%.*s.tsv", (int)(strlen(v->packs[0]) - 4), v->packs[0]);
    enum status s = file_lines_open(&l, path);
    if (s)
        return s;
    while (!(s = file_lines_next(&l))) {
        if (l.number == 1 || file_fields(l.line, '\t', field, FIELDS) < 3 || !whole(field[0], &frame) ||
            !whole(field[2], &number))
            continue;
        snprintf(name, sizeof name, "%s_%04d", field[1], number);
        uint64_t key = file_hash(name, strlen(name));
        for (int i = 0; i < v->n_pictures; i++)
            if (v->pictures[i].key == key)
                v->pictures[i].frame = frame;
    }
    file_lines_close(&l);
    if (s != END)
        return s;
    for (int i = 0; i < v->n_pictures; i++)
        if (v->pictures[i].frame < 0)
            return fail(BAD_DATA, "%s: has no %s", path, v->pictures[i].name);
    return OK;
}

static enum status read_lines(struct verification *v, struct file_lines *l, const char *folder, const char *images)
{
    char *field[FIELDS];
    int a_fold = 0;
    int of_kind[2] = {0, 0};
    bool packs = false;
    enum status s;
    while (!(s = file_lines_next(l))) {
        int n = file_fields(l->line, '\t', field, FIELDS);
        if (n == 0 || (n == 1 && !*field[0]))
            continue;
        if (l->number == 1) {
            packs = n == 6 && strcmp(field[0], "fold") == 0;
            if (!packs && n == 2 && whole(field[0], &v->n_folds) && whole(field[1], &a_fold) && a_fold > 0 &&
                v->n_folds > 1 && v->n_folds <= VERIFICATION_FOLDS)
                continue;
            if (!packs && (n != 1 || !whole(field[0], &a_fold)))
                return fail(BAD_DATA, "%s: neither LFW's pairs nor a table of packs' pairs", l->path);
            v->n_folds = packs ? 0 : 10;
            a_fold = 0;
            continue;
        }
        if (!packs && !*images)
            return fail(BAD_USAGE, "%s: say where the pictures are with --images DIR (or lfw.mkv)", l->path);
        if (packs && n != 6)
            s = fail(BAD_DATA, "%d fields, 6 are expected", n);
        else
            s = packs ? pack_pair(v, field, folder) : lfw_pair(v, field, n, a_fold, images, of_kind);
        if (s)
            return fail_in(s, "%s:%d", l->path, l->number);
    }
    return s == END ? OK : s;
}

enum status verification_read(struct verification *v, const char *path, const char *images)
{
    char folder[VERIFICATION_PATH];
    struct file_lines l;
    size_t n = strlen(images);
    const char *slash = strrchr(path, '/');
    bool pack = n > 4 && strcmp(images + n - 4, ".mkv") == 0;
    *v = (struct verification){0};
    if (strlen(path) >= sizeof folder || n >= sizeof folder - 2)
        return fail(BAD_USAGE, "%s: the path is too long", path);
    if (*images && !pack)
        snprintf(folder, sizeof folder, "%s/", images);
    else
        snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 0, path);
    enum status s = file_lines_open(&l, path);
    if (s)
        return s;
    if (pack)
        snprintf(v->packs[v->n_packs++], VERIFICATION_PATH, "%s", images);
    s = read_lines(v, &l, folder, images);
    file_lines_close(&l);
    if (!s && v->n_pairs == 0)
        s = fail(BAD_DATA, "%s: no pairs", path);
    if (!s && v->pictures[0].pack >= 0 && v->pictures[0].frame < 0)
        s = name_frames(v);
    if (!s && v->n_folds < 2)
        s = fail(BAD_DATA, "%s: one fold; two or more are needed to choose a threshold", path);
    if (s)
        verification_free(v);
    return s;
}

void verification_free(struct verification *v)
{
    for (int i = 0; i < v->n_pictures; i++)
        memory_free(&v->pictures[i].name);
    memory_free(&v->pictures);
    memory_free(&v->pairs);
    *v = (struct verification){0};
}
