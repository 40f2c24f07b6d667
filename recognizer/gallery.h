/* SPDX-License-Identifier: MIT
 * The people we know: one SQLite file (mode 0600, WAL, shared between programs) and its copy in memory. */
#ifndef FACETRAIL_RECOGNIZER_GALLERY_H
#define FACETRAIL_RECOGNIZER_GALLERY_H

#include <stdbool.h>
#include <stdint.h>

#include "recognizer/recognizer.h"

struct gallery;
struct match { int person; float score, margin; }; /* person -1: nobody; margin: to the second best person */

enum gallery_open_mode { GALLERY_READ, GALLERY_CREATE }; /* READ: a missing file is an empty gallery */
/* `codes` names the net whose codes it holds ("deepid2 <checksum>"): a gallery of another net is BAD_MATCH. A file
 * that is not ours is BAD_DATA, and stays as it is. */
enum status gallery_open(struct gallery **out, const char *path, enum gallery_open_mode mode, const char *codes);
void gallery_close(struct gallery **g);
/* Reloads when another program (or thread) changed the file; cheap when nothing changed; *changed may be NULL. */
enum status gallery_refresh(struct gallery *g, bool *changed);

/* Adds one sample; the person is made when new. `thumbnail` may be an empty image. `source` is where it came from. */
enum status gallery_enroll(struct gallery *g, const char *name, const struct face *face, struct image thumbnail,
                           const char *source);
enum status gallery_rename(struct gallery *g, const char *old_name, const char *new_name);
enum status gallery_merge(struct gallery *g, const char *name, const char *into);
enum status gallery_remove(struct gallery *g, const char *name); /* samples are overwritten, not only unlinked */

struct gallery_person { int id; const char *name; int samples; int64_t added; };
int gallery_people(const struct gallery *g);
const struct gallery_person *gallery_person(const struct gallery *g, int i);
const char *gallery_name(const struct gallery *g, int person_id); /* NULL: none */
struct gallery_sample { int person; float quality; const char *source; int64_t added; struct face face; };
int gallery_samples(const struct gallery *g);
const struct gallery_sample *gallery_sample(const struct gallery *g, int i);
/* Thumbnails as PNG bytes: DIR/NAME/ID.png. */
enum status gallery_export(struct gallery *g, const char *folder);

/* Best person by the mean of the best two sample scores; person_score as recognizer_score. */
struct match gallery_match(const struct gallery *g, const struct recognizer *r, const struct face *face);
/* The default path: $XDG_DATA_HOME/facetrail/gallery.db or ~/.local/share/facetrail/gallery.db. */
enum status gallery_default_path(char *out, int size);

#endif
