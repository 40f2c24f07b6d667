/* SPDX-License-Identifier: MIT
 * Crops through DeepID2 or DeepID2+ (papers.md sections 3 and 6) to codes, as wide as the net makes them: up to 32
 * crops, or the patches of them that the net sees, and their mirror images in one run; the two codes are averaged, the
 * mean is brought to length 1. */
#include "recognizer/embed.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "nets/net.h"
#include "recognizer/cover.h"
#include "recognizer/patch.h"

enum { BATCH = 32, CROP = 3 * CROP_H * CROP_W };

struct embed {
    struct net_run *run;
    int face, code, n_code;
    bool mirror, upright; /* upright: the mirrored face's patch is the patch mirrored */
    struct patch patch;
    struct cover_reader cover;
};

enum status embed_open(struct embed **out, const struct net *n, const char *path, bool mirror, bool half)
{
    enum status s;
    struct embed *e = memory_alloc(1, sizeof *e);
    if (!e)
        return fail(NO_RESOURCE, "%s: no memory", path);
    e->mirror = mirror;
    e->patch = patch_of(net_model(n), net_options(n));
    struct warp turned = patch_mirrored(&e->patch);
    e->upright = fabsf(warp_point(turned, (struct point){0, 0}).x -
                       warp_point(e->patch.to_crop, (struct point){CROP_W - 1, 0}).x) < 1e-3F;
    if ((s = net_find(n, "face", &e->face)) || (s = net_find(n, "code", &e->code)) ||
        (s = net_run_create(&e->run, n, mirror ? 2 * BATCH : BATCH, NET_INFER))) {
        embed_close(&e);
        return fail_in(s == BAD_USAGE ? BAD_MATCH : s, "%s", path);
    }
    net_run_half(e->run, half);
    struct shape in = net_run_at(e->run, e->face).shape;
    struct shape out_shape = net_run_at(e->run, e->code).shape;
    e->n_code = out_shape.c * out_shape.h * out_shape.w;
    if (in.c != 3 || in.h != CROP_H || in.w != CROP_W)
        s = fail(BAD_MATCH, "%s: the net takes %dx%dx%d, faces are 3x%dx%d", path, in.c, in.h, in.w, CROP_H, CROP_W);
    else if (e->n_code > FACE_CODE)
        s = fail(BAD_MATCH, "%s: codes have %d numbers, at most %d are kept", path, e->n_code, FACE_CODE);
    else
        s = cover_load(&e->cover, net_file(n), path, e->n_code);
    if (s)
        embed_close(&e);
    *out = e;
    return s;
}

void embed_close(struct embed **e)
{
    if (*e)
        net_run_free(&(*e)->run);
    memory_free(e);
}

int embed_size(const struct embed *e)
{
    return e->n_code;
}

void embed_mirror(float *out, const float *in)
{
    for (int y = 0; y < 3 * CROP_H; y++)
        for (int x = 0; x < CROP_W; x++)
            out[y * CROP_W + x] = in[y * CROP_W + CROP_W - 1 - x];
}

/* Cuts crop number i of a batch of n; mirror images follow after the n crops. Returns the crop's planes. */
static const float *cut(struct embed *e, int i, int n, struct image im, struct warp to_picture)
{
    float *at = net_run_at(e->run, e->face).at;
    float *crop = at + (size_t)i * CROP;
    float *turned = at + (size_t)(n + i) * CROP;
    image_warp_planes(crop, CROP_W, CROP_H, im, warp_chain(to_picture, e->patch.to_crop));
    if (e->patch.grey)
        patch_remove_colour(crop);
    if (!e->mirror)
        return crop;
    if (e->upright) {
        embed_mirror(turned, crop);
    } else {
        image_warp_planes(turned, CROP_W, CROP_H, im, warp_chain(to_picture, patch_mirrored(&e->patch)));
        if (e->patch.grey)
            patch_remove_colour(turned);
    }
    return crop;
}

static void take_code(const struct embed *e, const float *one, const float *other, struct face *face)
{
    double sum = 0;
    memset(face->bits, 0, sizeof face->bits);
    for (int i = 0; i < e->n_code; i++) {
        float x = other ? 0.5F * (one[i] + other[i]) : one[i];
        face->code[i] = x;
        sum += (double)x * (double)x;
        if (x > 0)
            face->bits[i / 64] |= (uint64_t)1 << (i % 64);
    }
    float by = sum > 0 ? (float)(1 / sqrt(sum)) : 0;
    for (int i = 0; i < e->n_code; i++)
        face->code[i] *= by;
    face->qualities[FACE_CLEAR] = cover_clear(&e->cover, face->code);
    face->quality *= face->qualities[FACE_CLEAR];
    face->n_code = e->n_code;
    face->has |= FACE_CODED;
}

/* One batch: fills all of the face but what it is called. which NULL: 0, 1, 2 ... */
static void run_batch(struct embed *e, struct face *faces, const int *which, int n)
{
    net_run_forward(e->run, e->mirror ? 2 * n : n);
    const float *codes = net_run_at(e->run, e->code).at;
    size_t size = (size_t)e->n_code;
    for (int i = 0; i < n; i++)
        take_code(e, codes + (size_t)i * size, e->mirror ? codes + (size_t)(n + i) * size : NULL,
                  &faces[which ? which[i] : i]);
}

static void cut_face(struct embed *e, int i, int n, struct image im, float scale, struct face *face)
{
    struct point marks[FACE_MARKS];
    struct point in_crop[FACE_MARKS];
    for (int k = 0; k < FACE_MARKS; k++)
        marks[k] = (struct point){face->marks[k].x * scale, face->marks[k].y * scale};
    struct warp to_picture = align_warp(marks);
    struct warp to_crop = warp_inverse(to_picture);
    for (int k = 0; k < FACE_MARKS; k++)
        in_crop[k] = warp_point(to_crop, marks[k]);
    const float *planes = cut(e, i, n, im, to_picture);
    face->quality = embed_quality(face->qualities, planes, warp_scale(to_picture), in_crop);
}

void embed_faces(struct embed *e, struct image im, float scale, struct face *faces, const int *which, int n)
{
    for (int done = 0; done < n; done += BATCH) {
        int now = n - done < BATCH ? n - done : BATCH;
        for (int i = 0; i < now; i++) {
            CHECK(faces[which[done + i]].has & FACE_MARKED);
            cut_face(e, i, now, im, scale, &faces[which[done + i]]);
        }
        run_batch(e, faces, which + done, now);
    }
}

void embed_crops(struct embed *e, const struct recognizer_crop *crops, struct face *faces, int n)
{
    for (int done = 0; done < n; done += BATCH) {
        int now = n - done < BATCH ? n - done : BATCH;
        for (int i = 0; i < now; i++) {
            const struct recognizer_crop *c = &crops[done + i];
            const float *planes = cut(e, i, now, c->im, c->to_picture);
            struct face *face = &faces[done + i];
            face->quality = embed_quality(face->qualities, planes, warp_scale(c->to_picture), NULL);
        }
        run_batch(e, faces + done, NULL, now);
    }
}
