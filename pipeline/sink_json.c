/* SPDX-License-Identifier: MIT
 * JSON lines: a header, then a line a frame. The format is fixed in docs/formats.md. */
#include <jansson.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "capture/capture.h"
#include "pipeline/sinks.h"

enum { VALUE_SIZE = 512, NAME_SIZE = 128 };
enum { FLAGS = JSON_COMPACT | JSON_REAL_PRECISION(12) };

struct json_sink {
    const struct run_context *context;
    struct file_write file;
    bool open;
};

/* A number as a reader wants to see it: no more digits than mean something. */
static json_t *rounded(double x, double steps)
{
    return json_real(isfinite(x) ? round(x * steps) / steps : 0);
}

/* Text that may hold anything (file names): what is no UTF-8 becomes '?'. */
static json_t *text(const char *given)
{
    char plain[FRAME_FILE + 1];
    json_t *t = json_string(given);
    if (t)
        return t;
    snprintf(plain, sizeof plain, "%s", given);
    for (char *c = plain; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    return json_string(plain);
}

static bool is_initial(const struct option *o, const char *value)
{
    if (o->type == OPTION_INT || o->type == OPTION_FLOAT)
        return strtof(value, NULL) == strtof(o->initial, NULL);
    return strcmp(value, o->initial) == 0;
}

static json_t *options_of(const struct run_context *c)
{
    json_t *all = json_object();
    for (int g = 0; g < c->n_groups; g++)
        for (const struct option *o = c->groups[g].options; o->name; o++) {
            char value[VALUE_SIZE], name[NAME_SIZE];
            option_format(value, sizeof value, o, c->groups[g].values);
            if (is_initial(o, value))
                continue;
            snprintf(name, sizeof name, "%s.%s", c->groups[g].name, o->name);
            json_object_set_new(all, name, text(value));
        }
    return all;
}

static json_t *models_of(const struct run_context *c)
{
    json_t *all = json_object();
    for (const char *const *m = c->models; m && m[0]; m += 2)
        json_object_set_new(all, m[0], json_string(m[1]));
    return all;
}

static enum status write_line(struct json_sink *j, json_t *line)
{
    bool bad = !line || json_dumpf(line, j->file.to, FLAGS) != 0 || fputc('\n', j->file.to) == EOF;
    json_decref(line);
    return bad ? fail(NO_RESOURCE, "%s: %s", j->file.path, strerror(errno)) : OK;
}

static enum status write_header(struct json_sink *j)
{
    const struct run_context *c = j->context;
    json_t *h = json_object();
    double fps = c->info->rate_den > 0 ? (double)c->info->rate_num / c->info->rate_den : 0;
    json_object_set_new(h, "format", json_string("facetrail"));
    json_object_set_new(h, "version", json_integer(1));
    json_object_set_new(h, "source", text(c->source));
    json_object_set_new(h, "width", json_integer(c->info->width));
    json_object_set_new(h, "height", json_integer(c->info->height));
    json_object_set_new(h, "fps", rounded(fps, 1e3));
    json_object_set_new(h, "models", models_of(c));
    json_object_set_new(h, "options", options_of(c));
    return write_line(j, h);
}

static enum status json_open(void *state, const struct run_context *context, const void *options)
{
    struct json_sink *j = state;
    const struct text_output *o = options;
    j->context = context;
    enum status s = file_create(&j->file, o->path);
    if (s)
        return s;
    j->open = true;
    if ((s = write_header(j)) == OK && fflush(j->file.to) != 0)
        s = fail(NO_RESOURCE, "%s: %s", o->path, strerror(errno));
    return s;
}

static json_t *box_of(struct box b)
{
    json_t *a = json_array();
    json_array_append_new(a, rounded((double)b.x, 1e2));
    json_array_append_new(a, rounded((double)b.y, 1e2));
    json_array_append_new(a, rounded((double)b.w, 1e2));
    json_array_append_new(a, rounded((double)b.h, 1e2));
    return a;
}

static json_t *marks_of(const struct face *f, float scale)
{
    json_t *a = json_array();
    for (int i = 0; i < FACE_MARKS; i++) {
        json_t *p = json_array();
        json_array_append_new(p, rounded((double)(f->marks[i].x * scale), 1e2));
        json_array_append_new(p, rounded((double)(f->marks[i].y * scale), 1e2));
        json_array_append_new(a, p);
    }
    return a;
}

static json_t *attributes_of(const struct face *f)
{
    json_t *a = json_object();
    for (int i = 0; i < FACE_ATTRIBUTES; i++)
        json_object_set_new(a, face_attribute_names[i], rounded((double)f->attributes[i], 1e3));
    return a;
}

static json_t *face_of(const struct face *f, float scale)
{
    json_t *o = json_object();
    json_object_set_new(o, "track", json_integer(f->track));
    json_object_set_new(o, "box", box_of(box_scale(f->box, scale)));
    json_object_set_new(o, "score", rounded((double)f->score, 1e4));
    if (f->has & FACE_MARKED)
        json_object_set_new(o, "marks", marks_of(f, scale));
    if (f->has & FACE_NAMED) {
        json_object_set_new(o, "name", text(f->name));
        json_object_set_new(o, "name_score", rounded((double)f->person_score, 1e2));
    }
    if (f->has & FACE_DESCRIBED)
        json_object_set_new(o, "attributes", attributes_of(f));
    return o;
}

static enum status json_run(void *state, struct frame *f)
{
    struct json_sink *j = state;
    json_t *line = json_object(), *faces = json_array();
    json_object_set_new(line, "frame", json_integer(f->number));
    json_object_set_new(line, "time", rounded((double)f->time_us / 1e6, 1e6));
    if (f->file[0])
        json_object_set_new(line, "file", text(f->file));
    for (int i = 0; i < f->n_faces; i++)
        if (face_is_reported(&f->faces[i]))
            json_array_append_new(faces, face_of(&f->faces[i], f->to_source));
    json_object_set_new(line, "faces", faces);
    enum status s = write_line(j, line);
    /* A reader at the other end of a pipe wants each frame when it happens. */
    if (s == OK && j->file.to == stdout && fflush(stdout) != 0)
        s = fail(NO_RESOURCE, "standard output: %s", strerror(errno));
    return s;
}

static enum status json_finish(void *state)
{
    struct json_sink *j = state;
    j->open = false;
    return file_commit(&j->file);
}

static void json_close(void *state)
{
    struct json_sink *j = state;
    if (j->open)
        file_abandon(&j->file);
}

const struct stage_kind sink_json = {
    .name = "json", .about = "a line a frame", .state_size = sizeof(struct json_sink), .open = json_open, .run = json_run,
    .finish = json_finish, .close = json_close,
};
