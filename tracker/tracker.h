/* SPDX-License-Identifier: MIT
 * Which face is which, from frame to frame: detections to tracks by overlap, motion and code.
 * (The place of FCNT: a target's own appearance model will move a track between detections.) */
#ifndef FACETRAIL_TRACKER_TRACKER_H
#define FACETRAIL_TRACKER_TRACKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/face.h"
#include "base/image.h"
#include "base/option.h"
#include "base/status.h"

struct tracker_options {
    int max;           /* targets at once */
    float lost;        /* seconds a track may go unseen before it ends */
    float high, low;   /* scores: high starts a track, low may go on with one (two-stage association) */
    int confirm;       /* sightings before a track is reported as sure */
};
extern const struct option tracker_option_table[];

enum track_state { TRACK_NEW, TRACK_SURE, TRACK_COASTING, TRACK_LOST };
struct track {
    int id;               /* from 1, never reused within a run */
    enum track_state state;
    struct box box;       /* smoothed, working pixels */
    struct point velocity; /* of the centre, pixels a second */
    float certainty;      /* 0 to 1 */
    int sightings;        /* frames in which a detection confirmed it */
    int n_codes;          /* codes seen so far */
    float code[FACE_CODE]; /* mean of its codes, unit length; valid when n_codes > 0 */
    int64_t first_us, seen_us; /* seen: confirmed by pixels, not by motion alone */
};

struct tracker;
enum status tracker_open(struct tracker **out, const struct tracker_options *o);
/* With `detected`, the n faces are detections (best first) and get their track; tracks not seen coast. Without
 * (a frame between detections), `faces` is filled with the moved boxes and marks of live tracks, marked
 * FACE_COASTING unless `im` confirmed them. *n is updated, at most max. A frame never has one track twice.
 * A jump back in time starts everything anew, but ids go on. */
enum status tracker_update(struct tracker *t, struct image im, int64_t time_us, bool detected, struct face *faces,
                           int max, int *n);
/* A code that was computed after the update joins its track's mean, and may rejoin the track to a lost one whose
 * mean code is near: then the face's track is changed to the older id, which is also returned; else its own id. */
int tracker_learn_code(struct tracker *t, struct face *face);
/* The scene was cut (or the source changed): tracks go to lost at once. */
void tracker_cut(struct tracker *t);
const struct track *tracker_tracks(const struct tracker *t, int *n); /* until the next update */
const struct track *tracker_track(const struct tracker *t, int id);  /* NULL: gone */
void tracker_close(struct tracker **t);

#endif
