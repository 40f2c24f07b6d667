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

/* Crop -> picture, the crop turned about so that a mirrored face lies where faces lie. */
static struct warp mirrored_warp(struct warp to_picture)
{
    return warp_chain(to_picture, (struct warp){ -1, 0, marks_canonical[0].x + marks_canonical[1].x, 0, 1, 0 });
}

/* What the net says of crops cut at the windows' marks: marks in the picture, and logits of being a face. */
static void look(struct marks_net *l, struct image im, const struct window *windows, int n, bool mirrored,
                 struct point said[][FACE_MARKS], float *logits)
{
    struct warp to_picture[BATCH];
    for (int i = 0; i < n; i++) {
        to_picture[i] = marks_warp(windows[i].marks);
        to_picture[i] = mirrored ? mirrored_warp(to_picture[i]) : to_picture[i];
        image_warp_planes(net_run_at(l->run, l->crop).at + (size_t) i * CROP, MARKS_CROP, MARKS_CROP, im, to_picture[i]);
    }
    net_run_forward(l->run, n);
    const float *marks = net_run_at(l->run, l->marks).at;
    for (int i = 0; i < n; i++) {
        const float *of = marks + (size_t) (2 * FACE_MARKS * i);
        for (int k = 0; k < FACE_MARKS; k++) {
            const struct point p = { marks_canonical[k].x + MARKS_UNIT * of[2 * k],
                                     marks_canonical[k].y + MARKS_UNIT * of[2 * k + 1] };
            said[i][mirrored ? marks_other_side[k] : k] = warp_point(to_picture[i], p);
        }
        logits[i] = net_run_at(l->run, l->face).at[i];
    }
}

static void refine_batch(struct marks_net *l, struct image im, struct window *windows, int n, float *logits)
{
    struct point said[BATCH][FACE_MARKS];
    struct point again[BATCH][FACE_MARKS];
    float second[BATCH];
    look(l, im, windows, n, false, said, logits);
    for (int i = 0; i < n; i++) {
        memcpy(windows[i].marks, said[i], sizeof said[i]);
    }
    look(l, im, windows, n, false, said, logits);
    look(l, im, windows, n, true, again, second);
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < FACE_MARKS; k++) {
            windows[i].marks[k] = (struct point){ (said[i][k].x + again[i][k].x) / 2, (said[i][k].y + again[i][k].y) / 2 };
        }
        logits[i] = (logits[i] + second[i]) / 2;
    }
}

void marks_refine(struct marks_net *l, struct image im, struct window *windows, int n, float *logits)
{
    for (int done = 0; done < n; done += BATCH) {
        refine_batch(l, im, windows + done, n - done < BATCH ? n - done : BATCH, logits + done);
    }
}
