/* SPDX-License-Identifier: MIT
 * eval speed: the whole pipeline on an input; milliseconds per stage, frames a second, peak memory. */
#include "pipeline/eval_speed.h"

#include <stdio.h>

#include "base/clock.h"
#include "nets/net.h"
#include "pipeline/command.h"
#include "pipeline/runner.h"

#define INPUT "pattern:frames=300"

static void print(const struct runner *r, const char *input, int threads)
{
    struct report_figures f = report_figures(r->report);
    double rate = f.seconds > 0 ? (double)f.frames / f.seconds : 0, peak = (double)clock_peak_memory_kb() / 1024;
    const struct capture_info *info = capture_info(r->capture);
    printf("%s: %dx%d, %lld frames, %lld faces; OpenBLAS %s\n", input, info->width, info->height, (long long)f.frames,
           (long long)f.faces, nets_blas_name());
    printf("%-12s %9s %9s\n", "stage", "median ms", "99 % ms");
    for (int i = 0; i < r->n_names; i++)
        printf("%-12s %9.3f %9.3f\n", r->names[i], report_stage_ms(r->report, i, 0.5), report_stage_ms(r->report, i, 0.99));
    printf("%.1f frames a second, peak memory %.0f MB\n", rate, peak);
    for (int i = 0; i < r->n_names; i++)
        printf("%s_ms=%.3f ", r->names[i], report_stage_ms(r->report, i, 0.5));
    printf("fps=%.2f peak_mb=%.1f frames=%lld faces=%lld dropped=%lld threads=%d\n", rate, peak, (long long)f.frames,
           (long long)f.faces, (long long)f.dropped, threads);
}

static enum status measure(const struct settings *settings, const struct option_group *groups, const char *input)
{
    struct runner r;
    enum status s = runner_open(&r, settings, groups, input);
    if (s)
        return s;
    s = runner_run(&r);
    if (s == OK)
        print(&r, input, settings->run.threads);
    runner_close(&r);
    return s;
}

enum status eval_speed(int n_words, char **words)
{
    struct settings settings;
    struct option_group groups[SETTINGS_GROUPS];
    struct arguments a = {.table = settings_arguments, .groups = groups, .n_groups = SETTINGS_GROUPS};
    settings_bind(&settings, groups);
    enum status s = arguments_read(&a, n_words, words);
    if (s == OK)
        s = arguments_count(&a, 0, 1, "eval speed [INPUT] [options of run]");
    if (s == OK && settings.run.window == WINDOW_AUTO)
        settings.run.window = WINDOW_NO;
    if (s == OK)
        s = measure(&settings, groups, a.n_words > 0 ? a.words[0] : INPUT);
    arguments_free(&a);
    return s;
}
