/* SPDX-License-Identifier: MIT
 * Who a matcher serves well, and whom not. */
#include "train/verification_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

enum { COLUMNS = 32 };
enum { EYEGLASSES = 15, MALE = 20, YOUNG = 39 }; /* places in face_attribute_names */

static bool has(const struct verification_label *l, int attribute)
{
    return l->attributes >> attribute & 1;
}

static bool men(const struct verification_label *l) { return l->described && has(l, MALE); }
static bool women(const struct verification_label *l) { return l->described && !has(l, MALE); }
static bool young(const struct verification_label *l) { return l->described && has(l, YOUNG); }
static bool old(const struct verification_label *l) { return l->described && !has(l, YOUNG); }
static bool glasses(const struct verification_label *l) { return l->described && has(l, EYEGLASSES); }
static bool no_glasses(const struct verification_label *l) { return l->described && !has(l, EYEGLASSES); }
static bool sharp(const struct verification_label *l) { return l->scale > 0 && l->scale <= 1; }
static bool blown_up(const struct verification_label *l) { return l->scale > 1 && l->scale <= 1.5F; }
static bool far_blown_up(const struct verification_label *l) { return l->scale > 1.5F; }
static bool labelled(const struct verification_label *l) { return l->described; }

static const struct { const char *name; bool (*in)(const struct verification_label *l); } groups[VERIFICATION_GROUPS] = {
    {"all with attributes", labelled}, {"men", men}, {"women", women}, {"young", young}, {"not young", old},
    {"glasses", glasses}, {"no glasses", no_glasses}, {"source as large as the crop", sharp},
    {"blown up to 1.5 times", blown_up}, {"blown up more", far_blown_up},
};

struct columns { int frame, attributes, scale; };

static void find_columns(struct columns *c, char *const *field, int n)
{
    *c = (struct columns){.frame = -1, .attributes = -1, .scale = -1};
    for (int i = 0; i < n; i++) {
        if (strcmp(field[i], "frame") == 0)
            c->frame = i;
        if (strcmp(field[i], "attributes") == 0)
            c->attributes = i;
        if (strcmp(field[i], "scale") == 0)
            c->scale = i;
    }
}

static void take_row(struct verification_label *out, const struct columns *c, char *const *field, int n)
{
    if (c->scale >= 0 && c->scale < n)
        out->scale = strtof(field[c->scale], NULL);
    if (c->attributes < 0 || c->attributes >= n || strlen(field[c->attributes]) != FACE_ATTRIBUTES)
        return;
    out->described = true;
    for (int i = 0; i < FACE_ATTRIBUTES; i++)
        out->attributes |= (uint64_t)(field[c->attributes][i] == '1') << i;
}

static int by_frame(const void *a, const void *b)
{
    const int *x = a;
    const int *y = b;
    return (x[0] > y[0]) - (x[0] < y[0]);
}

/* order: frame and picture of the pack's pictures, by frame. */
static enum status read_table(struct verification_label *labels, const char *pack, int (*order)[2], int n_order)
{
    char path[VERIFICATION_PATH];
    char *field[COLUMNS];
    struct file_lines l;
    struct columns c = {-1, -1, -1};
    snprintf(path, sizeof path, "%.*s.tsv", (int)(strlen(pack) - 4), pack);
    if (!file_exists(path))
        return OK;
    enum status s = file_lines_open(&l, path);
    if (s)
        return s;
    while (!(s = file_lines_next(&l))) {
        int n = file_fields(l.line, '\t', field, COLUMNS);
        if (l.number == 1)
            find_columns(&c, field, n);
        if (l.number == 1 || c.frame < 0 || c.frame >= n)
            continue;
        int key[2] = {atoi(field[c.frame]), 0};
        int *found = bsearch(key, order, (size_t)n_order, sizeof *order, by_frame);
        if (found)
            take_row(&labels[found[1]], &c, field, n);
    }
    file_lines_close(&l);
    return s == END ? OK : s;
}

enum status verification_labels(struct verification_label *labels, const struct verification *v)
{
    int (*order)[2] = memory_alloc((size_t)v->n_pictures, sizeof *order);
    enum status s = order ? OK : fail(NO_RESOURCE, "verification: no memory");
    for (int p = 0; !s && p < v->n_packs; p++) {
        int n = 0;
        for (int i = 0; i < v->n_pictures; i++)
            if (v->pictures[i].pack == p && v->pictures[i].frame >= 0) {
                order[n][0] = v->pictures[i].frame;
                order[n++][1] = i;
            }
        qsort(order, (size_t)n, sizeof *order, by_frame);
        s = read_table(labels, v->packs[p], order, n);
    }
    memory_free(&order);
    return s;
}

int verification_by_group(struct verification_group out[VERIFICATION_GROUPS], const struct verification *v,
                          const struct verification_label *labels, const struct verification_score *scores,
                          const struct verification_figures *f)
{
    int n = 0;
    for (int g = 0; g < VERIFICATION_GROUPS; g++) {
        struct verification_group *to = &out[n];
        *to = (struct verification_group){.name = groups[g].name};
        for (int i = 0; i < v->n_pairs; i++) {
            const struct verification_score *s = &scores[i];
            if (!groups[g].in(&labels[v->pairs[i].a]) || !groups[g].in(&labels[v->pairs[i].b]))
                continue;
            bool taken = !s->missed && (double)s->score >= f->folds[s->fold].threshold;
            to->n[s->same]++;
            to->wrong[s->same] += s->missed || taken != s->same;
        }
        n += to->n[0] && to->n[1];
    }
    return n;
}
