/* SPDX-License-Identifier: MIT
 * Inside the gallery: the copy in memory (gallery.c), the file (gallery_sql.c), comparing (gallery_match.c). */
#ifndef FACETRAIL_RECOGNIZER_GALLERY_INTERNAL_H
#define FACETRAIL_RECOGNIZER_GALLERY_INTERNAL_H

#include "recognizer/gallery.h"
#include "recognizer/search.h"

/* All of the file but the thumbnails. Rebuilt as a whole: on failure the old one stays. */
struct gallery_copy {
    const char *path; /* for messages */
    struct gallery_person *people; /* by name; `name` and `source` are owned */
    int n_people;
    size_t people_room;
    int *by_id; /* places of people, in the order of their ids */
    struct gallery_sample *samples; /* by person, then by age; codes and bits are owned, one block a sample */
    int n_samples;
    size_t samples_room;
};
void gallery_copy_free(struct gallery_copy *c);
/* One row of the file; BAD_DATA when a value cannot be. People come first. */
struct gallery_row {
    int64_t id, person, added;
    const void *code, *bits;
    size_t code_size, bits_size;
    double quality;
    const char *source;
};
enum status gallery_take_person(struct gallery_copy *c, int64_t id, const char *name, int64_t added);
/* Once all people are there; samples come after it. */
enum status gallery_sort_people(struct gallery_copy *c);
enum status gallery_take_sample(struct gallery_copy *c, const struct gallery_row *row);

/* The person of that id, NULL: none. Needs gallery_sort_people. */
struct gallery_person *gallery_copy_person(const struct gallery_copy *c, int64_t id);

struct gallery_file;
/* *out NULL with OK: GALLERY_READ and there is no file. */
enum status gallery_file_open(struct gallery_file **out, const char *path, enum gallery_open_mode mode,
                              const char *codes);
void gallery_file_close(struct gallery_file **f);
/* A number that changes when another connection commits. */
enum status gallery_file_version(struct gallery_file *f, int64_t *version);
enum status gallery_file_load(struct gallery_file *f, struct gallery_copy *out);

/* One statement with its values in order of the letters: i int64, f double, t text, b bytes (pointer, size_t). */
enum status gallery_file_do(struct gallery_file *f, const char *sql, const char *kinds, ...);
/* The same for one number; *found false when there is no row. */
enum status gallery_file_number(struct gallery_file *f, int64_t *out, bool *found, const char *sql, const char *kinds,
                                ...);
/* After a removal: what was removed must not stay in the journal. Best effort. */
void gallery_file_forget(struct gallery_file *f);
/* Calls `take` for each row of a query of name, id, thumbnail and source. */
enum status gallery_file_each(struct gallery_file *f, const char *sql, gallery_take *take, void *context);

struct gallery {
    char *path, *codes;
    enum gallery_open_mode mode;
    struct gallery_file *file; /* NULL: not there yet */
    int64_t version;
    bool changed; /* by us, since the copy was made */
    int inside;   /* gallery_begin without its end */
    struct gallery_copy copy;
    struct search *search; /* a cache: changes while the gallery is only looked at */
};

#endif
