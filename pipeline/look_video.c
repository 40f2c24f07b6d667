/* SPDX-License-Identifier: MIT
 * Videos: every face is followed; of each track a few good samples that differ are kept. The main face is the track
 * that was largest for longest, and surest: a face printed on a shirt is larger than its wearer's, but less sure. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "pipeline/command.h"
#include "pipeline/look_internal.h"
#include "recognizer/recognizer.h"
#include "tracker/tracker.h"

enum { TRACKS = 64, MOST = 32, SOURCE = 1200 };
static const int64_t look_us = 100000;   /* between two looks at the video */
static const int64_t apart_us = 300000;  /* between two samples of a track */
static const float least_quality = 0.1F; /* worse ones are only taken when there is no other */

struct followed {
    int id;
    double weight; /* heights, summed over the looks */
    int64_t last_us;
    struct looked samples[MOST];
    int n;
};

struct watching {
    struct look *look;
    struct tracker *tracker;
    const struct look_options *options;
    const char *url;
    struct followed *tracks; /* TRACKS of them */
    int most;
};

static void forget(struct followed *t)
{
    for (int i = 0; i < t->n; i++)
        look_drop(&t->samples[i]);
    *t = (struct followed){0};
}

/* The slot of a track; a new one takes the place of the least. */
static struct followed *slot_of(struct watching *w, int id)
{
    struct followed *least = &w->tracks[0];
    for (int i = 0; i < TRACKS; i++) {
        if (w->tracks[i].id == id)
            return &w->tracks[i];
        if (w->tracks[i].weight < least->weight)
            least = &w->tracks[i];
    }
    forget(least);
    least->id = id;
    return least;
}

static float alike(const struct face *a, const struct face *b)
{
    float sum = 0;
    for (int i = 0; i < a->n_code; i++)
        sum += a->code[i] * b->code[i];
    return sum;
}

/* Of the two samples that are most alike, the worse. */
static int least_useful(const struct followed *t)
{
    int out = 0;
    float most = -2;
    for (int i = 0; i < t->n; i++)
        for (int k = 0; k < i; k++) {
            float a = alike(&t->samples[i].face, &t->samples[k].face);
            if (a > most) {
                most = a;
                out = t->samples[i].face.quality < t->samples[k].face.quality ? i : k;
            }
        }
    return out;
}

static void remove_at(struct followed *t, int i)
{
    look_drop(&t->samples[i]);
    t->samples[i] = t->samples[--t->n];
}

static enum status consider(struct watching *w, struct followed *t, const struct frame *f, const struct face *face)
{
    char source[SOURCE];
    if (t->n > 0 && f->time_us - t->last_us < apart_us)
        return OK;
    if (face->quality < least_quality && t->n > 0)
        return OK;
    snprintf(source, sizeof source, "%s at %.1f s", w->url, (double)f->time_us / 1e6);
    enum status s = look_take(&t->samples[t->n], f, face, source);
    if (s)
        return s;
    t->n++;
    t->last_us = f->time_us;
    if (t->n > 1 && t->samples[0].face.quality < least_quality)
        remove_at(t, 0);
    if (t->n > w->most)
        remove_at(t, least_useful(t));
    return OK;
}

/* Tracks that the code joined: both sets of samples are one person's. */
static void join(struct watching *w, int from, int into)
{
    struct followed *a = slot_of(w, from);
    struct followed *b = slot_of(w, into);
    if (a == b || a->id != from)
        return;
    b->weight += a->weight;
    while (a->n > 0) {
        if (b->n > w->most)
            remove_at(b, least_useful(b));
        b->samples[b->n++] = a->samples[--a->n];
    }
    if (b->n > w->most)
        remove_at(b, least_useful(b));
    forget(a);
}

/* That it is a face at all: -log of the odds against it. */
static double evidence(float score)
{
    return -log1p(-fmin((double)score, 0.999));
}

static enum status watch(struct watching *w, struct frame *f)
{
    enum status s = look_detect(w->look, f);
    if (!s)
        s = tracker_update(w->tracker, f->image, f->time_us, true, f->faces, f->max_faces, &f->n_faces);
    for (int i = 0; !s && i < f->n_faces; i++) {
        struct face *face = &f->faces[i];
        if (!(face->has & FACE_MARKED) || !(face->has & FACE_TRACKED) || face->has & FACE_COASTING)
            continue;
        int before = face->track;
        recognizer_describe(w->look->recognizer, f->source, f->to_source, f->faces, &i, 1);
        bool other = tracker_learn_code(w->tracker, face) != before;
        if (other && !tracker_track(w->tracker, before)) /* else two that crossed got their numbers back */
            join(w, before, face->track);
        struct followed *t = slot_of(w, face->track);
        t->weight += (double)(face->box.h * f->to_source) * evidence(face->score);
        s = consider(w, t, f, face);
    }
    return s;
}

static enum status take_main(struct watching *w, struct looked_list *list)
{
    struct followed *main_face = &w->tracks[0];
    double rival = 0;
    for (int i = 1; i < TRACKS; i++)
        if (w->tracks[i].weight > main_face->weight)
            main_face = &w->tracks[i];
    for (int i = 0; i < TRACKS; i++)
        if (&w->tracks[i] != main_face && w->tracks[i].weight > rival)
            rival = w->tracks[i].weight;
    if (main_face->n == 0)
        return fail(BAD_DATA, "%s: there is no face in this video", w->url);
    if (rival > 0.5 * main_face->weight)
        log_say(LOG_WARN, NULL, "%s: another face is there nearly as much; the samples are of the one that is there most",
                w->url);
    enum status s = OK;
    for (int i = 0; i < main_face->n; i++) {
        struct looked one = main_face->samples[i];
        main_face->samples[i] = (struct looked){.source = NULL};
        if (s)
            look_drop(&one);
        else
            s = looked_add(list, one);
    }
    main_face->n = 0;
    return s;
}

static enum status read_all(struct watching *w, struct capture *c)
{
    int64_t next_us = INT64_MIN;
    enum status s = OK;
    struct frame *f = frame_get(w->look->pool);
    while (!s && !atomic_load(stop_flag()) && !(s = capture_read(c, f))) {
        if (f->time_us < next_us)
            continue;
        next_us = f->time_us + look_us;
        s = watch(w, f);
        if (progress_due())
            progress_show("%s: %.0f s", w->url, (double)f->time_us / 1e6);
    }
    progress_clear();
    frame_put(w->look->pool, f);
    return s == END ? OK : s;
}

enum status look_video(struct look *l, struct capture *c, const char *url, const struct look_options *o,
                       struct looked_list *list)
{
    struct watching w = {.look = l, .options = o, .url = url};
    w.most = o->most < MOST - 1 ? o->most : MOST - 1; /* one place is for the newcomer */
    w.tracks = memory_alloc(TRACKS, sizeof *w.tracks);
    enum status s = w.tracks ? tracker_open(&w.tracker, &l->settings->tracker) : fail(NO_RESOURCE, "no memory");
    if (!s)
        s = read_all(&w, c);
    if (!s)
        s = take_main(&w, list);
    for (int i = 0; w.tracks && i < TRACKS; i++)
        forget(&w.tracks[i]);
    memory_free(&w.tracks);
    tracker_close(&w.tracker);
    return s;
}
