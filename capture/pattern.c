/* SPDX-License-Identifier: MIT
 * The synthetic source: parses `pattern:` URLs, tells the truth of a frame, draws it. */
#include "capture/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "capture/internal.h"
#include "capture/pattern_person.h"

static const char prefix[] = "pattern:";
enum { PREFIX = sizeof prefix - 1, KEY = 32, HARDLY_US = 10000 };

static bool parse_number(const char *text, double min, double max, int64_t *out)
{
    char *end;
    double value = strtod(text, &end);

    *out = (int64_t)value;
    return end != text && !*end && value >= min && value <= max;
}

/* "25", "29.97" or "30000/1001" */
static bool parse_rate(const char *text, int *num, int *den)
{
    char *end;
    double value = strtod(text, &end), below = 1;

    if (end == text || value <= 0 || value > 1e6)
        return false;
    if (*end == '/') {
        below = strtod(end + 1, &end);
        if (below < 1 || below > 1e6 || below != (int)below || value != (int)value)
            return false;
    } else if (value != (int)value) {
        below = 1000;
        value = (int)(value * 1000 + 0.5);
    }
    *num = (int)value;
    *den = (int)below;
    return !*end && *num > 0 && value / below <= 1000;
}

static bool parse_size(const char *text, int *w, int *h)
{
    char rest;

    return sscanf(text, "%dx%d%c", w, h, &rest) == 2 && *w >= 16 && *h >= 16 && *w <= 16384 && *h <= 16384;
}

static enum status set_part(struct pattern *p, const char *key, const char *value)
{
    int64_t faces = p->faces, frames = p->frames, seed = (int64_t)p->seed, live = p->live;
    const struct { const char *key; int64_t *at; double max; } numbers[] = {
        {"faces", &faces, PATTERN_FACES}, {"frames", &frames, 1e12}, {"seed", &seed, 1e15}, {"live", &live, 1}};
    bool known = true, good = true;
    size_t i = 0;

    while (i < 4 && strcmp(key, numbers[i].key))
        i++;
    if (i < 4)
        good = parse_number(value, 0, numbers[i].max, numbers[i].at);
    else if (!strcmp(key, "rate"))
        good = parse_rate(value, &p->rate_num, &p->rate_den);
    else if (!strcmp(key, "size"))
        good = parse_size(value, &p->width, &p->height);
    else
        known = false;
    if (!known)
        return fail(BAD_USAGE, "pattern: has no option \"%s\": expected faces, frames, size, seed, rate, live", key);
    if (!good)
        return fail(BAD_USAGE,
                    "pattern: %s=%s makes no sense: expected e.g. "
                    "pattern:faces=3,frames=100,size=640x360,seed=1,rate=25,live=0 with at most %d faces",
                    key, value, PATTERN_FACES);
    p->faces = (int)faces;
    p->frames = frames;
    p->seed = (uint64_t)seed;
    p->live = live != 0;
    return OK;
}

enum status pattern_parse(struct pattern *out, const char *url)
{
    *out = (struct pattern){.faces = 3, .frames = 250, .width = 640, .height = 360, .seed = 1, .rate_num = 25,
                            .rate_den = 1};
    if (!strncmp(url, prefix, PREFIX))
        url += PREFIX;
    while (*url) {
        size_t n = strcspn(url, ","), name = strcspn(url, "=,");
        char key[KEY], value[KEY];
        enum status status;
        if (n >= sizeof key || name == n)
            return fail(BAD_USAGE, "pattern: \"%.40s\" is no option: expected name=value", url);
        snprintf(key, sizeof key, "%.*s", (int)name, url);
        snprintf(value, sizeof value, "%.*s", (int)(n - name - 1), url + name + 1);
        if ((status = set_part(out, key, value)))
            return status;
        url += n + (url[n] == ',');
    }
    return OK;
}

int pattern_truth(const struct pattern *p, int64_t n, struct face *faces, int max)
{
    int order[PATTERN_FACES], count = 0;
    struct face all[PATTERN_FACES];

    pattern_order(p, order);
    for (int i = 0; i < p->faces; i++)
        pattern_measure(p, order[i], pattern_pose(p, order[i], n), &all[i]);
    for (int i = 0; i < p->faces && count < max; i++) {
        struct box box = all[i].box, seen = box_clip(box, (float)p->width, (float)p->height);
        float area = box_area(box), visible = area > 0 ? box_area(seen) / area : 0;
        for (int j = i + 1; j < p->faces; j++)
            visible -= box_intersection(box, all[j].box) / area;
        if (visible < 0.5f)
            continue;
        all[i].score = visible;
        faces[count++] = all[i];
    }
    return count;
}

struct pattern_state {
    struct pattern pattern;
    struct source *source;
    int64_t next, started_us;
    struct image background;
};

static bool takes(const char *url)
{
    return !strncmp(url, prefix, PREFIX);
}

static enum status open_pattern(void *state, struct source *s)
{
    struct pattern_state *t = state;
    struct pattern *p = &t->pattern;
    struct capture_info *info = &s->info;
    enum status status;

    t->source = s;
    if ((status = pattern_parse(p, s->url)) || (status = source_check_size(s, s->url, p->width, p->height)))
        return status;
    t->background = (struct image){memory_alloc((size_t)p->width * p->height, IMAGE_PIXEL), p->width, p->height,
                                   p->width * IMAGE_PIXEL};
    if (!t->background.pixels)
        return fail(NO_RESOURCE, "%s: no memory for a picture of %dx%d", s->url, p->width, p->height);
    pattern_draw_background(p, t->background);
    *info = (struct capture_info){.kind = p->live ? CAPTURE_LIVE : CAPTURE_SYNTHETIC, .width = p->width,
                                  .height = p->height, .rate_num = p->rate_num, .rate_den = p->rate_den,
                                  .base_num = p->rate_den, .base_den = p->rate_num, .frames = p->frames};
    info->duration_us = p->frames * 1000000 * p->rate_den / p->rate_num;
    return OK;
}

/* A live pattern gives each frame at its time, as a camera would. */
static void keep_time(struct pattern_state *t, int64_t time_us)
{
    if (!t->started_us)
        t->started_us = clock_us();
    while (!source_stopped(t->source) && clock_us() < t->started_us + time_us) {
        int64_t left = t->started_us + time_us - clock_us();
        clock_sleep_us(left < HARDLY_US ? left : HARDLY_US);
    }
}

static enum status read_pattern(void *state, struct frame *frame)
{
    struct pattern_state *t = state;
    const struct pattern *p = &t->pattern;
    int order[PATTERN_FACES];
    enum status status;

    if (p->frames && t->next >= p->frames)
        return END;
    status = source_fit(t->source, frame, p->width, p->height);
    if (status)
        return status;
    image_copy(frame->source, t->background);
    pattern_order(p, order);
    for (int i = 0; i < p->faces; i++)
        pattern_draw_person(p, order[i], pattern_pose(p, order[i], t->next), frame->source);
    source_shrink(frame);
    frame->pts = t->next++;
    frame->duration = 1;
    frame->time_us = frame->pts * 1000000 * p->rate_den / p->rate_num;
    if (p->live)
        keep_time(t, frame->time_us);
    return OK;
}

static void close_pattern(void *state)
{
    struct pattern_state *t = state;

    memory_free(&t->background.pixels);
}

const struct source_kind source_pattern = {
    .name = "pattern",
    .about = "synthetic persons, for tests and benches",
    .state_size = sizeof(struct pattern_state),
    .takes = takes,
    .open = open_pattern,
    .read = read_pattern,
    .close = close_pattern,
};
