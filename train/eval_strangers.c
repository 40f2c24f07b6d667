/* SPDX-License-Identifier: MIT
 * facetrail eval strangers --pack FACES.mkv: how often is one person taken for another at the threshold that promises a
 * rate? Over all pairs of different people of the split val, and over those of one group, which the pack's column `set`
 * names: strangers of one sex and origin are more alike than strangers at large, by whose pairs thresholds are set. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "nets/net.h"
#include "train/describe.h"
#include "train/eval.h"
#include "train/eval_words.h"

struct strangers_options { const char *pack, *cache; };
enum { RATES = 3, GROUPS = 2, FEW = 10000 }; /* a group of fewer pairs has no row of its own */
static const float rates[RATES] = { 1e-2f, 1e-3f, 1e-4f };
static const int comparisons[RATES] = { 1, 10, 100 }; /* among which the first rate is shared: each has one of the rates */

#define AT(field) offsetof(struct strangers_options, field)
static const struct option strangers_table[] = {
    { "pack", OPTION_TEXT, AT(pack), "", 0, 0, NULL, "faces pack, FILE.mkv; several of one folder with commas between" },
    { "cache", OPTION_TEXT, AT(cache), "", 0, 0, NULL, "a file that keeps the decoded val faces; empty: none" },
    { 0 },
};
#undef AT

struct count { int faces; double pairs, above[RATES]; };

struct strangers {
    struct strangers_options options;
    struct recognizer_options recognizer_options;
    struct recognizer *recognizer;
    struct data *data;
    float *rows;
    size_t width;
    float thresholds[RATES];
    struct count all, within, groups[DATA_SETS]; /* within: the groups' pairs together */
};

static enum status open_data(struct strangers *m)
{
    char folder[1024], names[1024];
    if (!data_split_packs(m->options.pack, folder, names, sizeof names))
        return fail(BAD_USAGE, "eval strangers wants --pack FACES.mkv");
    struct data_options o = { .folder = folder, .packs = names, .cache = m->options.cache, .min_faces = 1, .splits = DATA_VAL };
    return data_open(&m->data, &o);
}

static enum status take_thresholds(struct strangers *m)
{
    m->recognizer_options.false_match_rate = rates[0];
    enum status s = recognizer_open(&m->recognizer, &m->recognizer_options);
    for (int i = 0; !s && i < RATES; i++)
        m->thresholds[i] = recognizer_threshold(m->recognizer, comparisons[i]);
    return s;
}

static enum status encode(struct strangers *m)
{
    struct face faces[DESCRIBE_BATCH];
    int which[DESCRIBE_BATCH], n = data_count(m->data);
    m->width = ((size_t)recognizer_row(m->recognizer) + 15) / 16 * 16;
    m->rows = memory_alloc((size_t)n * m->width, sizeof *m->rows);
    if (!m->rows)
        return fail(NO_RESOURCE, "strangers: no memory for %d codes", n);
    for (int first = 0; first < n; first += DESCRIBE_BATCH) {
        int k = n - first < DESCRIBE_BATCH ? n - first : DESCRIBE_BATCH;
        for (int i = 0; i < k; i++)
            which[i] = first + i;
        describe_faces(m->recognizer, m->data, which, k, faces);
        for (int i = 0; i < k; i++)
            recognizer_prepare(m->recognizer, &faces[i], m->rows + (size_t)(first + i) * m->width);
    }
    return OK;
}

static void add(struct count *c, const bool *above)
{
    c->pairs++;
    for (int i = 0; i < RATES; i++)
        c->above[i] += above[i];
}

static void compare(struct strangers *m)
{
    m->all.faces = m->within.faces = data_count(m->data);
    for (int i = 0; i < m->all.faces; i++) {
        const struct data_face *a = data_face(m->data, i);
        m->groups[a->set].faces++;
        for (int k = 0; k < i; k++) {
            const struct data_face *b = data_face(m->data, k);
            bool above[RATES];
            if (a->person == b->person)
                continue;
            float score = recognizer_compare(m->recognizer, m->rows + (size_t)i * m->width, m->rows + (size_t)k * m->width);
            for (int r = 0; r < RATES; r++)
                above[r] = score >= m->thresholds[r];
            add(&m->all, above);
            if (a->set == b->set) {
                add(&m->within, above);
                add(&m->groups[a->set], above);
            }
        }
    }
}

static double rate(const struct count *c, int i)
{
    return c->pairs > 0 ? c->above[i] / c->pairs : 0;
}

static void print_count(const char *name, const struct count *c)
{
    printf("%-30s %7d %10.0f %10.5f %10.5f %10.5f\n", name, c->faces, c->pairs, rate(c, 0), rate(c, 1), rate(c, 2));
}

static void print(const struct strangers *m)
{
    double worst = 0;
    printf("matcher %s; part of the pairs of different people taken for one at the threshold for\n",
           recognizer_matcher(m->recognizer));
    printf("%-30s %7s %10s %10g %10g %10g\n", "both faces", "faces", "pairs", (double)rates[0], (double)rates[1], (double)rates[2]);
    print_count("all", &m->all);
    print_count("both of one group", &m->within);
    for (int g = 0; g < DATA_SETS; g++) {
        if (m->groups[g].pairs < FEW)
            continue;
        print_count(data_set_name(m->data, g), &m->groups[g]);
        worst = fmax(worst, rate(&m->groups[g], 1));
    }
    printf("fmr_1e-3=%.6f group_fmr_1e-3=%.6f worst_fmr_1e-3=%.6f fmr_1e-4=%.6f group_fmr_1e-4=%.6f pairs=%.0f faces=%d\n",
           rate(&m->all, 1), rate(&m->within, 1), worst, rate(&m->all, 2), rate(&m->within, 2), m->all.pairs, m->all.faces);
}

enum status eval_strangers(int n_words, char **words)
{
    struct strangers m = { .width = 0 };
    const struct option_group groups[GROUPS] = { { "strangers", "", strangers_table, &m.options },
                                                 { "recognize", "", recognizer_option_table, &m.recognizer_options } };
    struct arena *texts = arena_create();
    enum status s = texts ? OK : fail(NO_RESOURCE, "strangers: no memory");
    for (int i = 0; i < GROUPS; i++)
        option_defaults(groups[i].options, groups[i].values);
    nets_set_threads(1); /* products of crops are too small to share */
    if (!s && !(s = eval_words(groups, GROUPS, n_words, words, texts)) && !(s = open_data(&m)) && !(s = take_thresholds(&m)) &&
        !(s = encode(&m))) {
        compare(&m);
        print(&m);
    }
    recognizer_close(&m.recognizer);
    memory_free(&m.rows);
    data_close(&m.data);
    arena_free(&texts);
    return s;
}
