/* SPDX-License-Identifier: MIT
 * WIDER FACE text, five points a picture, CelebA's attributes, folders of pictures. */
#include "train/scene_files.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/frame.h"
#include "base/memory.h"
#include "capture/capture.h"

enum { MOST_FACES = 100000, SCORE = 4, INVALID = 7, WIDER_FIELDS = 10, PATH = 4096 };

static enum status add_scene(struct scene_table *t, const char *name)
{
    enum status s = memory_grow(&t->scenes, &t->scenes_room, (size_t) t->n_scenes + 1, sizeof *t->scenes);
    if (s) {
        return s;
    }
    struct scene *scene = &t->scenes[t->n_scenes];
    *scene = (struct scene){ .frame = t->n_scenes, .first = t->n_faces, .name = memory_text(name) };
    if (!scene->name) {
        return fail(NO_RESOURCE, "no memory for a table");
    }
    t->n_scenes++;
    return OK;
}

static enum status add_face(struct scene_table *t, struct scene_face f)
{
    const enum status s = memory_grow(&t->faces, &t->faces_room, (size_t) t->n_faces + 1, sizeof *t->faces);
    if (!s) {
        t->faces[t->n_faces++] = f;
        t->scenes[t->n_scenes - 1].n++;
    }
    return s;
}

/* Numbers separated by blanks or commas; how many there were. */
static int numbers(const char *at, float *out, int max)
{
    int n = 0;
    while (n < max) {
        char *end;
        at += strspn(at, " ,\t\r");
        out[n] = strtof(at, &end);
        if (end == at || !isfinite(out[n])) {
            break;
        }
        at = end;
        n++;
    }
    return n;
}

/* found: lines "x y w h score" in place of WIDER's own fields. */
static enum status read_wider_faces(struct scene_table *t, struct file_lines *l, int n, bool found)
{
    for (int i = 0; i < (n || found ? n : 1); i++) { /* WIDER writes a line of zeros when there is no face */
        float v[WIDER_FIELDS];
        enum status s = file_lines_next(l);
        if (s == END && !n) {
            return OK;
        }
        const int have = s ? 0 : numbers(l->line, v, WIDER_FIELDS);
        if (have < (found ? SCORE + 1 : 4)) {
            return fail(BAD_DATA, "%s:%d: not a %s", l->path, l->number,
                        found ? "found box (x y w h score)" : "box (x y w h ...)");
        }
        const struct scene_face f = { .box = { v[0], v[1], v[2], v[3] }, .score = found ? v[SCORE] : 0,
                                      .ignore = !found && have > INVALID && v[INVALID] > 0 };
        if (n && (s = add_face(t, f))) {
            return s;
        }
    }
    return OK;
}

static enum status read_wider_form(struct scene_table *t, struct file_lines *l, bool found)
{
    enum status s;
    while (!(s = file_lines_next(l))) {
        char name[PATH];
        float n;
        if (!l->line[strspn(l->line, " \t\r")]) {
            continue;
        }
        snprintf(name, sizeof name, "%s", l->line);
        name[strcspn(name, "\r")] = 0;
        s = file_lines_next(l);
        if (s || numbers(l->line, &n, 1) != 1 || n < 0 || n > MOST_FACES) {
            return fail(BAD_DATA, "%s:%d: after a picture's name comes the number of its %s", l->path, l->number,
                        found ? "boxes" : "faces");
        }
        if ((s = add_scene(t, name)) || (s = read_wider_faces(t, l, (int) n, found))) {
            return s;
        }
    }
    return s == END ? OK : s;
}

static enum status read_wider(struct scene_table *t, struct file_lines *l)
{
    return read_wider_form(t, l, false);
}

static enum status read_found(struct scene_table *t, struct file_lines *l)
{
    return read_wider_form(t, l, true);
}

static enum status read_marks(struct scene_table *t, struct file_lines *l)
{
    enum status s;
    while (!(s = file_lines_next(l))) {
        struct scene_face f = { .marked = true, .guessed = true };
        float p[2 * FACE_MARKS];
        const size_t name = strcspn(l->line, " ,\t");
        if (!l->line[strspn(l->line, " \t\r")]) {
            continue;
        }
        if (numbers(l->line + name, p, 2 * FACE_MARKS) != 2 * FACE_MARKS) {
            return fail(BAD_DATA, "%s:%d: not a name and five points", l->path, l->number);
        }
        for (int i = 0; i < FACE_MARKS; i++) {
            f.marks[i] = (struct point){ p[2 * i], p[2 * i + 1] };
        }
        f.box = scene_box_of_marks(f.marks);
        l->line[name] = 0;
        if ((s = add_scene(t, l->line)) || (s = add_face(t, f))) {
            return s;
        }
    }
    return s == END ? OK : s;
}

/* The next word of a line, NULL at its end; `*rest` goes on. */
static char *next_word(char **rest)
{
    *rest += strspn(*rest, " ,\t\r");
    char *word = *rest;
    *rest += strcspn(*rest, " ,\t\r");
    if (**rest) {
        *(*rest)++ = 0;
    }
    return *word ? word : NULL;
}

static int attribute_of(const char *name)
{
    for (int i = 0; i < FACE_ATTRIBUTES; i++) {
        if (!strcmp(name, face_attribute_names[i])) {
            return i;
        }
    }
    return -1;
}

/* Which attribute each column is; false: not the line with the names. */
static bool read_columns(int column[FACE_ATTRIBUTES], char *line)
{
    uint64_t seen = 0;
    int n = 0;
    for (char *word; (word = next_word(&line));) {
        const int i = attribute_of(word);
        if (i < 0 && !n) {
            continue; /* "image_id", or the number of pictures */
        }
        if (i < 0 || n == FACE_ATTRIBUTES || seen >> i & 1) {
            return false;
        }
        column[n++] = i;
        seen |= (uint64_t) 1 << i;
    }
    return n == FACE_ATTRIBUTES;
}

static enum status read_attributes(struct scene_table *t, struct file_lines *l)
{
    int column[FACE_ATTRIBUTES];
    bool known = false;
    enum status s;
    while (!(s = file_lines_next(l))) {
        struct scene_face f = { .tagged = true };
        float v[FACE_ATTRIBUTES];
        if (!known) {
            known = read_columns(column, l->line);
            if (!known && l->number > 1) {
                return fail(BAD_DATA, "%s:%d: not the names of CelebA's %d attributes", l->path, l->number, FACE_ATTRIBUTES);
            }
            continue;
        }
        char *rest = l->line;
        const char *name = next_word(&rest);
        if (!name) {
            continue;
        }
        if (numbers(rest, v, FACE_ATTRIBUTES) != FACE_ATTRIBUTES) {
            return fail(BAD_DATA, "%s:%d: not a name and %d numbers", l->path, l->number, FACE_ATTRIBUTES);
        }
        for (int i = 0; i < FACE_ATTRIBUTES; i++) {
            f.tags |= (uint64_t) (v[i] > 0) << column[i];
        }
        if ((s = add_scene(t, name)) || (s = add_face(t, f))) {
            return s;
        }
    }
    return s == END ? OK : s;
}

static enum status open_text(struct scene_table *out, const char *path,
                             enum status (*read)(struct scene_table *, struct file_lines *))
{
    struct file_lines l;
    memset(out, 0, sizeof *out);
    enum status s = file_lines_open(&l, path);
    if (s) {
        return s;
    }
    s = read(out, &l);
    file_lines_close(&l);
    if (!s && !out->n_scenes) {
        s = fail(BAD_DATA, "%s: names no picture", path);
    }
    if (s) {
        scene_table_close(out);
    }
    return s;
}

enum status scene_files_wider(struct scene_table *out, const char *path)
{
    return open_text(out, path, read_wider);
}

enum status scene_files_found(struct scene_table *out, const char *path)
{
    return open_text(out, path, read_found);
}

enum status scene_files_marks(struct scene_table *out, const char *path)
{
    return open_text(out, path, read_marks);
}

enum status scene_files_attributes(struct scene_table *out, const char *path)
{
    return open_text(out, path, read_attributes);
}

static enum status see_file(struct scene *scene, const char *path, struct frame *f, scene_see see, void *context)
{
    struct capture_options o;
    struct capture *c = NULL;
    atomic_bool stop = false;
    option_defaults(capture_option_table, &o);
    o.width = o.height = o.picture_width = 0; /* as it is */
    enum status s = capture_open(&c, path, &o, &stop);
    if (!s) {
        s = capture_read(c, f);
        s = s == END ? fail(BAD_DATA, "%s: holds no picture", path) : s;
    }
    if (!s) {
        scene->picture = f->source;
        s = see(context, scene);
        scene->picture = (struct image){ NULL, f->source.w, f->source.h, 0 };
    }
    capture_close(&c);
    return s;
}

enum status scene_files_each(struct scene_table *t, const char *folder, scene_see see, void *context)
{
    struct frame_pool *pool = NULL;
    enum status s = frame_pool_create(&pool, 1, 1);
    if (s) {
        return s;
    }
    struct frame *f = frame_get(pool);
    for (int i = 0; i < t->n_scenes && !s; i++) {
        char path[PATH];
        snprintf(path, sizeof path, "%s/%s", folder, t->scenes[i].name);
        if (!file_exists(path)) {
            snprintf(path, sizeof path, "%s/images/%s", folder, t->scenes[i].name);
        }
        s = see_file(&t->scenes[i], path, f, see, context);
    }
    frame_put(pool, f);
    frame_pool_free(&pool);
    return s;
}

enum status scene_source_open(struct scene_table *out, const struct scene_source *s, bool marks)
{
    char tsv[PATH];
    const bool pack = s->pack && s->pack[0];
    const bool files = s->truth && s->truth[0] && s->images && s->images[0];
    if (pack == files) {
        return fail(BAD_USAGE, "either --pack FILE.mkv, or --truth FILE and --images FOLDER");
    }
    if (files) {
        return marks ? scene_files_marks(out, s->truth) : scene_files_wider(out, s->truth);
    }
    const char *dot = strrchr(s->pack, '.');
    const char *slash = strrchr(s->pack, '/');
    const int stem = dot && (!slash || dot > slash) ? (int) (dot - s->pack) : (int) strlen(s->pack);
    snprintf(tsv, sizeof tsv, "%.*s.tsv", stem, s->pack);
    const enum status bad = scene_table_open(out, tsv, s->split && s->split[0] ? s->split : NULL);
    if (!bad && !out->n_scenes) {
        scene_table_close(out);
        return fail(BAD_DATA, "%s: no picture of split %s", tsv, s->split);
    }
    return bad;
}

enum status scene_source_each(struct scene_table *t, const struct scene_source *s, scene_see see, void *context)
{
    return s->pack && s->pack[0] ? scene_each(t, s->pack, see, context)
                                 : scene_files_each(t, s->images, see, context);
}
