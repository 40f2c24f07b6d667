/* SPDX-License-Identifier: MIT
 * The faces packs in memory: tables, persons, pairs. Decoding is in data_pixels.c. */
#include "train/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/option.h"
#include "recognizer/recognizer.h"
#include "train/data_internal.h"

enum { COLUMNS = 9, PAIR_COLUMNS = 6, NAME = 64 };

struct warp data_warp(void)
{
    /* The canonical crop's centre lies in the stored crop's centre; pixel centres are at whole numbers. */
    return (struct warp){ .a = DATA_ZOOM, .b = 0, .tx = 0.5f * (DATA_W - 1) - DATA_ZOOM * 0.5f * (CROP_W - 1),
                          .c = 0, .d = DATA_ZOOM, .ty = 0.5f * (DATA_H - 1) - DATA_ZOOM * 0.5f * (CROP_H - 1) };
}

static int name_index(char names[][NAME], int *n, int most, const char *name)
{
    for (int i = *n - 1; i >= 0; i--) /* mostly that of the row before */
        if (!strcmp(names[i], name))
            return i;
    if (*n == most)
        return most - 1;
    snprintf(names[*n], NAME, "%s", name);
    return (*n)++;
}

static bool parse_marks(struct point *marks, const char *text)
{
    float v[2 * FACE_MARKS];
    for (int i = 0; i < 2 * FACE_MARKS; i++) {
        char *end;
        v[i] = strtof(text, &end);
        if (end == text || *end != (i < 2 * FACE_MARKS - 1 ? ',' : '\0'))
            return false;
        text = end + 1;
    }
    for (int i = 0; i < FACE_MARKS; i++)
        marks[i] = (struct point){ v[2 * i], v[2 * i + 1] };
    return true;
}

static bool parse_attributes(struct data_face *f, const char *text)
{
    if (!strcmp(text, "-"))
        return true;
    if (strlen(text) != FACE_ATTRIBUTES)
        return false;
    for (int i = 0; i < FACE_ATTRIBUTES; i++)
        f->attributes |= (uint64_t)(text[i] == '1') << i;
    f->described = true;
    return true;
}

/* frame person set split name score scale marks attributes */
static bool parse_row(struct data *d, struct data_face *f, char **field)
{
    f->frame = atoi(field[0]);
    f->person = atoi(field[1]);
    f->set = (unsigned short)name_index(d->sets, &d->n_sets, DATA_SETS, field[2]);
    f->split = !strcmp(field[3], "val") ? DATA_VAL : !strcmp(field[3], "stranger") ? DATA_STRANGER : DATA_TRAIN;
    f->score = strtof(field[5], NULL);
    f->scale = strtof(field[6], NULL);
    return f->person >= 0 && parse_marks(f->marks, field[7]) && parse_attributes(f, field[8]);
}

static enum status read_table(struct data *d, const struct data_options *o, int pack)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.tsv", d->folder, d->packs[pack]);
    struct file_lines lines;
    enum status s = file_lines_open(&lines, path);
    if (s)
        return s;
    int taken = 0;
    while (!(s = file_lines_next(&lines))) {
        char *field[COLUMNS];
        if (lines.number == 1 && !strncmp(lines.line, "frame\t", 6))
            continue;
        struct data_face f = { .pack = (unsigned char)pack };
        if (file_fields(lines.line, '\t', field, COLUMNS) != COLUMNS || !parse_row(d, &f, field)) {
            s = fail(BAD_DATA, "%s:%d: not a row of a faces pack", path, lines.number);
            break;
        }
        if ((o->splits && !(o->splits & f.split)) || (o->limit && taken == o->limit))
            continue;
        if ((s = memory_grow(&d->faces, &d->room, (size_t)d->n + 1, sizeof *d->faces)))
            break;
        d->faces[d->n++] = f;
        taken++;
    }
    file_lines_close(&lines);
    return s == END ? OK : s;
}

/* Leaves out train persons with few faces, and numbers the others in order of appearance. */
static enum status number_people(struct data *d, int min_faces)
{
    int top = 0;
    for (int i = 0; i < d->n; i++)
        top = d->faces[i].person > top ? d->faces[i].person : top;
    int *count = memory_alloc((size_t)top + 1, sizeof *count);
    int *index = memory_alloc((size_t)top + 1, sizeof *index);
    if (!count || !index) {
        memory_free(&count);
        memory_free(&index);
        return fail(NO_RESOURCE, "data: no memory");
    }
    for (int i = 0; i < d->n; i++)
        count[d->faces[i].person]++;
    int kept = 0;
    for (int i = 0; i < d->n; i++) {
        struct data_face f = d->faces[i];
        if (f.split == DATA_TRAIN && count[f.person] < min_faces)
            continue;
        if (!index[f.person])
            index[f.person] = ++d->n_people;
        f.index = index[f.person] - 1;
        d->faces[kept++] = f;
    }
    d->n = kept;
    memory_free(&count);
    memory_free(&index);
    return OK;
}

static enum status index_people(struct data *d)
{
    d->start = memory_alloc((size_t)d->n_people + 2, sizeof *d->start);
    d->order = memory_alloc((size_t)d->n + 1, sizeof *d->order);
    if (!d->start || !d->order)
        return fail(NO_RESOURCE, "data: no memory");
    for (int i = 0; i < d->n; i++)
        d->start[d->faces[i].index + 2]++;
    for (int p = 0; p < d->n_people; p++)
        d->start[p + 1] += d->start[p];
    for (int i = 0; i < d->n; i++) /* start[p + 1] walks to the end of person p, which is the start of p + 1 */
        d->order[d->start[d->faces[i].index + 1]++] = i;
    return OK;
}

bool data_split_packs(const char *pack, char *folder, char *names, size_t size)
{
    const char *at = pack;
    size_t n = 0;
    names[0] = 0;
    snprintf(folder, size, ".");
    while (*at) {
        size_t length = strcspn(at, ",");
        const char *name = at;
        for (const char *c = at; c < at + length; c++)
            name = *c == '/' ? c + 1 : name;
        if (name > at)
            snprintf(folder, size, "%.*s", (int)(name - at - 1), at);
        size_t word = length - (size_t)(name - at);
        if (word > 4 && !strncmp(name + word - 4, ".mkv", 4))
            word -= 4;
        n += (size_t)snprintf(names + n, n < size ? size - n : 0, "%s%.*s", n ? " " : "", (int)word, name);
        at += length + (at[length] == ',');
    }
    return n && n < size;
}

enum status data_open(struct data **out, const struct data_options *o)
{
    struct data *d = memory_alloc(1, sizeof *d);
    *out = NULL;
    if (!d)
        return fail(NO_RESOURCE, "data: no memory");
    snprintf(d->folder, sizeof d->folder, "%s", o->folder);
    char words[512];
    snprintf(words, sizeof words, "%s", o->packs);
    enum status s = OK;
    char *rest = words;
    for (char *w; !s && (w = strtok_r(rest, " ", &rest));) {
        if (d->n_packs == DATA_PACKS)
            s = fail(BAD_USAGE, "data: more than %d packs", DATA_PACKS);
        else
            snprintf(d->packs[d->n_packs++], NAME, "%s", w);
    }
    for (int i = 0; !s && i < d->n_packs; i++)
        s = read_table(d, o, i);
    if (!s && !(s = number_people(d, o->min_faces)) && !d->n)
        s = fail(BAD_DATA, "%s: no faces in packs \"%s\"", o->folder, o->packs);
    if (s || (s = index_people(d)) || (s = data_read_pixels(d, o))) {
        data_close(&d);
        return fail_in(s, "data");
    }
    *out = d;
    return OK;
}

void data_close(struct data **d)
{
    if (!d || !*d)
        return;
    tensors_close(&(*d)->cache);
    memory_free(&(*d)->owned);
    memory_free(&(*d)->faces);
    memory_free(&(*d)->start);
    memory_free(&(*d)->order);
    memory_free(&(*d)->pairs);
    memory_free(d);
}

int data_count(const struct data *d) { return d->n; }
int data_people(const struct data *d) { return d->n_people; }
const char *data_set_name(const struct data *d, int set) { return d->sets[set]; }
const char *data_pack_name(const struct data *d, int pack) { return d->packs[pack]; }

const struct data_face *data_face(const struct data *d, int i)
{
    CHECK(i >= 0 && i < d->n);
    return &d->faces[i];
}

struct image data_image(const struct data *d, int i)
{
    CHECK(i >= 0 && i < d->n);
    return (struct image){ .pixels = d->pixels + (size_t)i * DATA_BYTES, .w = DATA_W, .h = DATA_H,
                           .stride = DATA_W * IMAGE_PIXEL };
}

const int *data_of_person(const struct data *d, int index, int *n)
{
    CHECK(index >= 0 && index < d->n_people);
    *n = d->start[index + 1] - d->start[index];
    return d->order + d->start[index];
}

/* Faces lie in order of pack and frame. */
int data_find(const struct data *d, const char *pack, int frame)
{
    int p = 0;
    while (p < d->n_packs && strcmp(d->packs[p], pack))
        p++;
    int low = 0, high = d->n;
    while (low < high) {
        int mid = low + (high - low) / 2;
        const struct data_face *f = &d->faces[mid];
        if (f->pack < p || (f->pack == p && f->frame < frame))
            low = mid + 1;
        else
            high = mid;
    }
    return low < d->n && d->faces[low].pack == p && d->faces[low].frame == frame ? low : -1;
}

static enum status read_pairs(struct data *d, const char *path, bool all, const struct data_pair **pairs, int *n)
{
    struct file_lines lines;
    enum status s = file_lines_open(&lines, path);
    if (s)
        return s;
    memory_free(&d->pairs);
    size_t room = 0;
    int count = 0;
    while (!(s = file_lines_next(&lines))) {
        char *f[PAIR_COLUMNS];
        if (lines.number == 1 && !strncmp(lines.line, "fold\t", 5))
            continue;
        if (file_fields(lines.line, '\t', f, PAIR_COLUMNS) != PAIR_COLUMNS) {
            s = fail(BAD_DATA, "%s:%d: not a row of a pairs table", path, lines.number);
            break;
        }
        struct data_pair pair = { .fold = atoi(f[0]), .a = data_find(d, f[2], atoi(f[3])),
                                  .b = data_find(d, f[4], atoi(f[5])), .same = atoi(f[1]) == 1 };
        if (!all && (pair.a < 0 || pair.b < 0))
            continue;
        if (pair.a < 0 || pair.b < 0) {
            s = fail(BAD_DATA, "%s:%d: a face that is not in the packs", path, lines.number);
            break;
        }
        if ((s = memory_grow(&d->pairs, &room, (size_t)count + 1, sizeof *d->pairs)))
            break;
        d->pairs[count++] = pair;
    }
    file_lines_close(&lines);
    *pairs = d->pairs;
    *n = count;
    return s == END ? OK : s;
}

enum status data_pairs(struct data *d, const char *path, const struct data_pair **pairs, int *n)
{
    return read_pairs(d, path, true, pairs, n);
}

enum status data_pairs_within(struct data *d, const char *path, const struct data_pair **pairs, int *n)
{
    return read_pairs(d, path, false, pairs, n);
}
