/* SPDX-License-Identifier: MIT
 * Describe and identify: codes for the faces that need one most, votes along each track, names; and enrolment of who
 * is pointed at in the window. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "capture/capture.h"
#include "pipeline/advice.h"
#include "pipeline/draw_png.h"
#include "pipeline/requests.h"
#include "pipeline/stages.h"
#include "pipeline/vote.h"
#include "recognizer/gallery.h"
#include "tracker/tracker.h"

enum { TRACK_SLOTS = 512, FACES_ROOM = 2048, ANSWER_SIZE = 400 };

const struct option identify_option_table[] = {
    {"refresh", OPTION_FLOAT, offsetof(struct identify_options, refresh), "1", 0, 3600, NULL,
     "seconds of the source between two looks whether another program changed the gallery"},
    {"samples", OPTION_INT, offsetof(struct identify_options, samples), "3", 1, 50, NULL,
     "samples taken, at different moments, of a face that is enrolled in the window"},
    {0},
};

/* How often each track was looked at: a table addressed by track number; a newer track may push an older one out,
 * which is then described once more than needed. */
struct looks { int track, n; int64_t last_us; };

struct describe {
    const struct run_context *context;
    struct describe_options options;
    bool picture;
    int generation; /* of the gallery when the looks were made */
    struct looks looks[TRACK_SLOTS];
    struct budget_face candidates[FACES_ROOM];
    int which[FACES_ROOM];
};

static enum status describe_open(void *state, const struct run_context *context, const void *options)
{
    struct describe *d = state;
    d->context = context;
    d->options = *(const struct describe_options *)options;
    d->picture = context->info->kind == CAPTURE_PICTURES;
    return OK;
}

static struct looks *looks_of(struct describe *d, int track)
{
    struct looks *l = &d->looks[(unsigned)track % TRACK_SLOTS];
    if (l->track != track)
        *l = (struct looks){.track = track};
    return l;
}

/* Without people to compare with, codes still tell returning tracks: a few looks are enough for that. */
static float sureness(const struct analysis *a, int track, int looks)
{
    return a->naming ? vote_sureness(&a->votes, track, a->threshold) : (float)looks / 3;
}

static struct budget_face candidate(struct describe *d, const struct frame *f, const struct face *face)
{
    struct budget_face c = {.usable = (face->has & FACE_MARKED) && face_is_reported(face),
                            .height = face->box.h * f->to_source,
                            .quality = face->score * face->box.h};
    if (d->picture || !c.usable || face->track == d->context->analysis->wanted_track)
        return c;
    const struct looks *l = looks_of(d, face->track);
    c.looks = l->n;
    c.since_us = f->time_us >= l->last_us ? f->time_us - l->last_us : 0;
    c.sureness = sureness(d->context->analysis, face->track, l->n);
    const struct track *track = tracker_track(d->context->tracker, face->track);
    if (track && track->unsettled)
        c.looks = 0; /* as urgent as a new one */
    return c;
}

/* A code may tell that a new track is an old one come back, or that two tracks which crossed were changed. */
static void learn_code(struct describe *d, struct frame *f, struct face *face)
{
    int before = face->track;
    tracker_learn_code(d->context->tracker, face);
    struct looks *l = looks_of(d, face->track);
    l->n++;
    l->last_us = f->time_us;
    if (face->track == before)
        return;
    for (int i = 0; i < f->n_faces; i++)
        if (&f->faces[i] != face && f->faces[i].track == face->track)
            f->faces[i].track = before;
    if (!tracker_track(d->context->tracker, before))
        vote_merge(&d->context->analysis->votes, before, face->track);
}

static enum status describe_run(void *state, struct frame *f)
{
    struct describe *d = state;
    if (!d->context->recognizer)
        return OK;
    if (d->generation != d->context->analysis->generation) {
        d->generation = d->context->analysis->generation;
        memset(d->looks, 0, sizeof d->looks);
    }
    int n = f->n_faces < FACES_ROOM ? f->n_faces : FACES_ROOM;
    for (int i = 0; i < n; i++)
        d->candidates[i] = candidate(d, f, &f->faces[i]);
    int chosen = budget_describes(&d->options, d->candidates, n, !d->picture, d->which);
    if (chosen == 0)
        return OK;
    recognizer_describe(d->context->recognizer, f->source, f->to_source, f->faces, d->which, chosen);
    for (int i = 0; i < chosen && !d->picture; i++)
        learn_code(d, f, &f->faces[d->which[i]]);
    return OK;
}

const struct stage_kind stage_describe = {
    .name = "describe", .about = "identity codes", .state_size = sizeof(struct describe), .open = describe_open,
    .run = describe_run,
};

struct identify {
    const struct run_context *context;
    struct identify_options options;
    bool picture;
    int64_t refreshed_us;
    struct request request; /* being enrolled */
    int wanted;             /* samples still to take; 0: nobody is being enrolled */
    int64_t sample_us;
    int n_code;             /* length of a code, once one was seen */
    int tracks[FACES_ROOM];
};

static enum status identify_open(void *state, const struct run_context *context, const void *options)
{
    struct identify *d = state;
    d->context = context;
    d->options = *(const struct identify_options *)options;
    d->picture = context->info->kind == CAPTURE_PICTURES;
    d->refreshed_us = INT64_MIN;
    return OK;
}

static void gallery_changed(struct identify *d)
{
    struct analysis *a = d->context->analysis;
    a->generation++;
    a->naming = gallery_people(d->context->gallery) > 0;
    a->threshold = a->naming ? gallery_threshold(d->context->gallery, d->context->recognizer) : 0;
    vote_reset(&a->votes);
}

/* By the source's clock, so that a file gives the same with and without threads. */
static enum status refresh(struct identify *d, int64_t time_us)
{
    int64_t pause = (int64_t)(1e6 * (double)d->options.refresh);
    if (d->refreshed_us != INT64_MIN && time_us >= d->refreshed_us && time_us - d->refreshed_us < pause)
        return OK;
    bool first = d->refreshed_us == INT64_MIN, changed = false;
    d->refreshed_us = time_us;
    enum status s = gallery_refresh(d->context->gallery, &changed);
    if (s)
        return s;
    if (first || changed)
        gallery_changed(d);
    return OK;
}

static struct image thumbnail(const struct frame *f, const struct face *face)
{
    const float margin = 0.4f;
    struct box b = box_scale(face->box, f->to_source);
    return image_view(f->source, (int)(b.x - margin * b.w), (int)(b.y - margin * b.h), (int)(b.w * (1 + 2 * margin)),
                      (int)(b.h * (1 + 2 * margin)));
}

static void answer(struct identify *d, const char *format, const char *text)
{
    char line[ANSWER_SIZE];
    snprintf(line, sizeof line, format, text);
    requests_answer(d->context->requests, line);
}

static void enroll(struct identify *d, const struct face *face, struct image picture, int64_t time_us)
{
    unsigned char *png;
    size_t size;
    enum status s = draw_png(&png, &size, picture);
    if (s == OK)
        s = gallery_enroll(d->context->gallery, d->request.name, face, (struct gallery_thumbnail){png, size},
                           d->context->source);
    memory_free(&png);
    if (s) {
        answer(d, "not enrolled: %s", fail_message());
        d->wanted = 0;
        return;
    }
    char advice[ADVICE_ROOM];
    if (face->quality > 0 && advice_on_sample(advice, face)) { /* 0: a track's mean code, nobody knows how good */
        log_say(LOG_WARN, NULL, "%s: %s", d->request.name, advice);
        answer(d, "enrolled, but %s", advice);
    } else {
        answer(d, "%s is enrolled", d->request.name);
    }
    d->wanted--;
    d->sample_us = time_us;
    gallery_changed(d);
}

static const struct face *find_track(const struct frame *f, int track)
{
    for (int i = 0; i < f->n_faces; i++)
        if (f->faces[i].track == track)
            return &f->faces[i];
    return NULL;
}

/* The face as it was pointed at; one that was not described in that frame has its track's mean code. */
static bool recall(const struct identify *d, struct face *face)
{
    const struct track *t = tracker_track(d->context->tracker, face->track);
    if (face->has & FACE_CODED)
        return true;
    if (!t || t->n_codes == 0 || d->n_code == 0)
        return false;
    memcpy(face->code, t->code, sizeof face->code);
    face->n_code = d->n_code;
    face->has |= FACE_CODED;
    return true;
}

/* Takes the samples of the person pointed at: one now, the others a moment later each, while the track lives. */
static void serve_requests(struct identify *d, const struct frame *f)
{
    const int64_t apart_us = 400000, patience_us = 2000000;
    struct requests *r = d->context->requests;
    if (d->wanted == 0 && requests_take(r, &d->request)) {
        d->wanted = d->options.samples;
        d->sample_us = f->time_us;
    }
    if (d->wanted == 0)
        return;
    const struct face *face = find_track(f, d->request.face.track);
    bool first = d->wanted == d->options.samples;
    if (face && (face->has & FACE_CODED) && (first || f->time_us - d->sample_us >= apart_us)) {
        enroll(d, face, thumbnail(f, face), f->time_us);
    } else if (first && !face && recall(d, &d->request.face)) {
        enroll(d, &d->request.face, (struct image){0}, f->time_us); /* as it was when it was pointed at */
    } else if (f->time_us - d->sample_us > patience_us || f->time_us < d->sample_us) {
        if (first)
            answer(d, "%s is not enrolled: the face is gone", d->request.name);
        d->wanted = 0;
    }
    d->context->analysis->wanted_track = d->wanted > 0 ? d->request.face.track : 0;
}

static void name_face(const struct gallery *g, struct face *face, struct match m)
{
    const char *name = m.person >= 0 ? gallery_name(g, m.person) : NULL;
    face->person = -1;
    face->has &= ~(unsigned)FACE_NAMED;
    if (!name)
        return;
    face->has |= FACE_NAMED;
    face->person = m.person;
    face->person_score = m.score;
    snprintf(face->name, sizeof face->name, "%s", name);
}

static void name_picture(struct identify *d, struct frame *f)
{
    const struct run_context *c = d->context;
    for (int i = 0; i < f->n_faces; i++) {
        struct match m = {.person = -1};
        if (f->faces[i].has & FACE_CODED)
            m = gallery_match(c->gallery, c->recognizer, &f->faces[i]);
        if (m.score < c->analysis->threshold)
            m.person = -1;
        name_face(c->gallery, &f->faces[i], m);
    }
}

static void name_tracks(struct identify *d, struct frame *f)
{
    const struct run_context *c = d->context;
    struct votes *votes = &c->analysis->votes;
    int n = f->n_faces < FACES_ROOM ? f->n_faces : FACES_ROOM;
    for (int i = 0; i < n; i++) {
        const struct face *face = &f->faces[i];
        d->tracks[i] = face->track;
        if ((face->has & FACE_CODED) && (face->has & FACE_TRACKED))
            vote_add(votes, face->track, f->time_us, gallery_match(c->gallery, c->recognizer, face), face->quality);
    }
    vote_settle(votes, d->tracks, n, f->time_us, c->analysis->threshold);
    for (int i = 0; i < n; i++)
        name_face(c->gallery, &f->faces[i], vote_name(votes, f->faces[i].track));
}

static enum status identify_run(void *state, struct frame *f)
{
    struct identify *d = state;
    if (!d->context->gallery || !d->context->recognizer)
        return OK;
    for (int i = 0; i < f->n_faces && d->n_code == 0; i++)
        d->n_code = f->faces[i].has & FACE_CODED ? f->faces[i].n_code : 0;
    enum status s = refresh(d, f->time_us);
    if (s)
        return s;
    if (d->context->requests)
        serve_requests(d, f);
    if (!d->context->analysis->naming)
        return OK;
    if (d->picture)
        name_picture(d, f);
    else
        name_tracks(d, f);
    return OK;
}

/* What was asked in the window after the last frame was analysed (a still picture, a paused end). */
static enum status identify_finish(void *state)
{
    struct identify *d = state;
    const struct run_context *c = d->context;
    while (c->requests && c->gallery && requests_take(c->requests, &d->request)) {
        d->wanted = 1;
        if (!recall(d, &d->request.face)) {
            log_say(LOG_WARN, NULL, "%s is not enrolled: the face was not described", d->request.name);
            continue;
        }
        enroll(d, &d->request.face, (struct image){0}, 0);
        char line[ANSWER_SIZE];
        if (requests_answered(c->requests, line, sizeof line))
            log_say(LOG_INFO, NULL, "%s", line);
    }
    return OK;
}

const struct stage_kind stage_identify = {
    .name = "identify", .about = "names, by votes along a track", .state_size = sizeof(struct identify),
    .open = identify_open, .run = identify_run, .finish = identify_finish,
};
