/* SPDX-License-Identifier: MIT
 * FCNT in real time: the same chain (maps of a region, the significant ones chosen, a head that learns the target's heat,
 * another that knows only the first frame), with heads in closed form (ridge.c) in place of gradient descent, gradient
 * and colour maps beside the net's, and the size by a filter of its own (scale.c). */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/kernels.h"
#include "tracker/colour_model.h"
#include "tracker/gone.h"
#include "tracker/net_maps.h"
#include "tracker/ridge.h"
#include "tracker/single_kinds.h"

/* The net's cells of 4 pixels begin at 4.5 of its 168, the gradients' at MARGIN. */
enum { SIDE = NET_MAPS_SIDE, MARGIN = 4, OWN = GRADIENT_MAPS + COLOUR_MAPS };

struct fast_options {
    const char *weights;
    float area, net, colour, mix, mix_rate, keep, rate, weight, width, scale_step, scale_rate, doubt;
    struct gone_rules gone;
    int rounds, every, size_every, places;
};
#define AT(field) offsetof(struct fast_options, field)
static const struct option table[] = {
    {"weights", OPTION_TEXT, AT(weights), "", 0, 0, NULL, "a DeepID2 whose convolutions see; empty: the shipped fcnt.safetensors"},
    {"area", OPTION_FLOAT, AT(area), "5", 2, 10, NULL, "side of the search region over the root of the box's area"},
    {"net", OPTION_FLOAT, AT(net), "0.7", 0, 10, NULL, "weight of the net's maps beside the gradients' 1; 0: none"},
    {"keep", OPTION_FLOAT, AT(keep), "0.75", 0.01, 1, NULL, "part of the net's maps that is chosen"},
    {"colour", OPTION_FLOAT, AT(colour), "1", 0, 10, NULL, "weight of the colour maps"},
    {"mix", OPTION_FLOAT, AT(mix), "0.6", 0, 10, NULL, "part of the place's colours in where the target is, beside the heat"},
    {"mix_rate", OPTION_FLOAT, AT(mix_rate), "0.04", 0, 1, NULL, "how fast those colours follow the target's"},
    {"rate", OPTION_FLOAT, AT(rate), "0.015", 0, 1, NULL, "how fast the model follows the target's look"},
    {"weight", OPTION_FLOAT, AT(weight), "0.01", 0, 1000, NULL, "regularisation of the filter"},
    {"width", OPTION_FLOAT, AT(width), "0.0625", 0.01, 1, NULL, "deviation of the wanted heat over the target's size"},
    {"rounds", OPTION_INT, AT(rounds), "2", 1, 20, NULL, "rounds of the solver"},
    {"every", OPTION_INT, AT(every), "2", 1, 100, NULL, "frames from one learning step to the next"},
    {"size_every", OPTION_INT, AT(size_every), "2", 1, 100, NULL, "frames from one look at the size to the next"},
    {"scale_step", OPTION_FLOAT, AT(scale_step), "1.02", 1, 1.2, NULL, "from one size to the next"},
    {"scale_rate", OPTION_FLOAT, AT(scale_rate), "0.04", 0, 1, NULL, "how fast the size filter learns, at every second look"},
    {"doubt", OPTION_FLOAT, AT(doubt), "0.3", 0, 1, NULL, "nothing is learnt below this part of the usual heat"},
    {"lost", OPTION_FLOAT, AT(gone.lost), "0.4", 0, 1, NULL, "part of the usual heat below which the target may be gone; 0: it never leaves"},
    {"alone", OPTION_FLOAT, AT(gone.alone), "1.6", 1, 100, NULL, "it is there all the same when its heat is so many times that of any other place"},
    {"found", OPTION_FLOAT, AT(gone.found), "0.7", 0, 1, NULL, "part of it from which it is back"},
    {"places", OPTION_INT, AT(places), "3", 1, 100, NULL, "places of the picture that are searched in a frame while it is gone"},
    {0},
};
#undef AT

struct fast {
    struct arena *arena;
    struct fast_options options;
    struct net_maps net;
    struct channels channels;
    struct spectrum spectrum;
    struct ridge_work work;
    struct ridge every_map, head; /* the first: on the first frame, with all maps, to choose from */
    struct scale_filter scale;
    struct colour_model colours;
    uint8_t *pixels;
    float *maps, *all, *x, *heat, *merged, *significance; /* [OWN + n_net, CELLS]; spectra; */
    float window[RIDGE_GRID], factor;            /* factor: of the net's maps */
    int *chosen;
    struct box box;
    float usual; /* heat at the target, running mean */
    float alone; /* the heat's top over the largest value away from it */
    int frame;
    struct gone gone;
};

static void fast_close(void **tracker)
{
    struct fast *t = *tracker;
    if (!t)
        return;
    struct arena *a = t->arena;
    net_maps_close(&t->net);
    arena_free(&a);
    *tracker = NULL;
}

static void take_memory(struct fast *t)
{
    const struct fast_options *o = &t->options;
    struct arena *a = t->arena;
    size_t n = (size_t)(OWN + t->net.n_all);
    const struct ridge_settings settings = {o->weight, o->rate, o->width, o->rounds};
    channels_open(&t->channels, a);
    spectrum_open(&t->spectrum, a, (int)n, RIDGE_GRID);
    ridge_work_open(&t->work, a, &t->spectrum);
    ridge_open(&t->every_map, a, &t->work, (int)n, &settings);
    ridge_open(&t->head, a, &t->work, OWN + t->net.n_kept, &settings);
    scale_open(&t->scale, a, &t->channels, o->scale_step, o->scale_rate);
    colour_model_open(&t->colours, a);
    t->pixels = arena_alloc(a, SIDE * SIDE, IMAGE_PIXEL);
    t->maps = arena_alloc(a, n * RIDGE_CELLS, sizeof(float));
    t->all = arena_alloc(a, n * 2 * RIDGE_BINS, sizeof(float));
    t->x = arena_alloc(a, n * 2 * RIDGE_BINS, sizeof(float));
    t->heat = arena_alloc(a, RIDGE_CELLS, sizeof(float));
    t->merged = arena_alloc(a, RIDGE_CELLS, sizeof(float));
    t->significance = arena_alloc(a, n, sizeof(float));
    t->chosen = arena_alloc(a, n, sizeof(int));
    for (int i = 0; i < RIDGE_GRID; i++)
        t->window[i] = 0.5f - 0.5f * cosf(6.2831853f * ((float)i + 0.5f) / RIDGE_GRID);
}

static enum status fast_open(void **out, const void *options)
{
    struct arena *a = arena_create();
    struct fast *t = arena_alloc(a, 1, sizeof *t);
    *out = t;
    if (!t) {
        arena_free(&a);
        return fail(NO_RESOURCE, "FCNT: no memory");
    }
    t->arena = a;
    t->options = *(const struct fast_options *)options;
    enum status s = t->options.net > 0 ? net_maps_open(&t->net, t->options.weights, t->options.keep) : OK;
    t->options.weights = NULL; /* the caller's text need not live on */
    if (!s) {
        take_memory(t);
        s = arena_seal(a);
    }
    if (s)
        fast_close(out);
    return s ? fail_in(s, "fcnt") : OK;
}

/* Pixels of the picture that one pixel of the region's 168 x 168 covers. */
static float step_of(const struct fast *t)
{
    return t->options.area * sqrtf(box_area(t->box)) / (RIDGE_GRID * CHANNEL_CELL);
}

/* Each map without its mean, faded towards the region's edge; returns the energy a cell over n maps. */
static double prepare(const struct fast *t, float *maps, int n, float factor)
{
    const struct kernels *k = kernels_best();
    double energy = 0;
    for (int i = 0; i < n; i++, maps += RIDGE_CELLS) {
        float sum, squares;
        k->moments(maps, RIDGE_CELLS, &sum, &squares);
        float mean = sum / RIDGE_CELLS;
        energy += fmaxf(squares / RIDGE_CELLS - mean * mean, 0);
        for (int y = 0; y < RIDGE_GRID; y++) {
            float *restrict row = maps + y * RIDGE_GRID, high = factor * t->window[y];
            for (int x = 0; x < RIDGE_GRID; x++)
                row[x] = (row[x] - mean) * high * t->window[x];
        }
    }
    return energy;
}

/* The region without its margin: what cells of 4 pixels cover. */
static struct image middle_of(const struct fast *t)
{
    return (struct image){t->pixels + (MARGIN * SIDE + MARGIN) * IMAGE_PIXEL, SIDE - MARGIN, SIDE - MARGIN, SIDE * IMAGE_PIXEL};
}

/* A box of w x h cells, (dx, dy) cells from the region's middle. */
static struct box cells_at(float w, float h, float dx, float dy)
{
    return (struct box){RIDGE_GRID / 2 + dx - w / 2, RIDGE_GRID / 2 + dy - h / 2, w, h};
}

/* The same of the target's size. */
static struct box cells_of(const struct fast *t, float dx, float dy)
{
    float cell = step_of(t) * CHANNEL_CELL;
    return cells_at(t->box.w / cell, t->box.h / cell, dx, dy);
}

/* The heat and how much each place looks like the target by its colours, together: in `merged`. */
static void merge(struct fast *t)
{
    const float over = 1 / fmaxf(t->usual, 1e-6f);
    const struct box size = cells_of(t, 0, 0);
    colour_model_look(&t->colours, middle_of(t));
    for (int y = 0; y < RIDGE_GRID; y++)
        for (int x = 0; x < RIDGE_GRID; x++) {
            float dx = (float)(x > RIDGE_GRID / 2 ? x - RIDGE_GRID : x), dy = (float)(y > RIDGE_GRID / 2 ? y - RIDGE_GRID : y);
            int k = y * RIDGE_GRID + x;
            t->merged[k] = over * t->heat[k] + t->options.mix * colour_model_mean(&t->colours, cells_at(size.w, size.h, dx, dy));
        }
}

/* Maps of the region around the box: gradients, colours, then the net's (on the first frame all, then the chosen). */
static void look(struct fast *t, struct image im, bool first)
{
    struct image patch = {t->pixels, SIDE, SIDE, SIDE * IMAGE_PIXEL};
    struct point c = box_centre(t->box);
    float step = step_of(t), half = (SIDE / 2 - 0.5f) * step, *colours = t->maps + GRADIENT_MAPS * RIDGE_CELLS;
    float *net = t->maps + OWN * RIDGE_CELLS;
    image_warp(patch, im, (struct warp){step, 0, c.x - half - 0.5f, 0, step, c.y - half - 0.5f});
    struct image middle = middle_of(t);
    channels_gradients(&t->channels, t->maps, middle, RIDGE_GRID);
    channels_colours(colours, middle, RIDGE_GRID);
    int n = first ? t->net.n_all : t->net.n_kept;
    if (n > 0)
        memcpy(net, net_maps_look(&t->net, patch, first), (size_t)n * RIDGE_CELLS * sizeof *net);
    /* colours are shares of a cell: where nearly all is grey they must stay small, not be blown up to noise */
    double gradients = prepare(t, t->maps, GRADIENT_MAPS, 1);
    prepare(t, colours, COLOUR_MAPS, t->options.colour);
    double low = prepare(t, net, n, first ? 1 : t->factor);
    if (!first)
        return;
    t->factor = t->options.net * (float)sqrt(gradients / (low + 1e-9)); /* the net's scale is its training's affair */
    for (int k = 0; k < n * RIDGE_CELLS; k++)
        net[k] *= t->factor;
}

/* The head on all maps says which of the net's it needs: the significance is exact for a linear head. */
static void choose(struct fast *t, float w, float h)
{
    enum { ONE = 2 * RIDGE_BINS };
    float *of_net = t->significance + OWN;
    ridge_start(&t->every_map, t->all, w, h);
    ridge_significance(&t->every_map, t->all, t->significance);
    memcpy(t->x, t->all, (size_t)OWN * ONE * sizeof(float));
    for (int i = 0, n = 0; i < t->net.n_all; i++) {
        int better = 0;
        for (int k = 0; k < t->net.n_all; k++)
            better += of_net[k] > of_net[i] || (of_net[k] == of_net[i] && k < i);
        if (better >= t->net.n_kept || n >= t->net.n_kept)
            continue;
        memcpy(t->x + (size_t)(OWN + n) * ONE, t->all + (size_t)(OWN + i) * ONE, ONE * sizeof(float));
        t->chosen[n++] = i;
    }
}

static enum status fast_start(void *tracker, struct image im, struct box box)
{
    struct fast *t = tracker;
    if (!box_is_finite(box) || box.w < 2 || box.h < 2 ||
        box_intersection(box, (struct box){0, 0, (float)im.w, (float)im.h}) <= 0)
        return fail(BAD_USAGE, "fcnt: the box holds nothing to follow");
    t->box = box;
    t->frame = 0;
    gone_start(&t->gone);
    t->usual = 0;
    float cell = step_of(t) * CHANNEL_CELL, w = box.w / cell, h = box.h / cell;
    look(t, im, true);
    spectrum_forward(&t->spectrum, t->all, t->maps, OWN + t->net.n_all);
    choose(t, w, h);
    if (t->net.n_all > 0)
        net_maps_choose(&t->net, t->chosen);
    ridge_start(&t->head, t->x, w, h);
    scale_learn(&t->scale, im, box, true);
    colour_model_learn(&t->colours, middle_of(t), cells_of(t, 0, 0), 1);
    return OK;
}

/* The centre stays in the picture, the size between 5 pixels and the picture's own. */
static struct box keep_inside(struct box b, float size, struct image im)
{
    struct point c = box_centre(b);
    float least = 5 / fminf(b.w, b.h), most = fminf((float)im.w / b.w, (float)im.h / b.h);
    size = fmaxf(fminf(size, most), least);
    c.x = fminf(fmaxf(c.x, 0), (float)im.w);
    c.y = fminf(fmaxf(c.y, 0), (float)im.h);
    return (struct box){c.x - b.w * size / 2, c.y - b.h * size / 2, b.w * size, b.h * size};
}

/* The heat's top over its largest value beyond the target's own size around it: a target that is there stands out even
 * when it has changed, where it is gone several places are as good as each other. */
static float stands_out(const struct fast *t, float dx, float dy, float cell)
{
    float rx = fmaxf(2, 0.6f * t->box.w / cell), ry = fmaxf(2, 0.6f * t->box.h / cell), top = 0, other = 1e-6f;
    for (int k = 0; k < RIDGE_CELLS; k++) {
        float x = fabsf(remainderf((float)(k % RIDGE_GRID) - dx, RIDGE_GRID));
        float y = fabsf(remainderf((float)(k / RIDGE_GRID) - dy, RIDGE_GRID));
        top = fmaxf(top, t->heat[k]);
        if (x > rx || y > ry)
            other = fmaxf(other, t->heat[k]);
    }
    return top / other;
}

/* The heat of the region around t->box; dx, dy: where its top is, in pixels from the box's centre. */
static float search(struct fast *t, struct image im, float *dx, float *dy)
{
    float spectrum[2 * RIDGE_BINS], cell = step_of(t) * CHANNEL_CELL;
    look(t, im, false);
    spectrum_forward(&t->spectrum, t->x, t->maps, t->head.n);
    ridge_heat(&t->head, t->x, spectrum, t->heat);
    float top = ridge_top(&t->head, t->heat, dx, dy);
    if (t->options.mix > 0 && t->usual > 0) {
        merge(t);
        ridge_top(&t->head, t->merged, dx, dy);
    }
    t->alone = t->options.gone.lost > 0 ? stands_out(t, *dx, *dy, cell) : 1;
    *dx *= cell;
    *dy *= cell;
    return top;
}

/* Some places of the whole picture, and a second look at the hottest one, from its middle. True: it is there, and the box
 * is moved. */
static bool find_again(struct fast *t, struct image im, float here)
{
    static const float worth = 0.5f; /* of the heat that is enough: a region sees less at its edge */
    struct box home = t->box, best = home;
    float top = 0, dx, dy, side = step_of(t) * RIDGE_GRID * CHANNEL_CELL;
    int all = gone_places(im, side);
    float enough = gone_enough(&t->gone, &t->options.gone, t->usual, here, all);
    for (int i = 0; i < t->options.places && i < all; i++, t->gone.place++) {
        t->box = gone_place(home, im, side, t->gone.place % all);
        float heat = search(t, im, &dx, &dy);
        if (gone_is_new(&t->gone, heat, all) && heat > top) {
            top = heat;
            best = (struct box){t->box.x + dx, t->box.y + dy, home.w, home.h};
        }
    }
    t->box = best;
    if (top < worth * enough || search(t, im, &dx, &dy) < enough || t->alone < t->options.gone.alone) {
        t->box = home;
        return false;
    }
    t->box.x += dx;
    t->box.y += dy;
    gone_is_back(&t->gone);
    return true;
}

static float fast_update(void *tracker, struct image im, struct box *box)
{
    struct fast *t = tracker;
    const struct fast_options *o = &t->options;
    float dx, dy, cell = step_of(t) * CHANNEL_CELL;
    t->frame++;
    float top = search(t, im, &dx, &dy);
    t->box.x += dx;
    t->box.y += dy;
    if (gone_watch(&t->gone, &t->options.gone, top, t->usual, t->alone, t->box, im)) { /* nothing is learnt; the box goes where most heat is */
        bool found = find_again(t, im, top);
        *box = t->box = keep_inside(t->box, 1, im);
        return found ? fminf(fmaxf(o->gone.found, 0), 1) : 0;
    }
    bool sure = top >= fmaxf(o->doubt, o->gone.lost) * t->usual && !gone_is_leaving(&t->gone), sized = sure && t->frame % o->size_every == 0;
    t->box = keep_inside(t->box, sized ? scale_search(&t->scale, im, t->box) : 1, im);
    if (sure && t->frame % o->every == 0) {
        colour_model_learn(&t->colours, middle_of(t), cells_of(t, dx / cell, dy / cell), o->mix_rate);
        ridge_shift(&t->head, t->x, dx / cell, dy / cell);
        ridge_learn(&t->head, t->x);
    }
    if (sized && t->frame / o->size_every % 2 == 0)
        scale_learn(&t->scale, im, t->box, false);
    if (sure || o->gone.lost <= 0)
        t->usual += (t->usual > 0 ? 0.05f : 1) * (top - t->usual);
    *box = t->box;
    return fminf(fmaxf(top / fmaxf(t->usual, 1e-6f), 0.01f), 1); /* 0 is said of a target that is gone */
}

const struct single_kind single_fcnt = {
    .name = "fcnt", .about = "FCNT in real time: heads in closed form, gradients and colours beside the net's maps",
    .options = table, .group = "fcnt", .options_size = sizeof(struct fast_options),
    .open = fast_open, .start = fast_start, .update = fast_update, .close = fast_close,
};
