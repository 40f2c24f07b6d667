/* SPDX-License-Identifier: MIT
 * Crops through ANet to probabilities: up to 16 crops and their mirror images in one run, or many shifted patches of each
 * crop interweaved; logits are averaged, then read by the scale that was measured for each attribute. */
#include "recognizer/attributes.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "nets/models/anet_interweaved.h"
#include "nets/net.h"
#include "recognizer/embed.h"

enum { BATCH = 16, CROP = 3 * CROP_H * CROP_W };

const struct option attributes_option_table[] = {
    {"weights", OPTION_TEXT, offsetof(struct attributes_options, weights), "", 0, 0, NULL,
     "weights of the net that tells attributes; empty: the shipped ones"},
    {"mirror", OPTION_BOOL, offsetof(struct attributes_options, mirror), "yes", 0, 0, NULL,
     "average over a face and its mirror image"},
    {"patches", OPTION_INT, offsetof(struct attributes_options, patches), "1", 1, ANET_SIDE_MOST, NULL,
     "average over so many shifted patches along each axis"},
    {0},
};

struct attributes {
    struct net *net;
    struct net_run *run;
    struct anet_interweaved *many; /* NULL: one patch a crop */
    float means[BATCH][FACE_ATTRIBUTES];
    int face, said, patches;
    bool mirror, raw;
    struct attributes_scale scale[FACE_ATTRIBUTES];
};

struct warp attributes_warp(void)
{
    const float x = 0.5F * (CROP_W - 1);
    const float y = 0.5F * (CROP_H - 1);
    return (struct warp){.a = ATTRIBUTES_ZOOM, .tx = x - ATTRIBUTES_ZOOM * x, .d = ATTRIBUTES_ZOOM,
                         .ty = y - ATTRIBUTES_ZOOM * y};
}

static float odds(float p)
{
    p = p < 1e-6F ? 1e-6F : p > 1 - 1e-6F ? 1 - 1e-6F : p;
    return logf(p / (1 - p));
}

float attributes_probability(const struct attributes_scale *s, float logit)
{
    return 1 / (1 + expf(-(s->factor * logit + s->shift + odds(s->rate))));
}

float attributes_evidence(float probability, float rate)
{
    return odds(probability) - odds(rate);
}

static enum status load_scale(struct attributes *a, const char *path)
{
    const struct tensors_array *t = tensors_find(net_file(a->net), ATTRIBUTES_ARRAY);
    for (int i = 0; i < FACE_ATTRIBUTES; i++)
        a->scale[i] = (struct attributes_scale){1, 0, 0.5F};
    if (!t) {
        if (!a->raw)
            log_say(LOG_WARN, NULL, "%s: no %s: probabilities are not calibrated", path, ATTRIBUTES_ARRAY);
        return OK;
    }
    if (t->type != TENSORS_F32 || t->n != (size_t)3 * FACE_ATTRIBUTES)
        return fail(BAD_MATCH, "%s: %s does not hold three numbers for each of %d attributes", path, ATTRIBUTES_ARRAY,
                    FACE_ATTRIBUTES);
    for (int i = 0; i < FACE_ATTRIBUTES; i++) {
        const float *from = (const float *)t->at + (size_t)3 * (size_t)i;
        a->scale[i] = (struct attributes_scale){from[0], from[1], from[2]};
        if (!isfinite(from[0]) || !isfinite(from[1]) || !(from[2] >= 0 && from[2] <= 1))
            return fail(BAD_DATA, "%s: %s: row %d is no scale", path, ATTRIBUTES_ARRAY, i);
    }
    return OK;
}

static enum status open_net(struct attributes *a, const char *path, const struct attributes_options *o)
{
    enum status s;
    a->mirror = o->mirror;
    a->raw = o->raw;
    a->patches = o->patches;
    if ((s = net_load(&a->net, path, "anet")) || (s = net_find(a->net, "face", &a->face)) ||
        (s = net_find(a->net, "attributes", &a->said)) ||
        (s = net_run_create(&a->run, a->net, a->mirror ? 2 * BATCH : BATCH, NET_INFER)))
        return s;
    struct shape out = net_run_at(a->run, a->said).shape;
    if (out.c * out.h * out.w != FACE_ATTRIBUTES)
        return fail(BAD_MATCH, "%s: the net tells %d attributes, faces have %d", path, out.c * out.h * out.w,
                    FACE_ATTRIBUTES);
    if (a->patches > 1 && (s = anet_interweaved_open(&a->many, a->net, a->patches)))
        return s;
    return load_scale(a, path);
}

enum status attributes_open(struct attributes **out, const struct attributes_options *o)
{
    char path[4096];
    enum status s = OK;
    struct attributes *a = memory_alloc(1, sizeof *a);
    *out = NULL;
    if (!a)
        return fail(NO_RESOURCE, "attributes: no memory");
    if (o->weights && *o->weights)
        snprintf(path, sizeof path, "%s", o->weights);
    else
        s = file_find_weights(path, sizeof path, "anet");
    if (s || (s = open_net(a, path, o))) {
        attributes_close(&a);
        return fail_in(s, "attributes");
    }
    *out = a;
    return OK;
}

void attributes_close(struct attributes **a)
{
    if (*a) {
        anet_interweaved_close(&(*a)->many);
        net_run_free(&(*a)->run);
        net_free(&(*a)->net);
    }
    memory_free(a);
}

const struct net *attributes_net(const struct attributes *a)
{
    return a->net;
}

float attributes_rate(const struct attributes *a, int i)
{
    CHECK(i >= 0 && i < FACE_ATTRIBUTES);
    return a->scale[i].rate;
}

/* All patches of a crop and, with `mirror`, of its mirror image: the mean of their logits. */
static void see_patches(struct attributes *a, float *mean, struct image im, struct warp to_picture)
{
    struct tensor crop = anet_interweaved_crop(a->many);
    int w = crop.shape.w, h = crop.shape.h, patches = a->patches * a->patches, turns = a->mirror ? 2 : 1;
    float margin = 0.5F * (float)(ANET_STEP * (a->patches - 1)); /* around the one patch there would be */
    struct warp shift = {.a = 1, .tx = -margin, .d = 1, .ty = -margin};
    image_warp_planes(crop.at, w, h, im, warp_chain(to_picture, warp_chain(attributes_warp(), shift)));
    memset(mean, 0, FACE_ATTRIBUTES * sizeof *mean);
    for (int turn = 0; turn < turns; turn++) {
        for (float *row = crop.at; turn && row < crop.at + 3 * w * h; row += w)
            for (int x = 0; x < w / 2; x++) {
                float other = row[w - 1 - x];
                row[w - 1 - x] = row[x];
                row[x] = other;
            }
        const float *said = anet_interweaved_run(a->many);
        for (int i = 0; i < patches * FACE_ATTRIBUTES; i++)
            mean[i % FACE_ATTRIBUTES] += said[i] / (float)(patches * turns);
    }
}

/* Crop i of a batch of n; mirror images follow after the n crops. `to_picture`: from the canonical crop. */
static void cut(struct attributes *a, int i, int n, struct image im, struct warp to_picture)
{
    float *at = net_run_at(a->run, a->face).at;
    float *crop = at + (size_t)i * CROP;
    if (a->many) {
        see_patches(a, a->means[i], im, to_picture);
        return;
    }
    image_warp_planes(crop, CROP_W, CROP_H, im, warp_chain(to_picture, attributes_warp()));
    if (a->mirror)
        embed_mirror(at + (size_t)(n + i) * CROP, crop);
}

static void see_batch(struct attributes *a, int n)
{
    net_run_forward(a->run, a->mirror ? 2 * n : n);
    const float *said = net_run_at(a->run, a->said).at;
    for (int i = 0; i < n; i++) {
        const float *one = said + (size_t)i * FACE_ATTRIBUTES;
        const float *other = a->mirror ? said + (size_t)(n + i) * FACE_ATTRIBUTES : one;
        for (int k = 0; k < FACE_ATTRIBUTES; k++)
            a->means[i][k] = 0.5F * (one[k] + other[k]);
    }
}

/* which NULL: 0, 1, 2 ... */
static void run_batch(struct attributes *a, struct face *faces, const int *which, int n)
{
    if (!a->many)
        see_batch(a, n);
    for (int i = 0; i < n; i++) {
        struct face *face = &faces[which ? which[i] : i];
        for (int k = 0; k < FACE_ATTRIBUTES; k++)
            face->attributes[k] = a->raw ? a->means[i][k] : attributes_probability(&a->scale[k], a->means[i][k]);
        face->has |= FACE_DESCRIBED;
    }
}

void attributes_describe(struct attributes *a, struct image im, float scale, struct face *faces, const int *which,
                         int n)
{
    for (int done = 0; done < n; done += BATCH) {
        int now = n - done < BATCH ? n - done : BATCH;
        for (int i = 0; i < now; i++) {
            const struct face *face = &faces[which[done + i]];
            struct point marks[FACE_MARKS];
            CHECK(face->has & FACE_MARKED);
            for (int k = 0; k < FACE_MARKS; k++)
                marks[k] = (struct point){face->marks[k].x * scale, face->marks[k].y * scale};
            cut(a, i, now, im, align_warp(marks));
        }
        run_batch(a, faces, which + done, now);
    }
}

void attributes_describe_crops(struct attributes *a, const struct recognizer_crop *crops, struct face *faces, int n)
{
    for (int done = 0; done < n; done += BATCH) {
        int now = n - done < BATCH ? n - done : BATCH;
        for (int i = 0; i < now; i++)
            cut(a, i, now, crops[done + i].im, crops[done + i].to_picture);
        run_batch(a, faces + done, NULL, now);
    }
}
