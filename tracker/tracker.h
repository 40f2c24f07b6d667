/* SPDX-License-Identifier: MIT
 * Which face is which, from frame to frame: detections to tracks by overlap, motion, look and code; between detections
 * each target is followed by its look (FOLLOW_PIXELS: a grey patch, FOLLOW_FCNT: a head of its own that learns). */
#ifndef FACETRAIL_TRACKER_TRACKER_H
#define FACETRAIL_TRACKER_TRACKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/face.h"
#include "base/image.h"
#include "base/option.h"
#include "base/status.h"

enum tracker_follow { FOLLOW_PIXELS, FOLLOW_FCNT };
struct tracker_options {
    int max;         /* targets at once; faces beyond it go untracked (track -1) */
    int follow;      /* enum tracker_follow */
    int heads;       /* FOLLOW_FCNT: at most so many targets have a head, those with a detection in most need first;
                        the others are followed by pixels */
    int updates;     /* FOLLOW_FCNT: heads that learn in one frame, targets in trouble first */
    float lost;      /* seconds a track may go unseen before it ends */
    float high, low; /* scores: from high on a detection starts a track; from low on it may go on with one, so run
                        the detector at low (or at the score that the user asked for, when that is less) */
    int confirm;     /* detections of just `high` before a track is reported; better ones count for more, up to one */
    float hold;      /* seconds that pixels alone may carry a target which the detector misses */
    float rejoin;    /* least cosine of mean codes at which a new track takes a lost one's id; 0: never */
    float remember;  /* seconds that a lost track may be found again by its code */
};
extern const struct option tracker_option_table[];

/* COASTING: the last detection did not see it, nor do its pixels. */
enum track_state { TRACK_NEW, TRACK_SURE, TRACK_COASTING, TRACK_LOST };
struct track {
    int id;               /* from 1, never reused within a run; 0: not yet reported */
    enum track_state state;
    struct box box;       /* smoothed, working pixels */
    struct point velocity; /* of the centre, pixels a second */
    float certainty;      /* 0 to 1; low when pixels stopped confirming what the last detection saw: detect again */
    int sightings;        /* frames in which a detection confirmed it */
    int n_codes;          /* codes seen so far */
    float code[FACE_CODE]; /* mean of its codes, unit length; valid when n_codes > 0 */
    bool unsettled;       /* it crossed another: a code is wanted to tell them apart */
    int64_t first_us, seen_us; /* seen: confirmed by a detection or by pixels, not by motion alone */
};

struct tracker;
enum status tracker_open(struct tracker **out, const struct tracker_options *o);
/* With `detected`, the n faces are detections (best first) and get their track, smoothed box and marks. Those that
 * only might be faces (under `high` and on no track, or not confirmed yet) are taken out. Without (a frame between
 * detections) what is in `faces` is overwritten. Then the live targets that no detection saw are appended, moved to
 * this frame: FACE_TRACKED, and FACE_COASTING unless the pixels of `im` confirmed them (im.pixels may be NULL: none
 * is). *n is updated, at most max. A frame never has one track twice. The camera may move; cuts are the caller's to
 * see. A jump back in time starts everything anew, but ids go on. */
enum status tracker_update(struct tracker *t, struct image im, int64_t time_us, bool detected, struct face *faces,
                           int max, int *n);
/* A code that was computed after the update joins its track's mean. It may rejoin the track to a lost one whose mean code
 * is near: then the face's track is changed to the older id, which is also returned; else its own id. It may also tell
 * that two tracks which crossed were changed: they get each other's id back, and tracker_track knows both. */
int tracker_learn_code(struct tracker *t, struct face *face);
/* The scene was cut: the next picture has nothing to do with the last. Tracks go to lost at once. */
void tracker_cut(struct tracker *t);
const struct track *tracker_tracks(const struct tracker *t, int *n); /* live ones; until the next update */
const struct track *tracker_track(const struct tracker *t, int id);  /* also lost ones; NULL: gone */
void tracker_close(struct tracker **t);

#endif
