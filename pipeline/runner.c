/* SPDX-License-Identifier: MIT
 * Opens and closes everything that a run needs. */
#include "pipeline/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/kernels.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/workers.h"
#include "nets/net.h"
#include "pipeline/command.h"
#include "pipeline/requests.h"
#include "recognizer/gallery.h"

enum { PATH_ROOM = 4096, STAGES = 5 };

static bool has_text(const char *t)
{
    return t && *t;
}

static bool has_display(void)
{
    return has_text(getenv("DISPLAY")) || has_text(getenv("WAYLAND_DISPLAY"));
}

static bool wants_window(const struct run_options *o)
{
    if (o->window != WINDOW_AUTO)
        return o->window == WINDOW_YES;
    return has_display() && !has_text(o->output) && !has_text(o->json) && !has_text(o->tracks);
}

static int threads_of(const struct run_options *o)
{
    return o->threads >= 0 ? o->threads : workers_processors();
}

/* OpenBLAS chooses its kernels by the processor's model; for one it does not know it may take slow ones. */
static void check_blas(void)
{
    static const char *const wide[] = {"skylakex", "cooperlake", "sapphirerapids", "zen4", "zen5", "zen6"};
    static bool said;
    const char *name = nets_blas_name();
    bool is_wide = false;
    for (size_t i = 0; name && i < sizeof wide / sizeof *wide; i++)
        is_wide = is_wide || strncasecmp(name, wide[i], strlen(wide[i])) == 0;
    if (!said && name && (cpu_features() & CPU_AVX512) && !is_wide)
        log_say(LOG_WARN, NULL,
                "OpenBLAS uses its %s kernels, this processor can do AVX-512: OPENBLAS_CORETYPE=SkylakeX may be faster", name);
    said = true;
}

static void set_threads(const struct runner *r)
{
    const int n = threads_of(&r->settings->run);
    /* Several threads of ours may not call OpenBLAS with several of its own: one does where nobody searches ahead. */
    nets_set_threads(n >= 4 && r->n_searches == 0 ? n / 2 : 1);
    check_blas();
}

/* Threads that search frames ahead of the analysis: searching is more than half of a frame's work. A camera has one, because
 * of what is dropped; where not each frame is searched, which ones are is known late. One less than asked for: the other
 * stages keep a core busy, and each takes some 30 MB. */
static int count_searches(const struct runner *r)
{
    const struct settings *o = r->settings;
    const int threads = threads_of(&o->run), n = threads < 2 ? threads : threads - 1;
    if (threads == 0 || o->detect.every > 1 || has_text(o->run.follow.start))
        return 0;
    return capture_info(r->capture)->kind == CAPTURE_LIVE ? 1 : n < AHEAD_MOST ? n : AHEAD_MOST;
}

static enum status open_searches(struct runner *r)
{
    enum status s = OK;
    for (int n = count_searches(r); r->n_searches < n && !s; r->n_searches++) {
        struct search *new = &r->searches[r->n_searches];
        *new = (struct search){.detector = r->detector, .options = &r->settings->detect};
        s = r->n_searches ? settings_open_detector(&new->detector, r->settings) : OK;
    }
    return s;
}

static void close_searches(struct runner *r)
{
    for (int i = 1; i < r->n_searches; i++)
        detector_close(&r->searches[i].detector);
}

static void add_model(struct runner *r, const struct net *n)
{
    if (!n)
        return;
    int i = r->n_models++;
    snprintf(r->checksums[i], sizeof r->checksums[i], "%016llx", (unsigned long long)net_checksum(n));
    r->models[2 * i] = net_model(n)->name;
    r->models[2 * i + 1] = r->checksums[i];
}

static enum status open_gallery(struct runner *r, bool window)
{
    char path[PATH_ROOM];
    const char *given = r->settings->run.gallery;
    enum status s = OK;
    if (has_text(given))
        snprintf(path, sizeof path, "%s", given);
    else
        s = gallery_default_path(path, sizeof path);
    if (s)
        return s;
    /* In the window somebody may be enrolled. */
    return gallery_open(&r->gallery, path, window ? GALLERY_CREATE : GALLERY_READ, recognizer_codes(r->recognizer));
}

static enum status open_workers(struct runner *r, bool window)
{
    const struct settings *o = r->settings;
    enum status s;
    if (has_text(o->run.follow.start))
        return OK;
    if ((s = settings_open_detector(&r->detector, o)) || (s = tracker_open(&r->tracker, &o->tracker)))
        return s;
    if ((s = open_searches(r)))
        return s;
    add_model(r, detector_net(r->detector));
    add_model(r, detector_second_net(r->detector));
    add_model(r, detector_verdict_net(r->detector));
    if (o->run.attributes && (s = attributes_open(&r->attributes, &o->attributes)))
        return s;
    if (o->run.attributes)
        add_model(r, attributes_net(r->attributes));
    if (!o->run.names)
        return OK;
    if ((s = recognizer_open(&r->recognizer, &o->recognizer)) || (s = open_gallery(r, window)))
        return s;
    add_model(r, recognizer_net(r->recognizer));
    return OK;
}

static void add_sink(struct runner *r, const struct stage_kind *kind, const void *options)
{
    r->sinks[r->n_sinks++] = (struct pipeline_stage){kind, options};
}

static void choose_sinks(struct runner *r, bool window)
{
    const struct settings *o = r->settings;
    bool video = has_text(o->run.output);
    r->json.path = o->run.json;
    r->tracks.path = o->run.tracks;
    r->blur = o->blur;
    r->blur.whom = o->run.blur;
    r->video = o->video;
    r->video.path = o->run.output;
    r->window = o->window;
    if (r->window.pace == PACE_AUTO)
        r->window.pace = video || has_text(o->run.json) || has_text(o->run.tracks) ? PACE_NO : PACE_YES;
    if (o->run.blur != BLUR_NOBODY && (video || window))
        add_sink(r, &sink_blur, &r->blur);
    if (video || window)
        add_sink(r, &sink_draw, &o->draw);
    if (video)
        add_sink(r, &sink_video, &r->video);
    if (has_text(o->run.json))
        add_sink(r, &sink_json, &r->json);
    if (has_text(o->run.tracks))
        add_sink(r, &sink_tracks, &r->tracks);
    if (window)
        add_sink(r, &sink_window, &r->window);
}

static void fill_context(struct runner *r, const struct option_group *groups, const char *url)
{
    r->context = (struct run_context){
        .info = capture_info(r->capture), .source = url,           .gallery = r->gallery,   .recognizer = r->recognizer,
        .detector = r->detector,          .tracker = r->tracker,   .analysis = r->analysis, .requests = r->requests,
        .groups = groups,                 .n_groups = SETTINGS_GROUPS, .models = r->models,
        .attributes = r->attributes,
    };
}

static enum status open_pipeline(struct runner *r)
{
    const struct settings *o = r->settings;
    struct pipeline_stage stages[STAGES];
    int n = 0;
    if (has_text(o->run.follow.start))
        stages[n++] = (struct pipeline_stage){&stage_follow, &o->run.follow};
    else {
        stages[n++] = (struct pipeline_stage){&stage_detect, &o->detect};
        stages[n++] = (struct pipeline_stage){&stage_track, NULL};
    }
    if (r->recognizer) {
        stages[n++] = (struct pipeline_stage){&stage_describe, &o->describe};
        stages[n++] = (struct pipeline_stage){&stage_identify, &o->identify};
    }
    if (r->attributes)
        stages[n++] = (struct pipeline_stage){&stage_attributes, &o->attributes_budget};
    struct pipeline_plan plan = {.capture = r->capture, .context = &r->context, .stages = stages,
                                 .n_stages = n, .sinks = r->sinks, .n_sinks = r->n_sinks,
                                 .threads = threads_of(&o->run), .max_faces = o->detect.max, .stop = stop_flag()};
    plan.ahead = (struct ahead_work){.run = search_frame, .n = r->n_searches, .number = 1};
    for (int i = 0; i < r->n_searches; i++)
        plan.ahead.states[i] = &r->searches[i];
    r->n_names = pipeline_names(&plan, r->names, RUNNER_NAMES);
    enum status s = report_create(&r->report, r->names, r->n_names, capture_info(r->capture));
    if (s)
        return s;
    plan.report = r->report;
    return pipeline_create(&r->pipeline, &plan);
}

enum status runner_open(struct runner *r, const struct settings *settings, const struct option_group *groups,
                        const char *url)
{
    enum status s;
    *r = (struct runner){.settings = settings};
    bool window = wants_window(&settings->run);
    if (!(r->analysis = memory_alloc(1, sizeof *r->analysis)))
        s = fail(NO_RESOURCE, "no memory");
    else
        s = capture_open(&r->capture, url, &settings->capture, stop_flag());
    if (s == END)
        s = fail(BAD_DATA, "%s: stopped before the first picture", url);
    if (s || (s = open_workers(r, window)) || (window && (s = requests_create(&r->requests)))) {
        runner_close(r);
        return s;
    }
    set_threads(r);
    choose_sinks(r, window);
    fill_context(r, groups, url);
    if ((s = open_pipeline(r)))
        runner_close(r);
    return s;
}

enum status runner_run(struct runner *r)
{
    enum status s = pipeline_run(r->pipeline);
    report_end(r->report);
    return s;
}

void runner_close(struct runner *r)
{
    pipeline_free(&r->pipeline);
    report_free(&r->report);
    requests_free(&r->requests);
    gallery_close(&r->gallery);
    attributes_close(&r->attributes);
    recognizer_close(&r->recognizer);
    tracker_close(&r->tracker);
    close_searches(r);
    detector_close(&r->detector);
    capture_close(&r->capture);
    memory_free(&r->analysis);
}
