/* SPDX-License-Identifier: MIT
 * The people we know: opening, looking, changing. The file is the truth; the copy in memory is rebuilt as a whole. */
#include "recognizer/gallery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/file.h"
#include "base/memory.h"
#include "recognizer/gallery_internal.h"

void gallery_copy_free(struct gallery_copy *c)
{
    for (int i = 0; i < c->n_people; i++)
        memory_free(&c->people[i].name);
    for (int i = 0; i < c->n_samples; i++) {
        memory_free(&c->samples[i].source);
        memory_free(&c->samples[i].bits); /* the block's begin */
    }
    memory_free(&c->people);
    memory_free(&c->by_id);
    memory_free(&c->samples);
    *c = (struct gallery_copy){0};
}

static enum status reload(struct gallery *g)
{
    struct gallery_copy fresh = {0};
    int64_t version = 0;
    enum status s = OK;
    /* The version is asked first: a change in between is then seen once more, never missed. */
    if (g->file && ((s = gallery_file_version(g->file, &version)) || (s = gallery_file_load(g->file, &fresh)))) {
        gallery_copy_free(&fresh);
        return s;
    }
    gallery_copy_free(&g->copy);
    g->copy = fresh;
    g->version = version;
    g->changed = false;
    search_forget(g->search);
    return OK;
}

enum status gallery_open(struct gallery **out, const char *path, enum gallery_open_mode mode, const char *codes)
{
    struct gallery *g = memory_alloc(1, sizeof *g);
    *out = NULL;
    if (!g)
        return fail(NO_RESOURCE, "%s: no memory", path);
    g->mode = mode;
    g->path = memory_text(path);
    g->codes = codes ? memory_text(codes) : NULL;
    enum status s = search_create(&g->search);
    if (!g->path || (codes && !g->codes))
        s = fail(NO_RESOURCE, "%s: no memory", path);
    if (!s && mode == GALLERY_CREATE)
        s = file_make_folders_above(path);
    if (!s)
        s = gallery_file_open(&g->file, path, mode, codes);
    if (!s)
        s = reload(g);
    if (s) {
        gallery_close(&g);
        return s;
    }
    *out = g;
    return OK;
}

void gallery_close(struct gallery **g)
{
    if (!*g)
        return;
    gallery_file_close(&(*g)->file);
    gallery_copy_free(&(*g)->copy);
    search_free(&(*g)->search);
    memory_free(&(*g)->path);
    memory_free(&(*g)->codes);
    memory_free(g);
}

enum status gallery_refresh(struct gallery *g, bool *changed)
{
    int64_t version = 0;
    enum status s = OK;
    if (changed)
        *changed = false;
    if (!g->file)
        s = gallery_file_open(&g->file, g->path, g->mode, g->codes);
    if (s || !g->file)
        return s;
    if ((s = gallery_file_version(g->file, &version)))
        return s;
    if (version == g->version && !g->changed)
        return OK;
    if ((s = reload(g)))
        return s;
    if (changed)
        *changed = true;
    return OK;
}

/* Every change ends here: our own commits do not move the version that gallery_refresh asks for. */
static enum status changed(struct gallery *g)
{
    g->changed = true;
    return g->inside ? OK : reload(g);
}

static enum status writable(struct gallery *g)
{
    if (!g->file)
        return fail(BAD_USAGE, "%s: there is no such gallery", g->path);
    return OK;
}

enum status gallery_begin(struct gallery *g)
{
    enum status s = writable(g);
    CHECK(!g->inside);
    if (!s && !(s = gallery_file_do(g->file, "BEGIN IMMEDIATE", "")))
        g->inside = 1;
    return s;
}

enum status gallery_commit(struct gallery *g)
{
    CHECK(g->inside);
    enum status s = gallery_file_do(g->file, "COMMIT", "");
    if (s) {
        gallery_rollback(g);
        return s;
    }
    g->inside = 0;
    return reload(g);
}

void gallery_rollback(struct gallery *g)
{
    if (!g->inside)
        return;
    g->inside = 0;
    (void)gallery_file_do(g->file, "ROLLBACK", "");
    (void)reload(g);
}

/* Id of a person by name; BAD_USAGE when there is none. */
static enum status find(struct gallery *g, const char *name, int64_t *id)
{
    bool found;
    enum status s = writable(g);
    if (!s && !(s = gallery_file_number(g->file, id, &found, "SELECT id FROM people WHERE name = ?", "t", name)) &&
        !found)
        s = fail(BAD_USAGE, "%s: nobody is called %s", g->path, name);
    return s;
}

static enum status find_or_add(struct gallery *g, const char *name, int64_t now, int64_t *id)
{
    bool found;
    enum status s = gallery_file_do(g->file, "INSERT OR IGNORE INTO people(name, added) VALUES (?, ?)", "ti", name,
                                    now);
    if (!s)
        s = gallery_file_number(g->file, id, &found, "SELECT id FROM people WHERE name = ?", "t", name);
    return s;
}

enum status gallery_enroll(struct gallery *g, const char *name, const struct face *face,
                           struct gallery_thumbnail thumbnail, const char *source)
{
    CHECK(face->has & FACE_CODED && g->codes);
    int64_t person = 0;
    int64_t now = (int64_t)time(NULL);
    bool alone = !g->inside;
    enum status s = gallery_check_name(name);
    if (s || (s = writable(g)) || (alone && (s = gallery_begin(g))))
        return s;
    size_t n = (size_t)face->n_code;
    if (!(s = find_or_add(g, name, now, &person)))
        s = gallery_file_do(g->file,
                            "INSERT INTO samples(person, code, bits, quality, thumbnail, source, added) "
                            "VALUES (?, ?, ?, ?, ?, ?, ?)",
                            "ibbfbti", person, face->code, n * sizeof *face->code, face->bits,
                            (n + 63) / 64 * sizeof *face->bits, (double)face->quality, thumbnail.png, thumbnail.size,
                            source ? source : "", now);
    if (alone) {
        if (s)
            gallery_rollback(g);
        else
            s = gallery_commit(g);
        return s;
    }
    return s ? s : changed(g);
}

enum status gallery_rename(struct gallery *g, const char *old_name, const char *new_name)
{
    int64_t id;
    int64_t other;
    bool taken;
    enum status s = gallery_check_name(new_name);
    if (s || (s = find(g, old_name, &id)) ||
        (s = gallery_file_number(g->file, &other, &taken, "SELECT id FROM people WHERE name = ?", "t", new_name)))
        return s;
    if (taken && other != id)
        return fail(BAD_USAGE, "%s: %s is there already; `merge` makes one person of two", g->path, new_name);
    if ((s = gallery_file_do(g->file, "UPDATE people SET name = ? WHERE id = ?", "ti", new_name, id)))
        return s;
    return changed(g);
}

enum status gallery_merge(struct gallery *g, const char *name, const char *into)
{
    int64_t from;
    int64_t to;
    enum status s;
    if ((s = find(g, name, &from)) || (s = find(g, into, &to)))
        return s;
    if (from == to)
        return fail(BAD_USAGE, "%s: %s cannot be merged with itself", g->path, name);
    bool alone = !g->inside;
    if (alone && (s = gallery_begin(g)))
        return s;
    if ((s = gallery_file_do(g->file, "UPDATE samples SET person = ? WHERE person = ?", "ii", to, from)) ||
        (s = gallery_file_do(g->file, "DELETE FROM people WHERE id = ?", "i", from))) {
        if (alone)
            gallery_rollback(g);
        return s;
    }
    return alone ? gallery_commit(g) : changed(g);
}

enum status gallery_remove(struct gallery *g, const char *name)
{
    int64_t id;
    enum status s = find(g, name, &id);
    if (s || (s = gallery_file_do(g->file, "DELETE FROM people WHERE id = ?", "i", id))) /* samples go along */
        return s;
    if (!g->inside)
        gallery_file_forget(g->file);
    return changed(g);
}

int gallery_people(const struct gallery *g)
{
    return g->copy.n_people;
}

const struct gallery_person *gallery_person(const struct gallery *g, int i)
{
    return &g->copy.people[i];
}

const char *gallery_name(const struct gallery *g, int person_id)
{
    const struct gallery_person *p = gallery_copy_person(&g->copy, person_id);
    return p ? p->name : NULL;
}

int gallery_find(const struct gallery *g, const char *name)
{
    for (int i = 0; i < g->copy.n_people; i++)
        if (strcmp(g->copy.people[i].name, name) == 0)
            return g->copy.people[i].id;
    return -1;
}

int gallery_samples(const struct gallery *g)
{
    return g->copy.n_samples;
}

const struct gallery_sample *gallery_sample(const struct gallery *g, int i)
{
    return &g->copy.samples[i];
}

enum status gallery_default_path(char *out, int size)
{
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    int n;
    if (data && data[0] == '/') /* the standard says: relative ones are to be ignored */
        n = snprintf(out, (size_t)size, "%s/facetrail/gallery.db", data);
    else if (home && *home)
        n = snprintf(out, (size_t)size, "%s/.local/share/facetrail/gallery.db", home);
    else
        return fail(BAD_USAGE, "neither XDG_DATA_HOME nor HOME is set: say where the gallery is with --gallery FILE");
    return n < size ? OK : fail(BAD_USAGE, "the path of the gallery is too long");
}
