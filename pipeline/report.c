/* SPDX-License-Identifier: MIT
 * What a run did. Times go into logarithmic histograms: 16 steps an octave, so a percentile is right to 4 %. */
#include "pipeline/report.h"

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "capture/capture.h"
#include "pipeline/stage.h"

enum { STEPS = 16, BINS = 30 * STEPS, TRACKS_MAX = 1 << 20, PEOPLE_MAX = 1 << 14, NAMES_SHOWN = 8, LINE_SIZE = 1024 };

struct report {
    struct arena *arena;
    const char *const *names;
    int n_names;
    const struct capture_info *info;
    int64_t began_us, ended_us, captured_us;
    int64_t frames, faces, tracks, people;
    atomic_llong dropped;
    int32_t (*bins)[BINS];
    int64_t *samples; /* of each stage */
    uint8_t *track_seen, *person_seen; /* bit sets */
    char shown[NAMES_SHOWN][FACE_NAME];
};

enum status report_create(struct report **out, const char *const *names, int n_names, const struct capture_info *info)
{
    struct arena *a = arena_create();
    struct report *r = arena_alloc(a, 1, sizeof *r);
    if (r) {
        r->bins = arena_alloc(a, (size_t)n_names, sizeof *r->bins);
        r->samples = arena_alloc(a, (size_t)n_names, sizeof *r->samples);
        r->track_seen = arena_alloc(a, TRACKS_MAX / 8, 1);
        r->person_seen = arena_alloc(a, PEOPLE_MAX / 8, 1);
    }
    if (!r || arena_seal(a)) {
        arena_free(&a);
        return fail(NO_RESOURCE, "no memory for the report");
    }
    r->arena = a;
    r->names = names;
    r->n_names = n_names;
    r->info = info;
    r->began_us = clock_us();
    *out = r;
    return OK;
}

void report_free(struct report **r)
{
    if (!*r)
        return;
    struct arena *a = (*r)->arena;
    arena_free(&a);
    *r = NULL;
}

/* True the first time. What is beyond the set is not counted. */
static bool first_time(uint8_t *set, int room, int i)
{
    if (i < 0 || i >= room)
        return false;
    uint8_t bit = (uint8_t)(1u << (i % 8));
    bool first = !(set[i / 8] & bit);
    set[i / 8] |= bit;
    return first;
}

static void count_face(struct report *r, const struct face *f)
{
    r->faces++;
    r->tracks += first_time(r->track_seen, TRACKS_MAX, f->track);
    if (!(f->has & FACE_NAMED) || !first_time(r->person_seen, PEOPLE_MAX, f->person))
        return;
    if (r->people < NAMES_SHOWN)
        memcpy(r->shown[r->people], f->name, FACE_NAME);
    r->people++;
}

static void count_time(struct report *r, int stage, int64_t us)
{
    int bin = (int)(log2((double)us + 1) * STEPS);
    r->bins[stage][bin < BINS ? bin : BINS - 1]++;
    r->samples[stage]++;
}

static void show_progress(const struct report *r, int faces_now)
{
    double seconds = (double)(clock_us() - r->began_us) / 1e6;
    double rate = (double)r->frames / (seconds > 0.001 ? seconds : 0.001);
    char left[64] = "";
    if (r->info->frames > r->frames && seconds > 1)
        snprintf(left, sizeof left, ", %.0f s left", (double)(r->info->frames - r->frames) / rate);
    progress_show("%lld frames, %.1f a second, %d faces now, %lld people so far%s", (long long)r->frames, rate, faces_now,
                  (long long)r->people, left);
}

void report_frame(struct report *r, const struct frame *frame)
{
    int now = 0;
    r->frames++;
    for (int i = 0; i < frame->n_faces; i++)
        if (face_is_reported(&frame->faces[i])) {
            now++;
            count_face(r, &frame->faces[i]);
        }
    for (int i = 0; i < r->n_names && i < FRAME_STAGES; i++)
        count_time(r, i, frame->spent_us[i]);
    if (progress_due())
        show_progress(r, now);
}

void report_dropped(struct report *r)
{
    atomic_fetch_add(&r->dropped, 1);
}

void report_end(struct report *r)
{
    r->ended_us = clock_us();
    progress_clear();
}

double report_stage_ms(const struct report *r, int stage, double share)
{
    int64_t want = (int64_t)ceil(share * (double)r->samples[stage]), sum = 0;
    for (int i = 0; i < BINS; i++) {
        sum += r->bins[stage][i];
        if (sum >= want && sum > 0)
            return (exp2((i + 0.5) / STEPS) - 1) / 1000;
    }
    return 0;
}

struct report_figures report_figures(const struct report *r)
{
    int64_t end = r->ended_us ? r->ended_us : clock_us();
    return (struct report_figures){.frames = r->frames, .faces = r->faces, .tracks = r->tracks, .people = r->people,
                                   .dropped = atomic_load(&r->dropped), .seconds = (double)(end - r->began_us) / 1e6};
}

static void print_people(const struct report *r, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < r->people && i < NAMES_SHOWN && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : ": ", r->shown[i]);
    if (r->people > NAMES_SHOWN && used < size)
        snprintf(out + used, size - used, " ...");
}

void report_print(const struct report *r)
{
    struct report_figures f = report_figures(r);
    char people[LINE_SIZE];
    if (log_get_level() < LOG_INFO)
        return;
    print_people(r, people, sizeof people);
    fprintf(stderr, "%lld frames in %.2f s, %.1f frames a second, %lld dropped\n", (long long)f.frames, f.seconds,
            (double)f.frames / (f.seconds > 0 ? f.seconds : 1), (long long)f.dropped);
    fprintf(stderr, "%lld faces, %lld tracks, %lld people%s\n", (long long)f.faces, (long long)f.tracks,
            (long long)f.people, people);
    fprintf(stderr, "%-12s %9s %9s\n", "stage", "median ms", "99 % ms");
    for (int i = 0; i < r->n_names; i++)
        fprintf(stderr, "%-12s %9.2f %9.2f\n", r->names[i], report_stage_ms(r, i, 0.5), report_stage_ms(r, i, 0.99));
}
