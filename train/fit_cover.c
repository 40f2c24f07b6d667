/* SPDX-License-Identifier: MIT
 * Reads from a code whether a part of the face is covered (recognizer/cover.h): half of many train faces get a mask, a
 * band over the eyes, a side or a block painted over, a linear support vector machine tells their codes from the
 * others', and validation faces say what its values mean. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "train/fit_encode.h"
#include "train/svm.h"

enum { LEARN = 12000, CHECK = 4000, WHOLE_IN = 50 };

struct covering {
    const struct fit_encoder *encoder;
    const struct data *d;
    const int *faces;
    float *codes;
    uint8_t *canvas; /* FIT_BATCH pictures a worker */
    size_t n;
};

/* From the canonical crop: where a cover of this kind lies. */
static struct box draw_place(uint64_t *random)
{
    const float beside = 6, w = CROP_W + 2 * beside;
    switch (random_below(random, 4)) {
    case 0: { /* a mask, from the nose down */
        float top = align_canonical[2].y + random_between(random, -5, 3);
        return (struct box){-beside, top, w, CROP_H - top + beside};
    }
    case 1: { /* glasses, hair, a hand over the eyes */
        float high = random_between(random, 8, 16);
        return (struct box){-beside, align_canonical[0].y - random_between(random, 0.35F, 0.65F) * high, w, high};
    }
    case 2: { /* one side */
        float to = CROP_W / 2.0F + random_between(random, -6, 6);
        bool left = random_below(random, 2);
        return (struct box){left ? -beside : to, -beside, left ? to + beside : w - to - beside, CROP_H + 2 * beside};
    }
    default: {
        float bw = random_between(random, 16, 30), bh = random_between(random, 16, 30);
        return (struct box){random_between(random, 2, CROP_W - 2) - bw / 2, random_between(random, 12, CROP_H - 4) - bh / 2,
                            bw, bh};
    }
    }
}

/* One colour with a little noise, or what another face's picture has at another place: skin, hair, cloth. */
static void paint(struct image im, struct box b, struct image other, uint64_t *random)
{
    bool plain = random_below(random, 2);
    int colour[3], shift_x = random_below(random, DATA_W), shift_y = random_below(random, DATA_H);
    for (int c = 0; c < 3; c++)
        colour[c] = random_below(random, 256);
    for (int y = 0; y < im.h; y++)
        for (int x = 0; x < im.w; x++) {
            if ((float)x < b.x || (float)x >= b.x + b.w || (float)y < b.y || (float)y >= b.y + b.h)
                continue;
            uint8_t *to = im.pixels + (ptrdiff_t)y * im.stride + (ptrdiff_t)x * IMAGE_PIXEL;
            const uint8_t *from = other.pixels + (ptrdiff_t)((y + shift_y) % other.h) * other.stride +
                                  (ptrdiff_t)((x + shift_x) % other.w) * IMAGE_PIXEL;
            for (int c = 0; c < 3; c++) {
                int v = colour[c] + random_below(random, 17) - 8;
                to[c] = plain ? (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v) : from[c];
            }
        }
}

static struct image covered(const struct covering *c, size_t i, uint8_t *pixels)
{
    struct image im = {pixels, DATA_W, DATA_H, DATA_W * IMAGE_PIXEL};
    uint64_t random = 77 + i;
    struct box b = draw_place(&random);
    struct point first = warp_point(data_warp(), (struct point){b.x, b.y});
    float zoom = warp_scale(data_warp());
    image_copy(im, data_image(c->d, c->faces[i]));
    paint(im, (struct box){first.x, first.y, b.w * zoom, b.h * zoom}, data_image(c->d, c->faces[(i + 7) % c->n]), &random);
    return im;
}

/* Every second face is covered. */
static void encode_part(void *context, int part, int worker)
{
    struct covering *c = context;
    struct recognizer_crop crops[FIT_BATCH];
    struct face faces[FIT_BATCH];
    size_t d = (size_t)c->encoder->n_code, first = (size_t)part * FIT_BATCH;
    size_t n = c->n - first < FIT_BATCH ? c->n - first : FIT_BATCH;
    uint8_t *canvas = c->canvas + (size_t)worker * FIT_BATCH * DATA_W * DATA_H * IMAGE_PIXEL;
    memset(faces, 0, sizeof faces);
    memset(crops, 0, sizeof crops);
    for (size_t i = 0; i < n; i++) {
        size_t k = first + i;
        struct image im = k % 2 ? covered(c, k, canvas + i * DATA_W * DATA_H * IMAGE_PIXEL) : data_image(c->d, c->faces[k]);
        crops[i] = (struct recognizer_crop){im, data_warp()};
    }
    recognizer_describe_crops(c->encoder->recognizers[worker], crops, faces, (int)n);
    for (size_t i = 0; i < n; i++)
        memcpy(c->codes + (first + i) * d, faces[i].code, d * sizeof(float));
}

/* At most `most` faces of one part, spread over it. */
static size_t choose(int *out, const struct data *d, enum fit_part part, size_t most)
{
    size_t n = 0, seen = 0, all = 0;
    for (int i = 0; i < data_count(d); i++)
        all += fit_is_of(d, i, part);
    for (int i = 0; i < data_count(d); i++)
        if (fit_is_of(d, i, part) && seen++ * most / (all > most ? all : most) == n && n < most)
            out[n++] = i;
    return n;
}

static int rising(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* w: d weights, then the shift: to a logit of 0 at the face in WHOLE_IN uncovered ones that looks most covered. */
static enum status calibrate(float *w, const struct covering *c, float *values, char *about, size_t size)
{
    size_t d = (size_t)c->encoder->n_code, half = c->n / 2, found = 0;
    float *whole = values, *under = values + half;
    struct fit_calibration meaning;
    for (size_t i = 0; i < 2 * half; i++)
        (i % 2 ? under : whole)[i / 2] = svm_value(w, c->codes + i * d, d);
    enum status s = fit_calibrate(&meaning, under, half, whole, half);
    if (s)
        return s;
    qsort(whole, half, sizeof *whole, rising);
    float limit = whole[half - half / WHOLE_IN - 1];
    for (size_t i = 0; i < half; i++)
        found += under[i] > limit;
    for (size_t i = 0; i < d; i++)
        w[i] *= (float)meaning.factor;
    w[d] = (float)meaning.factor * (w[d] - limit);
    snprintf(about, size, "covered: eer=%.4f found=%.4f of %zu covered validation faces at one in %d of the others",
             meaning.eer, (double)found / (double)half, half, WHOLE_IN);
    log_say(LOG_INFO, NULL, "%s", about);
    return OK;
}

static enum status run(struct covering *c, struct workers *w, enum fit_part part, size_t most, int *faces)
{
    c->faces = faces;
    c->n = choose(faces, c->d, part, most);
    if (c->n < 4)
        return fail(BAD_DATA, "cover: %zu faces", c->n);
    workers_run(w, (int)((c->n + FIT_BATCH - 1) / FIT_BATCH), encode_part, c);
    return OK;
}

enum status fit_cover(float *out, const struct fit_encoder *e, struct workers *w, const struct data *d, char *about,
                      size_t size)
{
    struct covering c = {.encoder = e, .d = d};
    struct arena *a = arena_create();
    int *faces = arena_alloc(a, LEARN, sizeof *faces);
    bool *under = arena_alloc(a, LEARN, sizeof *under);
    float *values = arena_alloc(a, CHECK, sizeof *values);
    c.codes = arena_alloc(a, (size_t)LEARN * (size_t)e->n_code, sizeof *c.codes);
    c.canvas = arena_alloc(a, (size_t)e->n * FIT_BATCH * DATA_W * DATA_H, IMAGE_PIXEL);
    enum status s = faces && under && values && c.codes && c.canvas ? run(&c, w, FIT_TRAIN, LEARN, faces)
                                                                    : fail(NO_RESOURCE, "cover: no memory");
    for (size_t i = 0; !s && i < c.n; i++)
        under[i] = i % 2;
    if (!s)
        s = svm_fit(out, c.codes, under, c.n, (size_t)e->n_code, &(struct svm_options){.cost = 1, .passes = 60, .seed = 1});
    if (!s)
        s = run(&c, w, FIT_VAL, CHECK, faces);
    if (!s)
        s = calibrate(out, &c, values, about, size);
    arena_free(&a);
    return s;
}
