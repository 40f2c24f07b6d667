/* SPDX-License-Identifier: MIT
 * Detect and track: which frames are searched for faces, and which face is which. */
#include "pipeline/stages.h"

#include "capture/capture.h"
#include "detector/detector.h"
#include "pipeline/cut.h"
#include "tracker/tracker.h"

struct detect {
    const struct run_context *context;
    struct detect_options options;
    struct cut cut;
    int64_t since; /* frames since the last detection, -1: none yet */
};

enum status search_frame(void *state, struct frame *f)
{
    const struct search *s = state;
    const int max = s->options->max < f->max_faces ? s->options->max : f->max_faces;
    f->searched = true;
    return detector_run(s->detector, f->image, s->options->min_size / f->to_source, f->faces, max, &f->n_faces);
}

static enum status detect_open(void *state, const struct run_context *context, const void *options)
{
    struct detect *d = state;
    d->context = context;
    d->options = *(const struct detect_options *)options;
    d->since = d->options.every;
    return OK;
}

static float least_certainty(const struct tracker *t)
{
    int n = 0;
    float least = 1;
    const struct track *tracks = t ? tracker_tracks(t, &n) : NULL;
    for (int i = 0; i < n; i++)
        if (tracks[i].state == TRACK_SURE && tracks[i].certainty < least)
            least = tracks[i].certainty;
    return least;
}

static enum status detect_run(void *state, struct frame *f)
{
    struct detect *d = state;
    struct analysis *a = d->context->analysis;
    bool picture = d->context->info->kind == CAPTURE_PICTURES;
    a->cut = !picture && cut_sees(&d->cut, f->image);
    struct budget_scene scene = {.picture = picture, .cut = a->cut, .since = d->since,
                                 .least_certainty = least_certainty(d->context->tracker)};
    struct search search = {.detector = d->context->detector, .options = &d->options};
    d->since++;
    a->detected = f->searched || budget_detects(&d->options, &scene);
    if (!a->detected)
        return OK;
    d->since = 1;
    return f->searched ? OK : search_frame(&search, f);
}

const struct stage_kind stage_detect = {
    .name = "detect", .about = "where faces are", .state_size = sizeof(struct detect), .open = detect_open, .run = detect_run,
};

struct track_state_of_run {
    const struct run_context *context;
    int64_t detected_us; /* time of the last detection, in the source */
    int next_id;         /* still pictures: every face is its own track */
};

static enum status track_open(void *state, const struct run_context *context, const void *options)
{
    struct track_state_of_run *t = state;
    (void)options;
    t->context = context;
    t->next_id = 1;
    return OK;
}

static void track_picture(struct track_state_of_run *t, struct frame *f)
{
    for (int i = 0; i < f->n_faces; i++) {
        f->faces[i].track = t->next_id++;
        f->faces[i].has |= FACE_TRACKED;
    }
}

/* Between detections the tracker marks a face as coasting unless its pixels confirmed it. A track that the last
 * detection did see is reported all the same: the prediction over a few frames is what was asked for. */
static void report_followed(const struct track_state_of_run *t, struct frame *f)
{
    for (int i = 0; i < f->n_faces; i++) {
        const struct track *track = tracker_track(t->context->tracker, f->faces[i].track);
        if (track && track->state != TRACK_LOST && track->seen_us >= t->detected_us)
            f->faces[i].has &= ~(unsigned)FACE_COASTING;
    }
}

static enum status track_run(void *state, struct frame *f)
{
    struct track_state_of_run *t = state;
    const struct analysis *a = t->context->analysis;
    if (t->context->info->kind == CAPTURE_PICTURES) {
        track_picture(t, f);
        return OK;
    }
    if (a->cut)
        tracker_cut(t->context->tracker);
    enum status s = tracker_update(t->context->tracker, f->image, f->time_us, a->detected, f->faces, f->max_faces,
                                   &f->n_faces);
    if (a->detected)
        t->detected_us = f->time_us;
    else if (s == OK)
        report_followed(t, f);
    return s;
}

const struct stage_kind stage_track = {
    .name = "track", .about = "which face is which", .state_size = sizeof(struct track_state_of_run), .open = track_open,
    .run = track_run,
};
