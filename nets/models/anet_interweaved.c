/* SPDX-License-Identifier: MIT */
#include "nets/models/anet_interweaved.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "nets/gemm.h"
#include "nets/layers/conv.h"
#include "nets/layers/layers.h"
#include "nets/models/models.h"

enum { CELLS = 2, BANKS = CELLS * CELLS, TAPS = 9, OUT_H = 10, OUT_W = 8, POOLED_H = 5, POOLED_W = 4, MOVE = 2 };
/* CELLS: regions of conv3 along an axis. OUT, POOLED: conv3 and pool3 of a patch. MOVE: places of conv3 from patch to patch. */

struct parts_options { int maps, h, w, code, attributes; };
static const struct option none[] = { { 0 } };

/* What all places share. */
static void build_head(struct net_builder *b, const void *options)
{
    const struct parts_options *o = options;
    int x = net_input(b, "face", (struct shape){ 1, 3, o->h, o->w });
    x = net_pool(b, "pool1", net_relu(b, net_conv(b, "conv1", x, .maps = o->maps, .kernel = 4)), .kernel = 2);
    x = net_conv(b, "conv2", x, .maps = 2 * o->maps, .kernel = 3);
    net_keep(b, net_pool(b, "pool2", net_relu(b, x), .kernel = 2));
}

/* What belongs to a patch. */
static void build_tail(struct net_builder *b, const void *options)
{
    const struct parts_options *o = options;
    int p = net_input(b, "pool3", (struct shape){ 1, 3 * o->maps, POOLED_H, POOLED_W });
    int c = net_relu(b, net_conv(b, "conv4", p, .maps = 4 * o->maps, .kernel = 2, .grid = -1));
    int x = net_relu(b, net_full(b, "feature", net_join(b, p, c), .units = o->code));
    net_keep(b, net_full(b, "attributes", x, .units = o->attributes));
}

static const struct model model_head = { "anet-head", "", none, sizeof(struct parts_options), build_head };
static const struct model model_tail = { "anet-tail", "", none, sizeof(struct parts_options), build_tail };

struct bank { int y, x, h, w; float *out; }; /* its outputs [maps, h, w]; (y, x): the first in the whole map */

struct anet_interweaved {
    struct arena *arena;
    struct net *head, *tail;
    struct net_run *head_run, *tail_run;
    struct shape seen; /* pool2 of the whole crop */
    int side, maps, face, pool2, pool3, said;
    float *weights, *bias, *columns; /* of conv3: [banks, maps, from, 3, 3], [banks, maps] */
    struct bank banks[BANKS];
};

static enum status take(struct net *to, struct net *from)
{
    static const char *const names[] = { "conv1", "conv2", "conv4", "feature", "attributes" };
    static const char *const kinds[] = { "weight", "bias" };
    for (size_t i = 0; i < 2 * sizeof names / sizeof *names; i++) {
        char name[64];
        size_t n, m;
        snprintf(name, sizeof name, "%s.%s", names[i / 2], kinds[i % 2]);
        float *at = net_weight(to, name, &n), *source = at ? net_weight(from, name, &m) : NULL;
        if (at && (!source || n != m))
            return fail(BAD_MATCH, "interweaved: the net has no fitting %s", name);
        if (at)
            memcpy(at, source, n * sizeof *at);
    }
    return OK;
}

static enum status open_nets(struct anet_interweaved *a, struct net *anet)
{
    const struct anet_options *o = net_options(anet);
    int more = ANET_STEP * (a->side - 1);
    struct parts_options parts = { o->maps, ANET_H + more, ANET_W + more, o->code, o->attributes };
    enum status s;
    a->maps = 3 * o->maps;
    if ((s = net_create(&a->head, &model_head, &parts, 1)) || (s = net_create(&a->tail, &model_tail, &parts, 1)) ||
        (s = take(a->head, anet)) || (s = take(a->tail, anet)) || (s = net_find(a->head, "face", &a->face)) ||
        (s = net_find(a->head, "pool2", &a->pool2)) || (s = net_find(a->tail, "pool3", &a->pool3)) ||
        (s = net_find(a->tail, "attributes", &a->said)) || (s = net_run_create(&a->head_run, a->head, 1, NET_INFER)))
        return s;
    a->seen = net_run_at(a->head_run, a->pool2).shape;
    return net_run_create(&a->tail_run, a->tail, a->side * a->side, NET_INFER);
}

static enum status open_banks(struct anet_interweaved *a, struct net *anet)
{
    size_t n, m, taps = (size_t)(TAPS * a->seen.c), maps = (size_t)a->maps;
    const float *weights = net_weight(anet, "conv3.weight", &n), *bias = net_weight(anet, "conv3.bias", &m);
    if (!weights || !bias || n != BANKS * maps * taps || m != BANKS * maps)
        return fail(BAD_MATCH, "interweaved: conv3 is not %d banks of %d maps", BANKS, a->maps);
    if (!(a->arena = arena_create()))
        return fail(NO_RESOURCE, "interweaved: no memory");
    size_t most = 0;
    for (int i = 0; i < BANKS; i++) {
        int gy = i / CELLS, gx = i % CELLS, move = MOVE * (a->side - 1);
        struct bank *b = &a->banks[i];
        b->y = conv_cut(OUT_H, CELLS, gy);
        b->x = conv_cut(OUT_W, CELLS, gx);
        b->h = conv_cut(OUT_H, CELLS, gy + 1) - b->y + move; /* wherever some patch's region lies */
        b->w = conv_cut(OUT_W, CELLS, gx + 1) - b->x + move;
        size_t places = (size_t)(b->h * b->w);
        b->out = arena_alloc(a->arena, maps * places, sizeof *b->out);
        most = places > most ? places : most;
    }
    a->weights = arena_alloc(a->arena, n, sizeof *a->weights);
    a->bias = arena_alloc(a->arena, m, sizeof *a->bias);
    a->columns = arena_alloc(a->arena, most * taps, sizeof *a->columns);
    enum status s = arena_seal(a->arena);
    if (s)
        return s;
    memcpy(a->weights, weights, n * sizeof *weights);
    memcpy(a->bias, bias, m * sizeof *bias);
    return OK;
}

enum status anet_interweaved_open(struct anet_interweaved **out, struct net *anet, int side)
{
    const struct anet_options *o = net_options(anet);
    *out = NULL;
    if (net_model(anet) != &model_anet || o->normalize)
        return fail(BAD_MATCH, "interweaved: wants a folded net anet, not %s", net_model(anet)->name);
    if (side < 1 || side > ANET_SIDE_MOST)
        return fail(BAD_USAGE, "interweaved: 1 to %d patches along an axis, not %d", ANET_SIDE_MOST, side);
    struct anet_interweaved *a = memory_alloc(1, sizeof *a);
    if (!a)
        return fail(NO_RESOURCE, "interweaved: no memory");
    a->side = side;
    enum status s = open_nets(a, anet);
    if (!s)
        s = open_banks(a, anet);
    if (s)
        anet_interweaved_close(&a);
    *out = a;
    return s;
}

void anet_interweaved_close(struct anet_interweaved **a)
{
    if (*a) {
        net_run_free(&(*a)->head_run);
        net_run_free(&(*a)->tail_run);
        net_free(&(*a)->head);
        net_free(&(*a)->tail);
        arena_free(&(*a)->arena);
    }
    memory_free(a);
}

struct tensor anet_interweaved_crop(struct anet_interweaved *a)
{
    return net_run_at(a->head_run, a->face);
}

/* One bank over every place where it is wanted. */
static void run_bank(struct anet_interweaved *a, int i)
{
    const struct bank *b = &a->banks[i];
    const struct kernels *k = kernels_best();
    int taps = TAPS * a->seen.c, places = b->h * b->w;
    struct patches p = { a->seen.c, a->seen.h, a->seen.w, 3, 1, 0, a->seen.h - 2, a->seen.w - 2, k };
    patches_region(a->columns, net_run_at(a->head_run, a->pool2).at, 0, 1, &p, b->y, b->y + b->h, b->x, b->x + b->w);
    gemm(false, false, a->maps, places, taps, 1, a->weights + (size_t)i * (size_t)(a->maps * taps), taps, a->columns, places, 0,
         b->out, places);
    for (int m = 0; m < a->maps; m++) {
        float *row = b->out + (size_t)m * (size_t)places;
        k->affine(row, row, 1, a->bias[i * a->maps + m], true, (size_t)places);
    }
}

/* Pool3 of the patch at (dy, dx): each window may see two or four banks. */
static void weave(const struct anet_interweaved *a, float *pooled, int dy, int dx)
{
    for (int y = 0; y < POOLED_H; y++)
        for (int x = 0; x < POOLED_W; x++)
            for (int k = 0; k < 4; k++) {
                int py = 2 * y + k / 2, px = 2 * x + k % 2; /* in the patch's conv3 */
                const struct bank *b = &a->banks[(py >= a->banks[CELLS].y) * CELLS + (px >= a->banks[1].x)];
                size_t step = (size_t)(b->h * b->w);
                const float *from = b->out + (size_t)((py + MOVE * dy - b->y) * b->w + px + MOVE * dx - b->x);
                float *to = pooled + y * POOLED_W + x;
                for (int m = 0; m < a->maps; m++, from += step, to += POOLED_H * POOLED_W)
                    *to = k == 0 ? *from : fmaxf(*to, *from);
            }
}

const float *anet_interweaved_run(struct anet_interweaved *a)
{
    float *pooled = net_run_at(a->tail_run, a->pool3).at;
    net_run_forward(a->head_run, 0);
    for (int i = 0; i < BANKS; i++)
        run_bank(a, i);
    for (int i = 0; i < a->side * a->side; i++)
        weave(a, pooled + (size_t)i * (size_t)(a->maps * POOLED_H * POOLED_W), i / a->side, i % a->side);
    net_run_forward(a->tail_run, 0);
    return net_run_at(a->tail_run, a->said).at;
}
