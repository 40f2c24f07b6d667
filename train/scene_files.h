/* SPDX-License-Identifier: MIT
 * Plain folders of pictures with the field's own label files, as scenes. */
#ifndef FACETRAIL_TRAIN_SCENE_FILES_H
#define FACETRAIL_TRAIN_SCENE_FILES_H

#include "train/scene.h"

/* WIDER FACE text: a name, a number, so many lines "x y w h blur expression illumination invalid ..."; invalid faces
 * become ignored ones. */
enum status scene_files_wider(struct scene_table *out, const char *path);
/* What a program found, in that form: lines "x y w h score"; none when the number is 0. */
enum status scene_files_found(struct scene_table *out, const char *path);
/* A line a picture: a name and ten numbers, five points. */
enum status scene_files_marks(struct scene_table *out, const char *path);
/* CelebA's text: a line with the names of the 40 attributes, in any order (a number may stand above it, a word before it),
 * then a line a picture: its name and 1 or -1 (or 0) each. Blanks or commas. */
enum status scene_files_attributes(struct scene_table *out, const char *path);
/* Like scene_each, from FOLDER/name or FOLDER/images/name. */
enum status scene_files_each(struct scene_table *t, const char *folder, scene_see see, void *context);

/* What `eval detection` and `eval marks` share: --pack FILE.mkv [--split NAME], or --truth FILE --images DIR. */
struct scene_source { const char *pack, *split, *truth, *images; };
enum status scene_source_open(struct scene_table *out, const struct scene_source *s, bool marks);
enum status scene_source_each(struct scene_table *t, const struct scene_source *s, scene_see see, void *context);

#endif
