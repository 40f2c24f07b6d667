/* SPDX-License-Identifier: MIT
 * Inside tracker/: motion of one target, its look, the camera, one target and all of them. */
#ifndef FACETRAIL_TRACKER_INTERNAL_H
#define FACETRAIL_TRACKER_INTERNAL_H

#include "tracker/assign.h"
#include "tracker/heads.h"
#include "tracker/tracker.h"

/* motion.c: one number and its speed: a constant-velocity Kalman filter in continuous time, so that any frame rate
 * and any gap behave the same. */
struct axis { float x, v, p00, p01, p11; };
void axis_start(struct axis *a, float x, float deviation, float speed_deviation);
void axis_predict(struct axis *a, float dt, float acceleration); /* power of the random acceleration */
/* Corrects by a measurement with that deviation. A surprise widens the belief first, so that a quick start does not
 * leave the box behind. */
void axis_correct(struct axis *a, float measured, float deviation);

/* Centre in pixels, width and height as logarithms (a face grows by a factor, not by pixels). */
struct motion { struct axis cx, cy, lw, lh; };
void motion_start(struct motion *m, struct box box);
void motion_predict(struct motion *m, float dt, bool seen_last);
void motion_shift(struct motion *m, float dx, float dy); /* the camera moved: the place, not the speed */
/* `trust` 1: a sure detection; lower: more of the prediction stays. */
void motion_correct(struct motion *m, struct box box, float trust);
struct box motion_box(const struct motion *m);
float motion_doubt(const struct motion *m); /* deviation of the centre over the box size */

/* follow.c: is the target still there, by its pixels? */
enum { FOLLOW_SIDE = 20, FOLLOW_REACH = 12, FOLLOW_FIELD = FOLLOW_SIDE + 2 * FOLLOW_REACH };
struct follow { bool known; float patch[FOLLOW_SIDE * FOLLOW_SIDE]; }; /* mean 0, length 1 */
/* Takes the look of the box as the target's; `share` 1 replaces, less blends into what is known. */
void follow_learn(struct follow *f, struct image im, struct box box, float share);
/* How like the target the box's pixels are: normalised correlation, -1 to 1. 0 when nothing is known. */
float follow_compare(const struct follow *f, struct image im, struct box box);
/* Moves *box to the most similar place near it (up to FOLLOW_REACH / FOLLOW_SIDE of its size) and scale; returns the
 * correlation there. */
float follow_search(const struct follow *f, struct image im, struct box *box);
/* The same without moving: only the size. */
float follow_size(const struct follow *f, struct image im, struct box *box);

/* camera.c: how the whole picture moved since the last one. */
enum { CAMERA_W = 80, CAMERA_H = 60, CAMERA_REACH = 6 };
struct camera {
    int w, h, picture_w, picture_h; /* of the thumbnail; of the picture it is from, 0: none yet */
    uint8_t luma[2][CAMERA_W * CAMERA_H];
    int now;
};
struct camera_move { bool other; float dx, dy; }; /* pixels of the picture; other: of another size than the last */
struct camera_move camera_update(struct camera *c, struct image im);
/* Mean difference of grey levels from the last picture to this, where a person with that face stands. */
float camera_change(const struct camera *c, struct box face);

/* One target: the public record and what only the tracker knows. */
struct target {
    bool active;        /* false: the slot is free */
    struct track track; /* id 0: not yet reported */
    bool rejoined;      /* took the id of a lost one */
    float belief;       /* that it is a face: reported from 1 on */
    struct motion motion;
    struct follow follow;
    int head;          /* of t->heads; -1: none */
    int64_t learnt_us; /* when the head learnt last */
    bool seen;      /* in this update: by a detection */
    bool confirmed; /* in this update: by pixels */
    int misses;     /* detector runs in a row that did not see it */
    struct box found; /* where it was looked for in this update, and how like it that place is */
    float likeness;
    struct box expected; /* where its head answered in this update, when it was asked: expected_us */
    float heat;
    int64_t expected_us;
    float usual_change; /* camera_change of late */
    bool broken;      /* the picture jumped where it stands: its next codes tell whether it is still the same person */
    int rival;        /* id of the target that it crossed and may have been changed with; 0: nobody */
    int64_t apart_us; /* since when they stand apart; 0: they do not yet */
    int n_fresh;      /* codes since then, not yet part of the track's */
    float fresh[FACE_CODE]; /* their mean, unit length */
    int64_t detected_us;
    struct point marks[FACE_MARKS]; /* in units of the box, 0 to 1 across it */
    bool marked;
    float score; /* of the last detection */
};

struct tracker {
    struct arena *memory;
    struct tracker_options options;
    int n_slots, next_id;
    struct target *targets; /* [n_slots] */
    struct track *view;     /* [n_slots]: what tracker_tracks shows */
    int n_view;
    bool started;
    int64_t time_us;
    struct camera camera;
    struct heads *heads; /* NULL: pixels only */
    struct assign assign;
    float *cost;    /* [rows, n_slots] */
    int *rows, *columns, *match; /* detection and target numbers of the rows and columns; the answer */
    int *owner;     /* target of each face, -1 */
};

/* look.c: a target's patch and head together. */
/* Moves *box to where the target is, near it; returns how sure that is: from LOOK_SAME on, the target is there. */
float look_search(struct tracker *t, const struct target *target, struct image im, struct box *box);
/* The same by the head alone, once in an update: fills target->expected and heat (0: it has no head). */
void look_expect(struct tracker *t, struct target *target, struct image im);
/* The heads of targets that were seen in this update learn, as many as the budget allows. */
void look_learn(struct tracker *t, struct image im);
/* associate.c: gives each of the n faces its target (t->owner) or -1. */
void associate(struct tracker *t, struct image im, const struct face *faces, int n);
/* unseen.c: targets that no detection saw are followed, coast or are over; the reported ones are appended. */
int unseen_follow(struct tracker *t, struct image im, bool detected, struct face *faces, int max, int n);
/* codes.c */
void codes_add(struct track *track, const float *code, int n_code);
void codes_mean(float *mean, int known, const float *code, int n_code); /* `known` codes are in the mean already */
void codes_join(struct track *to, const float *code, int n); /* a mean of n codes into the track's */
float codes_likeness(const float *a, const float *b); /* cosine */
/* cross.c: two targets that cross may come out of it changed; their codes tell. */
void cross_watch(struct tracker *t); /* who crosses whom, who stands apart again */
void cross_break(struct tracker *t, struct target *target); /* whether the picture jumped where it stands */
/* A code of a target that crossed another, or whose picture jumped. True when it was taken: it must not join the track's
 * mean yet. May exchange the two tracks' numbers and codes, or give this one a new number: it is somebody else now, and
 * the old track is lost. */
bool cross_code(struct tracker *t, struct target *target, const float *code, int n_code);
/* target.c */
bool target_is_live(const struct target *target); /* active and not lost */
void target_see(struct tracker *t, struct target *target, struct image im, const struct face *face); /* its detection */
void target_put(const struct target *target, struct face *face); /* number, box and marks */
void target_settle(struct target *target);                       /* the motion's answer into the track */
void target_doubt(const struct tracker *t, struct target *target);
void target_lose(struct tracker *t, struct target *target);
struct target *tracker_slot(struct tracker *t); /* a free one, or the longest lost; NULL when `max` are live */
void tracker_show(struct tracker *t);             /* fills the view */

#endif
