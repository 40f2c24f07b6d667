/* SPDX-License-Identifier: MIT
 * DeepID2's first two convolutions as maps for a tracker. conv2 has 80 x 80 cells of 2 pixels; a tracker wants half as many
 * each way. The mean of 2 x 2 shifted 3x3 kernels is one 4x4 kernel, so a convolution of step 2 gives the means of conv2
 * at once, for 16 products where 36 were. (The relu comes behind the mean, not before it.) */
#include "tracker/net_maps.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "nets/models/fcnt.h"
#include "nets/models/models.h"

enum { PATH = 1024, KERNEL = 3, WIDE = KERNEL + 1 };

static enum status open_one(struct wide *w, int maps, int low)
{
    struct fcnt_maps_options o = {.maps = maps, .low = low, .side = NET_MAPS_SIDE, .halved = true};
    enum status s = net_create(&w->net, &model_fcnt_maps, &o, 1);
    if (!s)
        s = net_run_create(&w->run, w->net, 1, NET_INFER);
    if (!s && !(s = net_find(w->net, "picture", &w->picture)))
        s = net_find(w->net, "low", &w->low);
    if (!s)
        net_run_half(w->run, true);
    return s;
}

/* n kernels of 3x3 become 4x4: the mean of their four shifts. */
static void widen(float *to, const float *from, size_t n)
{
    memset(to, 0, n * WIDE * WIDE * sizeof *to);
    for (; n > 0; n--, from += KERNEL * KERNEL, to += WIDE * WIDE)
        for (int i = 0; i < 4 * KERNEL * KERNEL; i++) {
            int x = i % KERNEL, y = i / KERNEL % KERNEL, shift = i / (KERNEL * KERNEL);
            to[(y + shift / 2) * WIDE + x + shift % 2] += 0.25f * from[y * KERNEL + x];
        }
}

static enum status take_weights(struct net *to, struct net *face, const char *path)
{
    static const char *const names[] = {"conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias"};
    for (int i = 0; i < 4; i++) {
        bool wide = i == 2;
        size_t have, want;
        const float *from = net_weight(face, names[i], &have);
        float *out = net_weight(to, names[i], &want);
        size_t kernels = want / (WIDE * WIDE);
        if (!from || have != (wide ? kernels * KERNEL * KERNEL : want))
            return fail(BAD_MATCH, "%s: its %s is not DeepID2's", path, names[i]);
        if (wide)
            widen(out, from, kernels);
        else
            memcpy(out, from, want * sizeof *out);
    }
    return OK;
}

enum status net_maps_open(struct net_maps *m, const char *weights, float keep)
{
    char path[PATH];
    struct net *face = NULL;
    enum status s = weights && *weights ? OK : file_find_weights(path, sizeof path, "fcnt");
    weights = weights && *weights ? weights : path;
    if (s || (s = net_load(&face, weights, "deepid2")))
        return s;
    const struct deepid2_options *o = net_options(face);
    m->n_all = 2 * o->maps;
    m->n_kept = (int)fmaxf(1, roundf(keep * (float)m->n_all));
    if (o->normalize)
        s = fail(BAD_MATCH, "%s: not folded: the tracker wants the shipped form", weights);
    if (!s && !(s = open_one(&m->all, o->maps, m->n_all)) && !(s = open_one(&m->kept, o->maps, m->n_kept)))
        s = take_weights(m->all.net, face, weights);
    net_free(&face);
    return s;
}

void net_maps_close(struct net_maps *m)
{
    net_run_free(&m->all.run);
    net_run_free(&m->kept.run);
    net_free(&m->all.net);
    net_free(&m->kept.net);
}

/* A map that was not chosen is not computed: the kernels of the others are all that the small net has. */
void net_maps_choose(struct net_maps *m, const int *chosen)
{
    static const char *const whole[] = {"conv1.weight", "conv1.bias"}, *const parts[] = {"conv2.weight", "conv2.bias"};
    for (int i = 0; i < 2; i++) {
        size_t n, n_kept;
        const float *from = net_weight(m->all.net, whole[i], &n);
        memcpy(net_weight(m->kept.net, whole[i], &n_kept), from, n * sizeof(float));
        from = net_weight(m->all.net, parts[i], &n);
        float *to = net_weight(m->kept.net, parts[i], &n_kept);
        size_t one = n / (size_t)m->n_all;
        for (int k = 0; k < m->n_kept; k++)
            memcpy(to + (size_t)k * one, from + (size_t)chosen[k] * one, one * sizeof(float));
    }
}

const float *net_maps_look(struct net_maps *m, struct image region, bool all)
{
    struct wide *w = all ? &m->all : &m->kept;
    net_run_picture(w->run, w->picture, region);
    net_run_forward(w->run, 0);
    return net_run_at(w->run, w->low).at;
}
