/* SPDX-License-Identifier: MIT
 * Crops in batches through the net `marks` (Sun, Wang, Tang, CVPR 2013): once to cut better crops, then these and
 * their mirror images, whose answers are averaged. */
#include "detector/marks.h"

#include <string.h>

#include "base/memory.h"
#include "nets/models/models.h"
#include "nets/net.h"

enum { BATCH = 16, CROP = 3 * MARKS_CROP * MARKS_CROP };

/* The mean marks of the faces packs, eyes 20 pixels apart. */
const struct point marks_canonical[FACE_MARKS] = { { 13.95f, 15.5f }, { 33.95f, 15.4f }, { 24, 26.9f },
                                                  { 15.8f, 38.65f }, { 32.35f, 38.5f } };
const int marks_other_side[FACE_MARKS] = { 1, 0, 2, 4, 3 };

struct marks_net {
    struct net *net;
    struct net_run *run;
    int crop, marks, face;
};

struct warp marks_warp(const struct point marks[FACE_MARKS])
{
    struct warp w = warp_similarity(marks_canonical, marks, FACE_MARKS);
    w.tx -= 0.5f;
    w.ty -= 0.5f;
    return w;
}

struct point marks_to_picture(struct warp to_picture, struct point crop)
{
    const struct point p = warp_point(to_picture, crop);
    return (struct point){ p.x + 0.5f, p.y + 0.5f };
}

struct point marks_to_crop(struct warp to_crop, struct point mark)
{
    return warp_point(to_crop, (struct point){ mark.x - 0.5f, mark.y - 0.5f });
}

enum status marks_open(struct marks_net **out, const char *path, bool half)
{
    struct marks_net *l = memory_alloc(1, sizeof *l);
    enum status s = l ? net_load(&l->net, path, "marks") : fail(NO_RESOURCE, "%s: no memory", path);
    *out = NULL;
    if (!s) {
        const struct net_named layers[] = { { "crop", &l->crop }, { "marks", &l->marks }, { "face", &l->face }, { 0 } };
        s = net_find_all(l->net, layers);
    }
    if (!s) {
        s = net_run_create(&l->run, l->net, 2 * BATCH, NET_INFER);
    }
    if (s) {
        marks_close(&l);
        return s;
    }
    net_run_half(l->run, half);
    net_run_prepare(l->run);
    *out = l;
    return OK;
}

void marks_close(struct marks_net **l)
{
    if (*l) {
        net_run_free(&(*l)->run);
        net_free(&(*l)->net);
    }
    memory_free(l);
}

const struct net *marks_model(const struct marks_net *l)
{
    return l->net;
}

/* Crop -> picture, the crop turned about so that a mirrored face lies where faces lie. */
static struct warp mirrored_warp(struct warp to_picture)
{
    return warp_chain(to_picture, (struct warp){ -1, 0, marks_canonical[0].x + marks_canonical[1].x, 0, 1, 0 });
}

struct look { /* a crop of each window, mirrored or not, and what the net says of it */
    bool mirrored;
    int first; /* sample of the run */
    struct warp to_picture[BATCH];
    struct point said[BATCH][FACE_MARKS]; /* in the picture */
    const float *logits;                  /* of being a face */
};

/* Crops at the windows' marks. */
static void cut(struct marks_net *l, struct look *look, struct image im, const struct window *windows, int n)
{
    float *crops = net_run_at(l->run, l->crop).at + (size_t) look->first * CROP;
    for (int i = 0; i < n; i++) {
        const struct warp w = marks_warp(windows[i].marks);
        look->to_picture[i] = look->mirrored ? mirrored_warp(w) : w;
        image_warp_planes(crops + (size_t) i * CROP, MARKS_CROP, MARKS_CROP, im, look->to_picture[i]);
    }
}

static void read_out(struct marks_net *l, struct look *look, int n)
{
    const float *marks = net_run_at(l->run, l->marks).at + (size_t) (2 * FACE_MARKS * look->first);
    for (int i = 0; i < n; i++, marks += 2 * FACE_MARKS) {
        for (int k = 0; k < FACE_MARKS; k++) {
            const struct point p = { marks_canonical[k].x + MARKS_UNIT * marks[2 * k],
                                     marks_canonical[k].y + MARKS_UNIT * marks[2 * k + 1] };
            look->said[i][look->mirrored ? marks_other_side[k] : k] = marks_to_picture(look->to_picture[i], p);
        }
    }
    look->logits = net_run_at(l->run, l->face).at + look->first;
}

static void refine_batch(struct marks_net *l, struct image im, struct window *windows, int n, float *logits)
{
    struct look straight = { .first = 0 }, mirrored = { .mirrored = true, .first = n };
    cut(l, &straight, im, windows, n);
    net_run_forward(l->run, n);
    read_out(l, &straight, n);
    for (int i = 0; i < n; i++) {
        memcpy(windows[i].marks, straight.said[i], sizeof straight.said[i]);
    }
    cut(l, &straight, im, windows, n);
    cut(l, &mirrored, im, windows, n);
    net_run_forward(l->run, 2 * n); /* both at once: the weights are read once */
    read_out(l, &straight, n);
    read_out(l, &mirrored, n);
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < FACE_MARKS; k++) {
            const struct point p = straight.said[i][k], q = mirrored.said[i][k];
            windows[i].marks[k] = (struct point){ (p.x + q.x) / 2, (p.y + q.y) / 2 };
        }
        logits[i] = (straight.logits[i] + mirrored.logits[i]) / 2;
    }
}

void marks_refine(struct marks_net *l, struct image im, struct window *windows, int n, float *logits)
{
    for (int done = 0; done < n; done += BATCH) {
        refine_batch(l, im, windows + done, n - done < BATCH ? n - done : BATCH, logits + done);
    }
}
