/* SPDX-License-Identifier: MIT
 * facetrail eval neurons --pack FACES.mkv: are the code's neurons sparse, selective and robust (papers.md section 6)?
 * On held-out faces, against uniform LBP of the same crops. Whatever is learnt (a threshold, a side, which neuron) is
 * learnt on one half of the pictures and tested on the other: for persons each person's pictures are halved, for
 * attributes the persons are. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "train/eval.h"
#include "train/eval_words.h"
#include "train/neurons_report.h"

struct neurons_options { const char *pack, *pairs, *weights, *cache, *plot; int least; };

#define AT(field) offsetof(struct neurons_options, field)
static const struct option table[] = {
    { "pack", OPTION_TEXT, AT(pack), "", 0, 0, NULL, "faces pack, FILE.mkv; several of one folder with commas between" },
    { "pairs", OPTION_TEXT, AT(pairs), "", 0, 0, NULL, "pairs table; empty: pairs-val.tsv beside the pack, when there" },
    { "weights", OPTION_TEXT, AT(weights), "", 0, 0, NULL, "the net; empty: the shipped one" },
    { "cache", OPTION_TEXT, AT(cache), "", 0, 0, NULL, "a file that keeps the decoded val faces; empty: none" },
    { "least", OPTION_INT, AT(least), "10", 4, 1000, NULL, "persons with fewer faces are no classes of their own" },
    { "plot", OPTION_TEXT, AT(plot), "", 0, 0, NULL, "draw into FILE.png, FILE-single.png ..." },
    { 0 },
};
#undef AT

static enum status measure_activity(struct neurons_report *r, const struct study *s)
{
    r->by_neuron = memory_alloc(FACE_CODE, sizeof *r->by_neuron);
    r->by_image = memory_alloc((size_t)s->n_faces, sizeof *r->by_image);
    if (!r->by_neuron || !r->by_image)
        return fail(NO_RESOURCE, "neurons: no memory");
    for (int k = s->n_layers - 1; k >= 0; k--) { /* the code last: its parts are kept for the plot */
        struct neurons x = { s->codes[k], s->n_faces, s->layers[k].size };
        neurons_activity(&r->activity[k], r->by_neuron, r->by_image, &x);
    }
    return OK;
}

static enum status measure_persons(struct neurons_report *r, const struct study *s, int least)
{
    int n = s->n_faces, people = data_people(s->data), n_classes = 0;
    struct arena *a = arena_create();
    bool *learn = arena_alloc(a, (size_t)n, sizeof *learn);
    int *label = arena_alloc(a, (size_t)n, sizeof *label), *which = arena_alloc(a, (size_t)people, sizeof *which);
    enum status e = arena_seal(a);
    for (int p = 0; !e && p < people; p++) {
        int count;
        const int *faces = data_of_person(s->data, p, &count);
        for (int i = 0; i < count; i++) {
            learn[faces[i]] = i % 2 == 0;
            label[faces[i]] = data_face(s->data, faces[i])->person;
        }
        if (count >= least)
            which[n_classes++] = label[faces[0]];
    }
    struct neurons code = { s->codes[0], n, s->layers[0].size }, lbp = { s->lbp, n, LBP_SIZE };
    struct classes_of of = { .label = label, .which = which, .n_classes = n_classes };
    if (!e)
        e = classes_measure(&r->persons, &code, &lbp, learn, &of);
    arena_free(&a);
    return e;
}

/* Only faces whose attributes are known; persons alternate between the halves. */
static enum status measure_attributes(struct neurons_report *r, const struct study *s)
{
    int which[FACE_ATTRIBUTES], size = s->layers[0].size, n = 0;
    struct arena *a = arena_create();
    size_t room = (size_t)s->n_faces;
    bool *learn = arena_alloc(a, room, sizeof *learn);
    unsigned long long *bits = arena_alloc(a, room, sizeof *bits);
    float *code = arena_alloc(a, room * (size_t)size, sizeof *code);
    float *lbp = arena_alloc(a, room * LBP_SIZE, sizeof *lbp);
    enum status e = arena_seal(a);
    for (int i = 0; i < FACE_ATTRIBUTES; i++)
        which[i] = i;
    for (int i = 0; !e && i < s->n_faces; i++) {
        const struct data_face *f = data_face(s->data, s->faces[i]);
        if (!f->described)
            continue;
        learn[n] = f->index % 2 == 0;
        bits[n] = f->attributes;
        memcpy(code + (size_t)n * (size_t)size, s->codes[0] + (size_t)i * (size_t)size, (size_t)size * sizeof(float));
        memcpy(lbp + (size_t)n * LBP_SIZE, s->lbp + (size_t)i * LBP_SIZE, LBP_SIZE * sizeof(float));
        n++;
    }
    r->n_described = n;
    struct classes_of of = { .bits = bits, .which = which, .n_classes = FACE_ATTRIBUTES };
    if (!e && n)
        e = classes_measure(&r->attributes, &(struct neurons){ code, n, size }, &(struct neurons){ lbp, n, LBP_SIZE },
                            learn, &of);
    arena_free(&a);
    return e;
}

static enum status measure_covers(struct neurons_report *r, struct study *s, const struct neurons_options *o)
{
    char beside[1024];
    const char *path = o->pairs;
    const struct data_pair *pairs;
    enum status e;
    if (!*path) {
        size_t folder = strcspn(o->pack, ","); /* of the first pack */
        while (folder && o->pack[folder - 1] != '/')
            folder--;
        snprintf(beside, sizeof beside, "%.*spairs-val.tsv", (int)folder, o->pack);
        path = beside;
        if (!file_exists(path))
            return OK;
    }
    if ((e = data_pairs_within(s->data, path, &pairs, &r->n_pairs)))
        return e;
    for (int i = 0; r->n_pairs && i < STUDY_LEVELS; i++) {
        float part = (float)i / 10;
        if ((e = study_verify(r->bands[i], s, pairs, r->n_pairs, &(struct cover){ .band = part })) ||
            (e = study_verify(r->blocks[i], s, pairs, r->n_pairs, &(struct cover){ .block = part })))
            return e;
    }
    return OK;
}

static enum status measure(const struct neurons_options *o)
{
    struct study s;
    struct neurons_report r = { .n_pairs = 0 };
    enum status e = study_open(&s, o->pack, o->cache, o->weights);
    if (!e && !(e = measure_activity(&r, &s)) && !(e = measure_persons(&r, &s, o->least)) &&
        !(e = measure_attributes(&r, &s)) && !(e = measure_covers(&r, &s, o)) &&
        !(e = *o->plot ? neurons_draw(&r, &s, o->plot) : OK))
        neurons_print(&r, &s);
    classes_free(&r.persons);
    classes_free(&r.attributes);
    memory_free(&r.by_neuron);
    memory_free(&r.by_image);
    study_close(&s);
    return e;
}

enum status eval_neurons(int n_words, char **words)
{
    struct neurons_options o;
    struct option_group group = { "neurons", "", table, &o };
    struct arena *texts = arena_create();
    option_defaults(table, &o);
    enum status s = texts ? eval_words(&group, 1, n_words, words, texts) : fail(NO_RESOURCE, "neurons: no memory");
    if (!s)
        s = measure(&o);
    arena_free(&texts);
    return s;
}
