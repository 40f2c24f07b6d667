/* SPDX-License-Identifier: MIT
 * The people we know: one SQLite file (mode 0600, WAL, shared between programs) and its copy in memory. */
#ifndef FACETRAIL_RECOGNIZER_GALLERY_H
#define FACETRAIL_RECOGNIZER_GALLERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recognizer/recognizer.h"

struct gallery;
struct match { int person; float score, margin; }; /* person -1: nobody; margin: to the second best person */

enum gallery_open_mode { GALLERY_READ, GALLERY_CREATE }; /* READ: a missing file is an empty gallery */
/* `codes` (recognizer_codes) names the net whose codes it holds: a gallery of another net is BAD_MATCH, unless it has
 * no samples. NULL: any, for commands that compare nothing and add nothing. A file that is not ours, or is damaged, is
 * BAD_DATA, and stays as it is. GALLERY_READ on a missing file looks again at each gallery_refresh. */
enum status gallery_open(struct gallery **out, const char *path, enum gallery_open_mode mode, const char *codes);
void gallery_close(struct gallery **g);
/* Reloads when another program (or thread) changed the file; cheap when nothing changed; *changed may be NULL. */
enum status gallery_refresh(struct gallery *g, bool *changed);

/* 1 to 255 bytes of UTF-8 that is not blank, without control characters; else BAD_USAGE. */
enum status gallery_check_name(const char *name);
/* Bytes of a PNG (pipeline/draw_png.h makes them); size 0: none. */
struct gallery_thumbnail { const void *png; size_t size; };
/* Adds one sample of a coded face; the person is made when new. `source` is where it came from. */
enum status gallery_enroll(struct gallery *g, const char *name, const struct face *face,
                           struct gallery_thumbnail thumbnail, const char *source);
/* Between them several changes become one: all or nothing. */
enum status gallery_begin(struct gallery *g);
enum status gallery_commit(struct gallery *g);
void gallery_rollback(struct gallery *g);
enum status gallery_rename(struct gallery *g, const char *old_name, const char *new_name);
enum status gallery_merge(struct gallery *g, const char *name, const char *into);
enum status gallery_remove(struct gallery *g, const char *name); /* samples are overwritten, not only unlinked */

struct gallery_person { int id; const char *name; int samples; int64_t added; };
int gallery_people(const struct gallery *g);
const struct gallery_person *gallery_person(const struct gallery *g, int i);
const char *gallery_name(const struct gallery *g, int person_id); /* NULL: none */
int gallery_find(const struct gallery *g, const char *name);           /* id; -1: nobody */
struct gallery_sample {
    int64_t id;
    int person, n_code;
    float quality;
    const char *source;
    int64_t added; /* seconds since 1970 */
    const float *code;
    const uint64_t *bits;
}; /* all pointers until the next change or refresh */
int gallery_samples(const struct gallery *g);
const struct gallery_sample *gallery_sample(const struct gallery *g, int i);
void gallery_sample_face(const struct gallery_sample *s, struct face *out); /* coded, with its quality, no more */
/* A sample that has a thumbnail: whose it is and where it came from; until `take` returns. */
struct gallery_kept { const char *name, *source; int64_t id; struct gallery_thumbnail thumbnail; };
/* Calls `take` for each of them in order, up to its first failure. */
typedef enum status gallery_take(void *context, const struct gallery_kept *kept);
enum status gallery_thumbnails(struct gallery *g, gallery_take *take, void *context);
/* Thumbnails as PNG files: FOLDER/NAME/ID.png ('/' and a leading '.' in a name become '_'). */
enum status gallery_export(struct gallery *g, const char *folder, int *n_written);

/* Best person by the mean of the best two sample scores, weighted by the samples' quality; score and margin as
 * recognizer_score. Up to SEARCH_MANY samples (recognizer/search.h) everybody is compared; of more, those with the
 * nearest bits, which finds whom all would find in 999 of 1000 searches, with the same score; the margin may then be a
 * little too large. The first call after a change prepares the samples for this recognizer; the others allocate
 * nothing. One thread at a time. person -1: nobody is in the gallery, or the face has no code. */
struct match gallery_match(const struct gallery *g, const struct recognizer *r, const struct face *face);
/* The score of one person alone, as gallery_match gives it to the best; false: he has no samples, or the face no code. */
bool gallery_score(const struct gallery *g, const struct recognizer *r, const struct face *face, int person,
                   float *score);
/* How many single comparisons a look at the whole gallery is worth to a stranger: a person of n samples counts for one,
 * or for n / 3 when that is more. Measured on validation people: the fused score of 2, 4, 8, 16 samples exceeds a
 * threshold 0.4, 1.2, 2.5, 5.8 times as often as that of one. */
int gallery_comparisons(const struct gallery *g);
/* Least score of gallery_match at which a face may be named: recognizer_threshold for this gallery. */
float gallery_threshold(const struct gallery *g, const struct recognizer *r);
/* The default path: $XDG_DATA_HOME/facetrail/gallery.db or ~/.local/share/facetrail/gallery.db. */
enum status gallery_default_path(char *out, int size);

#endif
