/* SPDX-License-Identifier: MIT
 * Pictures: one face each, or a word that says why not. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "detector/detector.h"
#include "pipeline/command.h"
#include "pipeline/draw_png.h"
#include "pipeline/look_internal.h"
#include "recognizer/recognizer.h"

enum { FACES = 256, THUMBNAIL = 160, URL = 2048 };
#define RIVAL 0.4F /* a face at least this part of the largest's height could be meant as well */

void look_drop(struct looked *one)
{
    memory_free(&one->source);
    memory_free(&one->png);
}

void looked_free(struct looked_list *l)
{
    for (int i = 0; i < l->n; i++)
        look_drop(&l->at[i]);
    memory_free(&l->at);
    *l = (struct looked_list){0};
}

enum status looked_add(struct looked_list *l, struct looked one)
{
    size_t n = (size_t)l->n;
    enum status s = n < l->room ? OK : memory_grow(&l->at, &l->room, 2 * n + 8, sizeof *l->at);
    if (s)
        look_drop(&one);
    else
        l->at[l->n++] = one;
    return s;
}

enum status look_open(struct look **out, const struct settings *s)
{
    struct look *l = memory_alloc(1, sizeof *l);
    enum status status;
    *out = NULL;
    if (!l)
        return fail(NO_RESOURCE, "no memory");
    l->settings = s;
    if ((status = settings_open_detector(&l->detector, s)) ||
        (status = recognizer_open(&l->recognizer, &s->recognizer)) ||
        (status = frame_pool_create(&l->pool, 1, FACES))) {
        look_close(&l);
        return status;
    }
    *out = l;
    return OK;
}

void look_close(struct look **l)
{
    if (!*l)
        return;
    detector_close(&(*l)->detector);
    recognizer_close(&(*l)->recognizer);
    frame_pool_free(&(*l)->pool);
    memory_free(l);
}

struct recognizer *look_recognizer(struct look *l)
{
    return l->recognizer;
}

enum status look_detect(struct look *l, struct frame *f)
{
    return detector_run(l->detector, f->image, l->settings->detect.min_size / f->to_source, f->faces, f->max_faces,
                        &f->n_faces);
}

/* The face with some of what is around it, at most THUMBNAIL high. */
static enum status thumbnail(struct looked *out, const struct frame *f, const struct face *face)
{
    const float margin = 0.3F;
    struct box b = box_scale(face->box, f->to_source);
    struct image part = image_view(f->source, (int)(b.x - margin * b.w), (int)(b.y - margin * b.h),
                                   (int)(b.w * (1 + 2 * margin)), (int)(b.h * (1 + 2 * margin)));
    if (part.w <= 0 || part.h <= 0)
        return OK;
    int h = part.h < THUMBNAIL ? part.h : THUMBNAIL;
    int w = (int)((long)part.w * h / part.h);
    w = w < 1 ? 1 : w > 2 * THUMBNAIL ? 2 * THUMBNAIL : w;
    struct image small = {memory_alloc((size_t)w * (size_t)h, IMAGE_PIXEL), w, h, IMAGE_PIXEL * w};
    if (!small.pixels)
        return fail(NO_RESOURCE, "no memory for a thumbnail");
    image_resize(small, part);
    enum status s = draw_png(&out->png, &out->png_size, small);
    memory_free(&small.pixels);
    return s;
}

enum status look_take(struct looked *out, const struct frame *f, const struct face *face, const char *source)
{
    *out = (struct looked){.face = *face, .source = memory_text(source)};
    enum status s = out->source ? thumbnail(out, f, face) : fail(NO_RESOURCE, "no memory");
    if (s)
        look_drop(out);
    return s;
}

/* Could `other` be meant as well? Not what is found within the face itself. */
static bool is_rival(const struct face *best, const struct face *other)
{
    struct point c = box_centre(other->box);
    const struct box *b = &best->box;
    bool inside = c.x > b->x && c.y > b->y && c.x < b->x + b->w && c.y < b->y + b->h;
    return other != best && other->has & FACE_MARKED && !inside && other->box.h > RIVAL * b->h;
}

/* The face that is meant; -1, with the message kept, when that is not clear. */
static int choose(const struct frame *f, const struct look_options *o, const char *name)
{
    int best = -1;
    int rivals = 0;
    for (int i = 0; i < f->n_faces; i++) {
        const struct face *x = &f->faces[i];
        if (x->has & FACE_MARKED && (best < 0 || x->box.h * x->score > f->faces[best].box.h * f->faces[best].score))
            best = i;
    }
    for (int i = 0; best >= 0 && i < f->n_faces; i++)
        rivals += is_rival(&f->faces[best], &f->faces[i]);
    if (best < 0)
        fail(BAD_DATA, "%s: there is no face in this picture", name);
    else if (rivals && !o->largest)
        fail(BAD_DATA, "%s: there are %d faces in this picture, one is wanted; --largest takes the largest", name,
             rivals + 1);
    return best < 0 || (rivals && !o->largest) ? -1 : best;
}

static enum status take_picture(struct look *l, struct frame *f, const char *name, const struct look_options *o,
                                struct looked_list *list)
{
    struct looked one;
    enum status s = look_detect(l, f);
    int which = s ? -1 : choose(f, o, name);
    if (s)
        return s;
    if (which < 0 && o->patient) {
        log_say(LOG_WARN, NULL, "%s: left out", fail_message());
        return OK;
    }
    if (which < 0)
        return BAD_DATA;
    recognizer_describe(l->recognizer, f->source, f->to_source, f->faces, &which, 1);
    if (!(s = look_take(&one, f, &f->faces[which], name)))
        s = looked_add(list, one);
    return s;
}

static enum status look_pictures(struct look *l, struct capture *c, const char *url, const struct look_options *o,
                                 struct looked_list *list)
{
    char name[URL];
    enum status s = OK;
    bool one = capture_info(c)->pictures <= 1;
    struct frame *f = frame_get(l->pool);
    while (!s && !atomic_load(stop_flag()) && !(s = capture_read(c, f))) {
        if (one || !*f->file)
            snprintf(name, sizeof name, "%s", url);
        else
            snprintf(name, sizeof name, "%s: %s", url, f->file);
        s = take_picture(l, f, name, o, list);
    }
    frame_put(l->pool, f);
    return s == END ? OK : s;
}

enum status look_at(struct look *l, const char *url, const struct look_options *o, struct looked_list *list)
{
    struct capture *c = NULL;
    enum status s = capture_open(&c, url, &l->settings->capture, stop_flag());
    if (!s && capture_info(c)->kind == CAPTURE_PICTURES)
        s = look_pictures(l, c, url, o, list);
    else if (!s)
        s = look_video(l, c, url, o, list);
    capture_close(&c);
    return s;
}

enum status look_best(struct look *l, const char *url, struct looked_list *list, const struct face **best)
{
    static const struct look_options o = {.largest = true, .most = 4};
    enum status s = look_at(l, url, &o, list);
    if (!s && list->n == 0)
        s = fail(BAD_DATA, "%s: there is no face", url);
    for (int i = 0; !s && i < list->n; i++)
        if (i == 0 || list->at[i].face.quality > (*best)->quality)
            *best = &list->at[i].face;
    return s;
}
