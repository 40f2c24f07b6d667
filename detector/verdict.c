/* SPDX-License-Identifier: MIT
 * Crops in batches through the net `verdict`, each with its mirror image; what both say is averaged. */
#include "detector/verdict.h"

#include <math.h>

#include "base/memory.h"
#include "nets/models/models.h"
#include "nets/net.h"

enum { BATCH = 16, CROP = 3 * VERDICT_CROP * VERDICT_CROP };
#define FARTHEST 1.5f /* exp of it half sides: keeps a broken net's boxes finite */

struct verdict {
    struct net *net;
    struct net_run *run;
    int around, box, face;
};

struct warp verdict_warp(struct box window)
{
    const struct point mid = box_centre(window);
    const float side = VERDICT_AROUND * sqrtf(fmaxf(window.w, 1) * fmaxf(window.h, 1));
    const float by = side / VERDICT_CROP; /* pixels have their centres at halves */
    return (struct warp){ by, 0, mid.x - side / 2 + by / 2 - 0.5f, 0, by, mid.y - side / 2 + by / 2 - 0.5f };
}

struct box verdict_box(struct box window, const float *said)
{
    const struct point mid = box_centre(window);
    float far[4];
    for (int i = 0; i < 4; i++) {
        far[i] = expf(fminf(fmaxf(said[i], -FARTHEST), FARTHEST)) * (i % 2 ? window.h : window.w) / 2;
    }
    return (struct box){ mid.x - far[0], mid.y - far[1], far[0] + far[2], far[1] + far[3] };
}

enum status verdict_open(struct verdict **out, const char *path, bool half)
{
    struct verdict *v = memory_alloc(1, sizeof *v);
    enum status s = v ? net_load(&v->net, path, "verdict") : fail(NO_RESOURCE, "%s: no memory", path);
    *out = NULL;
    if (!s) {
        const struct net_named layers[] = { { "around", &v->around }, { "box", &v->box }, { "face", &v->face }, { 0 } };
        s = net_find_all(v->net, layers);
    }
    if (!s) {
        s = net_run_create(&v->run, v->net, 2 * BATCH, NET_INFER);
    }
    if (s) {
        verdict_close(&v);
        return s;
    }
    net_run_half(v->run, half);
    net_run_prepare(v->run);
    *out = v;
    return OK;
}

void verdict_close(struct verdict **v)
{
    if (*v) {
        net_run_free(&(*v)->run);
        net_free(&(*v)->net);
    }
    memory_free(v);
}

const struct net *verdict_net(const struct verdict *v)
{
    return v->net;
}

static void mirror(float *out, const float *in)
{
    for (int y = 0; y < 3 * VERDICT_CROP; y++) {
        for (int x = 0; x < VERDICT_CROP; x++) {
            out[y * VERDICT_CROP + x] = in[(y + 1) * VERDICT_CROP - 1 - x];
        }
    }
}

static void judge_batch(struct verdict *v, struct image im, struct window *windows, int n, float *logits)
{
    float *crops = net_run_at(v->run, v->around).at;
    for (int i = 0; i < n; i++) {
        float *crop = crops + (size_t) (2 * i) * CROP;
        image_warp_planes(crop, VERDICT_CROP, VERDICT_CROP, im, verdict_warp(windows[i].box));
        mirror(crop + CROP, crop);
    }
    net_run_forward(v->run, 2 * n);
    const float *box = net_run_at(v->run, v->box).at;
    const float *face = net_run_at(v->run, v->face).at;
    for (int i = 0; i < n; i++, box += 8, face += 2) {
        const float said[4] = { (box[0] + box[6]) / 2, (box[1] + box[5]) / 2, (box[2] + box[4]) / 2, (box[3] + box[7]) / 2 };
        windows[i].box = verdict_box(windows[i].box, said);
        logits[i] = (face[0] + face[1]) / 2;
    }
}

void verdict_judge(struct verdict *v, struct image im, struct window *windows, int n, float *logits)
{
    for (int done = 0; done < n; done += BATCH) {
        judge_batch(v, im, windows + done, n - done < BATCH ? n - done : BATCH, logits + done);
    }
}
