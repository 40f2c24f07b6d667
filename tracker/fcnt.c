/* SPDX-License-Identifier: MIT
 * FCNT (papers.md section 9) over DeepID2's convolutions, as published but for the feature net: selection, GNet on the
 * higher layer, SNet on the lower, particles, the distracter switch and both updates. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "tracker/fcnt.h"
#include "tracker/single_kinds.h"

enum fcnt_head_choice { HEAD_SWITCH, HEAD_GENERAL, HEAD_SPECIFIC };
enum fcnt_selection { SELECT_BEST, SELECT_ALL, SELECT_WORST };
struct fcnt_options {
    const char *weights;
    int choose, saliency, head, head_maps, first_steps, particles, every, suppress_steps, steady;
    bool adapt, suppress;
    float keep, select_rate, select_decay_low, select_decay_high, rate_low, rate_high, floor, least,
        scale_least, update_least, scale_noise, power_general, power_specific, switch_level, switch_ratio,
        suppress_level;
    int select_steps;
};

#define AT(field) offsetof(struct fcnt_options, field)
static const struct option table[] = {
    {"weights", OPTION_TEXT, AT(weights), "", 0, 0, NULL, "a DeepID2 whose convolutions see; empty: the shipped fcnt.safetensors"},
    {"choose", OPTION_CHOICE, AT(choose), "best", 0, 0, "best all worst", "which maps the heads see"},
    {"keep", OPTION_FLOAT, AT(keep), "0.75", 0.01, 1, NULL, "part of the maps that is chosen (384 of 512)"},
    {"saliency", OPTION_CHOICE, AT(saliency), "second-order", 0, 0, "second-order released", "form of the significance"},
    {"select_steps", OPTION_INT, AT(select_steps), "100", 0, 10000, NULL, "steps of the sel-CNN"},
    {"select_rate", OPTION_FLOAT, AT(select_rate), "0.003", 0, 10, NULL, "learning rate of the sel-CNN"},
    {"select_decay_low", OPTION_FLOAT, AT(select_decay_low), "0.0005", 0, 10, NULL, "its decay, lower layer"},
    {"select_decay_high", OPTION_FLOAT, AT(select_decay_high), "0.1", 0, 10, NULL, "its decay, higher layer"},
    {"head", OPTION_CHOICE, AT(head), "switch", 0, 0, "switch general specific", "GNet and SNet by distracters, or one"},
    {"head_maps", OPTION_INT, AT(head_maps), "36", 1, 256, NULL, "maps of the heads' first layer"},
    {"first_steps", OPTION_INT, AT(first_steps), "50", 1, 10000, NULL, "steps on the first frame"},
    {"rate_low", OPTION_FLOAT, AT(rate_low), "0.005", 0, 10, NULL, "learning rate of SNet"},
    {"rate_high", OPTION_FLOAT, AT(rate_high), "0.005", 0, 10, NULL, "learning rate of GNet"},
    {"particles", OPTION_INT, AT(particles), "600", 1, 100000, NULL, "candidate boxes a frame"},
    {"scale_noise", OPTION_FLOAT, AT(scale_noise), "0.004", 0, 1, NULL, "deviation of the candidates' scale"},
    {"steady", OPTION_INT, AT(steady), "20", 0, 10000, NULL, "frames before the scale may change"},
    {"floor", OPTION_FLOAT, AT(floor), "0.1", 0, 1, NULL, "heat that is nothing, as a part of the largest"},
    {"least", OPTION_FLOAT, AT(least), "0.1", 0, 1, NULL, "confidence from which the box moves"},
    {"scale_least", OPTION_FLOAT, AT(scale_least), "0.35", 0, 1, NULL, "confidence from which its size may change"},
    {"power_general", OPTION_FLOAT, AT(power_general), "0.7", 0, 2, NULL, "rank: confidence x area^this, GNet"},
    {"power_specific", OPTION_FLOAT, AT(power_specific), "0.75", 0, 2, NULL, "the same, SNet"},
    {"switch_level", OPTION_FLOAT, AT(switch_level), "0.2", 0, 1, NULL, "GNet's heat that may be a distracter"},
    {"switch_ratio", OPTION_FLOAT, AT(switch_ratio), "0.2", 0, 100, NULL, "heat outside over inside that is one"},
    {"adapt", OPTION_BOOL, AT(adapt), "yes", 0, 0, NULL, "update a: the most confident frame of late"},
    {"every", OPTION_INT, AT(every), "20", 1, 10000, NULL, "frames from one update a to the next"},
    {"update_least", OPTION_FLOAT, AT(update_least), "0.35", 0, 1, NULL, "confidence that a frame needs to be learnt"},
    {"suppress", OPTION_BOOL, AT(suppress), "yes", 0, 0, NULL, "update b: the surroundings when a distracter shows"},
    {"suppress_level", OPTION_FLOAT, AT(suppress_level), "0.01", 0, 1, NULL, "SNet's heat that may be a distracter"},
    {"suppress_steps", OPTION_INT, AT(suppress_steps), "10", 0, 1000, NULL, "steps of update b"},
    {0},
};
#undef AT

/* The chosen maps of one layer and what is learnt on them. */
struct layer {
    int n, keep, *chosen;
    float *significance, *maps; /* maps: the chosen ones of this frame, [keep, FCNT_CELLS] */
    struct fcnt_select *select;
    struct fcnt_head *head;
    float heat[FCNT_CELLS];
};

struct kept { float *maps, target[FCNT_CELLS]; float confidence; }; /* a sample of the lower layer */

struct fcnt {
    struct arena *arena;
    struct fcnt_options options;
    struct fcnt_maps maps;
    struct layer low, high;
    struct kept first, best;
    float lowest; /* confidence so far */
    struct fcnt_state state;
    struct region region; /* of the last frame */
    int frame;
    uint64_t random;
};

static enum status open_layer(struct fcnt *t, struct layer *l, int n, float decay, float rate, float momentum)
{
    const struct fcnt_options *o = &t->options;
    const struct fcnt_select_settings select = {o->saliency, o->select_steps, o->select_rate, 0.6f, decay, 0.3f};
    const struct fcnt_head_settings head = {o->head_maps, rate, momentum, 0.0005f};
    l->n = n;
    l->keep = o->choose == SELECT_ALL ? n : (int)fmaxf(1, roundf(o->keep * (float)n));
    l->chosen = arena_alloc(t->arena, (size_t)n, sizeof(int));
    l->significance = arena_alloc(t->arena, (size_t)n, sizeof(float));
    l->maps = arena_alloc(t->arena, (size_t)l->keep * FCNT_CELLS, sizeof(float));
    enum status s = fcnt_select_open(&l->select, n, &select);
    return s ? s : fcnt_head_open(&l->head, l->keep, &head);
}

static void fcnt_close(void **tracker)
{
    struct fcnt *t = *tracker;
    if (!t)
        return;
    struct arena *a = t->arena;
    fcnt_select_close(&t->low.select);
    fcnt_select_close(&t->high.select);
    fcnt_head_close(&t->low.head);
    fcnt_head_close(&t->high.head);
    fcnt_maps_close(&t->maps);
    arena_free(&a);
    *tracker = NULL;
}

static enum status fcnt_open(void **out, const void *options)
{
    const struct fcnt_options *o = options;
    struct arena *a = arena_create();
    struct fcnt *t = arena_alloc(a, 1, sizeof *t);
    *out = t;
    if (!t) {
        arena_free(&a);
        return fail(NO_RESOURCE, "FCNT: no memory");
    }
    t->arena = a;
    t->options = *o;
    enum status s = fcnt_maps_open(&t->maps, a, o->weights);
    if (!s)
        s = open_layer(t, &t->low, t->maps.n_low, o->select_decay_low, o->rate_low, 0.6f);
    if (!s)
        s = open_layer(t, &t->high, t->maps.n_high, o->select_decay_high, o->rate_high, 0.5f);
    t->options.weights = NULL; /* the caller's text need not live on */
    if (!s) {
        t->first.maps = arena_alloc(a, (size_t)t->low.keep * FCNT_CELLS, sizeof(float));
        t->best.maps = arena_alloc(a, (size_t)t->low.keep * FCNT_CELLS, sizeof(float));
        s = arena_seal(a);
    }
    if (s)
        fcnt_close(out);
    return s ? fail_in(s, "fcnt") : OK;
}

/* Centred on the target, its side twice the box's diagonal. */
static struct region region_of(struct fcnt_state s)
{
    struct box b = fcnt_state_box(s);
    return (struct region){s.cx, s.cy, fmaxf(2 * hypotf(b.w, b.h), 8)};
}

static void gather(struct layer *l, const float *all)
{
    for (int i = 0; i < l->keep; i++)
        memcpy(l->maps + (size_t)i * FCNT_CELLS, all + (size_t)l->chosen[i] * FCNT_CELLS, FCNT_CELLS * sizeof(float));
}

static void start_layer(const struct fcnt *t, struct layer *l, const float *all, const float *target)
{
    if (t->options.choose != SELECT_ALL)
        fcnt_select_run(l->select, all, target, l->significance);
    fcnt_select_best(l->chosen, l->keep, l->significance, l->n, t->options.choose == SELECT_WORST);
    gather(l, all);
    fcnt_head_start(l->head, l->maps, target, t->options.first_steps);
}

static void keep(const struct fcnt *t, struct kept *to, const float *target, float confidence)
{
    memcpy(to->maps, t->low.maps, (size_t)t->low.keep * FCNT_CELLS * sizeof(float));
    memcpy(to->target, target, FCNT_CELLS * sizeof(float));
    to->confidence = confidence;
}

static enum status fcnt_start(void *tracker, struct image im, struct box box)
{
    struct fcnt *t = tracker;
    float target[FCNT_CELLS];
    if (!box_is_finite(box) || box.w < 2 || box.h < 2 ||
        box_intersection(box, (struct box){0, 0, (float)im.w, (float)im.h}) <= 0)
        return fail(BAD_USAGE, "fcnt: the box holds nothing to follow");
    t->state = fcnt_box_state(box);
    t->frame = 0;
    t->random = 1;
    t->lowest = 1;
    struct region r = region_of(t->state);
    fcnt_maps_look(&t->maps, im, r, true);
    fcnt_target(target, fcnt_to_cells(r, box));
    start_layer(t, &t->low, t->maps.low, target);
    start_layer(t, &t->high, t->maps.high, target);
    keep(t, &t->first, target, 1);
    keep(t, &t->best, target, 0);
    return OK;
}

static struct fcnt_found search(struct fcnt *t, struct layer *l, const float *all, struct region r, struct image im,
                                float power)
{
    const struct fcnt_options *o = &t->options;
    double sums[(FCNT_GRID + 1) * (FCNT_GRID + 1)];
    struct box b = fcnt_state_box(t->state);
    bool still = t->frame <= o->steady || t->lowest < o->scale_least;
    struct fcnt_propose p = {o->particles, ceilf(hypotf(b.w, b.h) / 7), still ? 0 : o->scale_noise, power};
    gather(l, all);
    fcnt_head_heat(l->head, l->maps, l->heat);
    fcnt_clean(l->heat, o->floor);
    fcnt_integrate(sums, l->heat);
    return fcnt_search(sums, r, t->state, im, &p, &t->random);
}

/* Update a keeps the most confident frame of late; b teaches SNet that what fires outside the box is background. */
static void update_specific(struct fcnt *t, struct region r, struct fcnt_found found)
{
    const struct fcnt_options *o = &t->options;
    float target[FCNT_CELLS], mask[FCNT_CELLS];
    struct box cells = fcnt_to_cells(r, fcnt_state_box(found.state));
    fcnt_target(target, cells);
    if (found.confidence > t->best.confidence)
        keep(t, &t->best, target, found.confidence);
    bool distracted = fcnt_distraction(t->low.heat, cells, o->suppress_level) >= o->switch_ratio;
    if (o->suppress && distracted && found.confidence > o->update_least) {
        for (int k = 0; k < FCNT_CELLS; k++)
            mask[k] = target[k] <= 0;
        const struct kept *known = t->best.confidence > o->update_least ? &t->best : &t->first;
        const struct fcnt_sample two[] = {{known->maps, known->target, NULL}, {t->low.maps, target, mask}};
        fcnt_head_update(t->low.head, two, o->suppress_steps);
    }
    if (o->adapt && t->frame % o->every == 0 && t->best.confidence > o->update_least) {
        const struct fcnt_sample two[] = {{t->first.maps, t->first.target, NULL}, {t->best.maps, t->best.target, NULL}};
        fcnt_head_update(t->low.head, two, 1);
        t->best.confidence = 0;
    }
}

static float fcnt_update(void *tracker, struct image im, struct box *box)
{
    struct fcnt *t = tracker;
    const struct fcnt_options *o = &t->options;
    struct region r = region_of(t->state);
    t->region = r;
    t->frame++;
    fcnt_maps_look(&t->maps, im, r, false);
    struct fcnt_found specific = search(t, &t->low, t->maps.low, r, im, o->power_specific), found = specific;
    if (o->head != HEAD_SPECIFIC) {
        struct fcnt_found general = search(t, &t->high, t->maps.high, r, im, o->power_general);
        struct box cells = fcnt_to_cells(r, fcnt_state_box(general.state));
        bool distracted = fcnt_distraction(t->high.heat, cells, o->switch_level) >= o->switch_ratio;
        if (o->head == HEAD_GENERAL || !distracted)
            found = general;
    }
    if (found.confidence > o->least) {
        float scale = found.confidence < o->scale_least ? t->state.scale : found.state.scale;
        t->state = found.state;
        t->state.scale = scale;
    }
    found.state = t->state;
    t->lowest = fminf(t->lowest, found.confidence);
    update_specific(t, r, found);
    *box = fcnt_state_box(t->state);
    return fminf(found.confidence, 1);
}

static void fcnt_heats(void *tracker, struct single_heats *out)
{
    const struct fcnt *t = tracker;
    struct region r = t->region;
    *out = (struct single_heats){{r.cx - r.side / 2, r.cy - r.side / 2, r.side, r.side}, FCNT_GRID, t->high.heat, t->low.heat};
}

const struct single_kind single_fcnt_paper = {
    .name = "fcnt-paper", .about = "FCNT as published, over DeepID2's convolutions",
    .options = table, .group = "fcnt", .options_size = sizeof(struct fcnt_options),
    .open = fcnt_open, .start = fcnt_start, .update = fcnt_update, .heats = fcnt_heats, .close = fcnt_close,
};
