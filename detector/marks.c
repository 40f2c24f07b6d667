/* SPDX-License-Identifier: MIT
 * Crops in batches through the net `marks` (Sun, Wang, Tang, CVPR 2013), twice: the second crop is cut at better marks. */
#include "detector/marks.h"

#include "base/memory.h"
#include "nets/models/models.h"
#include "nets/net.h"

enum { PASSES = 2, BATCH = 16, CROP = 3 * MARKS_CROP * MARKS_CROP };

/* The mean marks of the faces packs, eyes 20 pixels apart. */
const struct point marks_canonical[FACE_MARKS] = { { 13.95f, 15.5f }, { 33.95f, 15.4f }, { 24, 26.9f },
                                                  { 15.8f, 38.65f }, { 32.35f, 38.5f } };

struct marks_net {
    struct net *net;
    struct net_run *run;
    int crop, marks, face;
};

struct warp marks_warp(const struct point marks[FACE_MARKS])
{
    return warp_similarity(marks_canonical, marks, FACE_MARKS);
}

enum status marks_open(struct marks_net **out, const char *path, bool half)
{
    struct marks_net *l = memory_alloc(1, sizeof *l);
    enum status s = l ? net_load(&l->net, path, "marks") : fail(NO_RESOURCE, "%s: no memory", path);
    *out = NULL;
    if (!s) {
        s = net_find(l->net, "crop", &l->crop);
    }
    if (!s) {
        s = net_find(l->net, "marks", &l->marks);
    }
    if (!s) {
        s = net_find(l->net, "face", &l->face);
    }
    if (!s) {
        s = net_run_create(&l->run, l->net, BATCH, NET_INFER);
    }
    if (s) {
        marks_close(&l);
        return s;
    }
    net_run_half(l->run, half);
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

static void move_marks(struct window *w, struct warp to_picture, const float *said)
{
    for (int i = 0; i < FACE_MARKS; i++) {
        const struct point p = { marks_canonical[i].x + MARKS_UNIT * said[2 * i],
                                 marks_canonical[i].y + MARKS_UNIT * said[2 * i + 1] };
        w->marks[i] = warp_point(to_picture, p);
    }
}

static void refine_batch(struct marks_net *l, struct image im, struct window *windows, int n, float *logits)
{
    struct warp to_picture[BATCH];
    for (int i = 0; i < n; i++) {
        to_picture[i] = marks_warp(windows[i].marks);
        image_warp_planes(net_run_at(l->run, l->crop).at + (size_t) i * CROP, MARKS_CROP, MARKS_CROP, im, to_picture[i]);
    }
    net_run_forward(l->run, n);
    const float *marks = net_run_at(l->run, l->marks).at;
    for (int i = 0; i < n; i++) {
        move_marks(&windows[i], to_picture[i], marks + (size_t) (2 * FACE_MARKS * i));
        logits[i] = net_run_at(l->run, l->face).at[i];
    }
}

void marks_refine(struct marks_net *l, struct image im, struct window *windows, int n, float *logits)
{
    for (int done = 0; done < n; done += BATCH) {
        const int now = n - done < BATCH ? n - done : BATCH;
        for (int pass = 0; pass < PASSES; pass++) {
            refine_batch(l, im, windows + done, now, logits + done);
        }
    }
}
