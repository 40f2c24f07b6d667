/* SPDX-License-Identifier: MIT
 * facetrail run: the main job. */
#include "base/log.h"
#include "pipeline/command.h"
#include "pipeline/runner.h"

#define USAGE "run INPUT... [-o FILE] [--json FILE] [--tracks FILE] [--window] [options]"

static enum status run_one(const struct settings *settings, const struct option_group *groups, const char *url)
{
    struct runner r;
    enum status s = runner_open(&r, settings, groups, url);
    if (s)
        return s;
    if (r.n_sinks == 0)
        log_say(LOG_WARN, NULL, "nothing will be written or shown: no -o, --json, --tracks or --window was given");
    s = runner_run(&r);
    if (s == OK)
        report_print(r.report);
    runner_close(&r);
    return s;
}

static enum status check(const struct arguments *a, const struct run_options *o)
{
    enum status s = arguments_count(a, 1, -1, USAGE);
    if (s)
        return s;
    if (a->n_words > 1 && (*o->output || *o->json || *o->tracks))
        return fail(BAD_USAGE, "%s: an output takes one input; a folder or a quoted pattern of pictures is one",
                    a->words[1]);
    return OK;
}

static enum status run(int n_words, char **words)
{
    struct settings settings;
    struct option_group groups[SETTINGS_GROUPS];
    struct arguments a = {.table = settings_arguments, .groups = groups, .n_groups = SETTINGS_GROUPS};
    settings_bind(&settings, groups);
    enum status s = arguments_read(&a, n_words, words);
    if (s == OK)
        s = check(&a, &settings.run);
    for (int i = 0; s == OK && i < a.n_words && !atomic_load(stop_flag()); i++)
        s = run_one(&settings, groups, a.words[i]);
    arguments_free(&a);
    return s;
}

const struct command command_run = {
    .name = "run",
    .usage = USAGE,
    .about = "find, follow and name faces",
    .more = "INPUT is a video file, a picture, a folder or a quoted glob of pictures, /dev/video0, rtsp://, http://,\n"
            "udp://, tcp://, - for standard input, or pattern: for the built-in synthetic source.\n"
            "Without an output it shows a window when there is a display. Keys there: q quit, space pause, s snapshot,\n"
            "f full screen, e enrol the face under the pointer. Ctrl-C ends cleanly: outputs are complete so far.",
    .arguments = settings_arguments,
    .groups = settings_groups,
    .n_groups = SETTINGS_GROUPS,
    .run = run,
};
