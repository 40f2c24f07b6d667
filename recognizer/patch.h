/* SPDX-License-Identifier: MIT
 * Patches of a face (papers.md sections 2 and 3): each net of an ensemble sees its own part, at its own scale, with or
 * without colour. The net's options say which, so a weights file knows its patch. */
#ifndef FACETRAIL_RECOGNIZER_PATCH_H
#define FACETRAIL_RECOGNIZER_PATCH_H

#include "nets/net.h"
#include "recognizer/recognizer.h"

struct patch {
    struct warp to_crop; /* coordinates in the patch, CROP_W x CROP_H as well -> in the canonical crop */
    bool grey;
};
/* `options`: those of `model`; the whole face for models that have no patches. */
struct patch patch_of(const struct model *model, const void *options);
/* Patch of the mirrored face: its left eye is the face's right eye turned round, as the paper pairs them. */
struct warp patch_mirrored(const struct patch *p);
/* planes [3, CROP_H, CROP_W] R, G, B: each becomes their luma. */
void patch_remove_colour(float *planes);

#endif
