/* SPDX-License-Identifier: MIT
 * Faces, codes and LBP for `eval neurons`. Single pictures, not averaged with their mirror images: a neuron is one
 * neuron. */
#include "train/neurons_study.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "recognizer/recognizer.h"
#include "train/augment_face.h"

enum { BATCH = 32, PLANE = CROP_W * CROP_H, CROP = 3 * PLANE, MIN_FACES = 3 };

static enum status open_data(struct study *s, const char *pack, const char *cache)
{
    char folder[1024], names[1024];
    enum status e = data_split_packs(pack, folder, names, sizeof names) ? OK
                                                                        : fail(BAD_USAGE, "eval neurons wants --pack FACES.mkv");
    struct data_options o = { .folder = folder, .packs = names, .cache = cache, .min_faces = MIN_FACES,
                              .splits = DATA_VAL };
    if (e || (e = data_open(&s->data, &o)))
        return e;
    int n = data_count(s->data);
    s->faces = memory_alloc((size_t)n + 1, sizeof *s->faces);
    s->lbp = memory_alloc((size_t)n + 1, LBP_SIZE * sizeof *s->lbp);
    if (!s->faces || !s->lbp)
        return fail(NO_RESOURCE, "neurons: no memory");
    for (int i = 0; i < n; i++)
        s->faces[s->n_faces++] = i;
    return n ? OK : fail(BAD_DATA, "%s: no face of the split val", pack);
}

static enum status open_net(struct study *s, const char *weights)
{
    static const char *const depths[][2] = { { "code", "FC-4" }, { "code3", "FC-3" }, { "code2", "FC-2" },
                                             { "code1", "FC-1" } };
    char path[4096];
    enum status e = OK;
    if (*weights)
        snprintf(path, sizeof path, "%s", weights);
    else
        e = file_find_weights(path, sizeof path, "deepid2plus");
    if (e || (e = net_load(&s->net, path, NULL)) || (e = net_find(s->net, "face", &s->face)) ||
        (e = net_run_create(&s->run, s->net, BATCH, NET_INFER)))
        return e;
    for (int i = 0; i < STUDY_LAYERS; i++) {
        struct study_layer *to = &s->layers[s->n_layers];
        if (net_find(s->net, depths[i][0], &to->layer))
            continue;
        to->name = depths[i][0];
        to->title = depths[i][1];
        to->size = net_run_at(s->run, to->layer).shape.c;
        s->codes[s->n_layers] = memory_alloc((size_t)s->n_faces * (size_t)to->size, sizeof(float));
        if (!s->codes[s->n_layers++])
            return fail(NO_RESOURCE, "neurons: no memory");
    }
    s->patch = patch_of(net_model(s->net), net_options(s->net));
    struct shape in = net_run_at(s->run, s->face).shape;
    if (!s->n_layers || in.c != 3 || in.h != CROP_H || in.w != CROP_W)
        return fail(BAD_MATCH, "%s: no net that makes codes of 3x%dx%d crops", path, CROP_H, CROP_W);
    return OK;
}

enum status study_open(struct study *s, const char *pack, const char *cache, const char *weights)
{
    enum status e;
    *s = (struct study){ 0 };
    if ((e = open_data(s, pack, cache)) || (e = open_net(s, weights)))
        return fail_in(e, "neurons");
    study_describe(s, s->faces, s->n_faces, &(struct cover){ 0, 0 }, s->codes, s->lbp);
    return OK;
}

void study_close(struct study *s)
{
    for (int i = 0; i < STUDY_LAYERS; i++)
        memory_free(&s->codes[i]);
    memory_free(&s->lbp);
    memory_free(&s->faces);
    net_run_free(&s->run);
    net_free(&s->net);
    data_close(&s->data);
}

static void blacken(float *crop, int x, int y, int w, int h)
{
    for (int c = 0; c < 3; c++)
        for (int v = y; v < y + h; v++)
            for (int u = x; u < x + w; u++)
                crop[c * PLANE + v * CROP_W + u] = -127.5f / 128;
}

void study_cover(float *crop, const struct cover *c, uint64_t seed)
{
    int rows = (int)lroundf(c->band * CROP_H), side = (int)lroundf(c->block * CROP_W);
    random_next(&seed);
    blacken(crop, 0, CROP_H - rows, CROP_W, rows);
    int x = random_below(&seed, CROP_W - side + 1), y = random_below(&seed, CROP_H - side + 1);
    blacken(crop, x, y, side, side);
}

static void grey_of(float *grey, const float *crop)
{
    for (int i = 0; i < PLANE; i++)
        grey[i] = 0.299f * crop[i] + 0.587f * crop[PLANE + i] + 0.114f * crop[2 * PLANE + i];
}

void study_describe(struct study *s, const int *faces, int n, const struct cover *c, float *const *codes, float *lbp)
{
    float grey[PLANE];
    for (int done = 0; done < n; done += BATCH) {
        int now = n - done < BATCH ? n - done : BATCH;
        for (int i = 0; i < now; i++) {
            int face = faces[done + i];
            float *crop = net_run_at(s->run, s->face).at + (size_t)i * CROP;
            augment_nothing(crop, data_image(s->data, face), &s->patch, false);
            study_cover(crop, c, (uint64_t)face + 1);
            if (lbp) {
                grey_of(grey, crop);
                lbp_describe(lbp + (size_t)(done + i) * LBP_SIZE, grey, CROP_W, CROP_H);
            }
        }
        net_run_forward(s->run, now);
        for (int k = 0; k < s->n_layers; k++) {
            size_t size = (size_t)s->layers[k].size;
            if (codes[k])
                memcpy(codes[k] + (size_t)done * size, net_run_at(s->run, s->layers[k].layer).at,
                       (size_t)now * size * sizeof(float));
        }
    }
}
