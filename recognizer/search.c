/* SPDX-License-Identifier: MIT
 * One face against many samples. Prepared codes are rows of one matrix; the bits lie in groups, as
 * kernels->hamming_near wants them. A person's score is fused from his best two samples (fuse.c). */
#include "recognizer/search.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/kernels.h"
#include "base/memory.h"
#include "recognizer/fuse.h"

enum {
    PAD = 16,                           /* floats: a row begins on 64 bytes */
    CHUNK = 64 * KERNELS_GROUP,         /* samples between two looks at how near is near */
    FIRST_WORDS = 3,                    /* of a code's bits, for the look at everybody */
    LONG_NEAREST = SEARCH_NEAREST / 4,  /* of codes with more bits, after a look at all of them */
    ROOM = 2 * SEARCH_NEAREST + CHUNK,  /* candidates before the farther ones are dropped */
    BITS = FACE_CODE,
};

struct search {
    const struct recognizer *of;
    const struct kernels *kernels;
    struct arena *arena; /* the arrays of samples */
    int n, room;
    size_t width, words, rest; /* floats a row; words of bits a code that are looked at first, and of the rest */
    float *rows, *quality;
    uint64_t *bits, *more; /* [group][words][KERNELS_GROUP]; [sample][rest] */
    int *person;
    struct kernels_near near[ROOM];
};

/* People by their best candidate, best first. */
struct leaders { struct { int sample; float score; } at[SEARCH_PEOPLE]; int n; };

enum status search_create(struct search **out)
{
    *out = memory_alloc(1, sizeof **out);
    if (!*out)
        return fail(NO_RESOURCE, "search: no memory");
    (*out)->kernels = kernels_best();
    return OK;
}

void search_free(struct search **s)
{
    if (*s)
        arena_free(&(*s)->arena);
    memory_free(s);
}

const struct recognizer *search_recognizer(const struct search *s)
{
    return s->of;
}

void search_forget(struct search *s)
{
    s->of = NULL;
    s->n = 0;
}

/* With some room for those who will be enrolled. */
static enum status make_room(struct search *s, size_t n)
{
    size_t room = n + n / 16 + PAD;
    size_t groups = room / KERNELS_GROUP + 1;
    arena_free(&s->arena);
    s->room = 0;
    s->arena = arena_create();
    s->rows = arena_alloc(s->arena, room, s->width * sizeof(float));
    s->quality = arena_alloc(s->arena, room, sizeof(float));
    s->person = arena_alloc(s->arena, room, sizeof(int));
    s->bits = arena_alloc(s->arena, groups, s->words * KERNELS_GROUP * sizeof(uint64_t));
    s->more = arena_alloc(s->arena, room, s->rest * sizeof(uint64_t) + 1);
    enum status status = arena_seal(s->arena);
    if (status)
        return fail_in(status, "search: %zu samples", n);
    s->room = (int)room;
    return OK;
}

enum status search_begin(struct search *s, const struct recognizer *r, int n)
{
    size_t width = ((size_t)recognizer_row(r) + PAD - 1) / PAD * PAD;
    size_t words = ((size_t)recognizer_code_size(r) + 63) / 64;
    size_t first = words < FIRST_WORDS ? words : FIRST_WORDS;
    enum status status = OK;
    search_forget(s);
    if (n > s->room || width != s->width || first != s->words || words - first != s->rest) {
        s->width = width;
        s->words = first;
        s->rest = words - first;
        status = make_room(s, (size_t)n);
    }
    if (!status)
        s->of = r;
    return status;
}

void search_add(struct search *s, const struct face *sample, int person)
{
    CHECK(s->of && s->n < s->room);
    size_t i = (size_t)s->n++;
    uint64_t *to = s->bits + i / KERNELS_GROUP * KERNELS_GROUP * s->words + i % KERNELS_GROUP;
    recognizer_prepare(s->of, sample, s->rows + i * s->width);
    for (size_t w = 0; w < s->words; w++)
        to[w * KERNELS_GROUP] = sample->bits[w];
    memcpy(s->more + i * s->rest, sample->bits + s->words, s->rest * sizeof(uint64_t));
    s->quality[i] = sample->quality;
    s->person[i] = person;
}

static float compare(const struct search *s, const float *row, int sample)
{
    return recognizer_compare(s->of, row, s->rows + (size_t)sample * s->width);
}

/* Everything about the person of sample `i`, which is his first; moves on to the next person's first. */
static float score_of(const struct search *s, const float *row, int *i)
{
    struct fused f = fused_none;
    for (int person = s->person[*i]; *i < s->n && s->person[*i] == person; ++*i)
        fuse(&f, compare(s, row, *i), s->quality[*i]);
    return fused_score(&f);
}

/* margin holds the second best person's score until the end */
static void consider(struct match *m, int person, float score)
{
    if (m->person < 0 || score > m->score) {
        m->margin = m->person < 0 ? -INFINITY : m->score;
        m->score = score;
        m->person = person;
    } else if (score > m->margin) {
        m->margin = score;
    }
}

static void look_at_all(const struct search *s, const float *row, struct match *m)
{
    for (int i = 0; i < s->n;) {
        int person = s->person[i];
        consider(m, person, score_of(s, row, &i));
    }
}

/* Keeps the `keep` nearest of more than that in their order; of those at the last distance that fits, the first ones.
 * Returns that distance. */
static int keep_nearest(struct kernels_near *near, size_t *n, size_t keep)
{
    size_t count[BITS + 1] = {0};
    size_t before = 0;
    size_t kept = 0;
    uint32_t last = 0;
    for (size_t i = 0; i < *n; i++)
        count[near[i].distance]++;
    while (before + count[last] < keep)
        before += count[last++];
    size_t ties = keep - before;
    for (size_t i = 0; i < *n; i++)
        if (near[i].distance < last || (near[i].distance == last && ties > 0 && ties--))
            near[kept++] = near[i];
    *n = kept;
    return (int)last;
}

/* The SEARCH_NEAREST samples whose first words differ least, in their order. Only what is nearer than those already held is
 * taken down, so after the first chunks hardly anything is. */
static size_t find_first(struct search *s, const uint64_t *bits)
{
    int most = BITS;
    size_t n = 0;
    size_t all = (size_t)s->n;
    for (size_t first = 0; first < all; first += CHUNK) {
        size_t found = s->kernels->hamming_near(s->near + n, s->bits + first * s->words, bits, s->words,
                                                all - first < CHUNK ? all - first : CHUNK, most);
        for (size_t i = n; i < n + found; i++)
            s->near[i].number += (uint32_t)first;
        n += found;
        if (n >= 2 * SEARCH_NEAREST)
            most = keep_nearest(s->near, &n, SEARCH_NEAREST) - 1;
    }
    if (n > SEARCH_NEAREST)
        keep_nearest(s->near, &n, SEARCH_NEAREST);
    return n;
}

/* The samples with the nearest bits, in their order: long codes are read in full only where their beginning is near. */
static size_t find_nearest(struct search *s, const uint64_t *bits)
{
    size_t n = find_first(s, bits);
    for (size_t i = 0; i < n && s->rest; i++)
        s->near[i].distance += (uint32_t)s->kernels->hamming(s->more + s->near[i].number * s->rest, bits + s->words,
                                                             s->rest);
    if (s->rest && n > LONG_NEAREST)
        keep_nearest(s->near, &n, LONG_NEAREST);
    return n;
}

static void lead(struct leaders *l, int sample, float score)
{
    int i = l->n < SEARCH_PEOPLE ? l->n++ : SEARCH_PEOPLE;
    if (i == SEARCH_PEOPLE && l->at[--i].score >= score)
        return;
    for (; i > 0 && l->at[i - 1].score < score; i--)
        l->at[i] = l->at[i - 1];
    l->at[i].sample = sample;
    l->at[i].score = score;
}

static void look_at_near(struct search *s, const struct face *face, const float *row, struct match *m)
{
    struct leaders l = {.n = 0};
    size_t n = find_nearest(s, face->bits);
    for (size_t i = 0; i < n;) {
        int sample = (int)s->near[i].number;
        float best = -INFINITY;
        for (; i < n && s->person[s->near[i].number] == s->person[sample]; i++)
            best = fmaxf(best, compare(s, row, (int)s->near[i].number));
        lead(&l, sample, best);
    }
    for (int k = 0; k < l.n; k++) {
        int i = l.at[k].sample;
        int person = s->person[i];
        while (i > 0 && s->person[i - 1] == person)
            i--;
        consider(m, person, score_of(s, row, &i));
    }
}

struct match search_best(struct search *s, const struct face *face, enum search_way way)
{
    _Alignas(64) float row[RECOGNIZER_ROW];
    struct match m = {-1, 0, 0};
    if (s->n == 0 || !(face->has & FACE_CODED))
        return m;
    recognizer_prepare(s->of, face, row);
    if (way == SEARCH_NEAR || (way == SEARCH_BY_SIZE && s->n >= SEARCH_MANY))
        look_at_near(s, face, row, &m);
    else
        look_at_all(s, row, &m);
    /* With one person in the gallery there is no rival: as far as a score can be. */
    m.margin = isfinite(m.margin) ? m.score - m.margin : 100;
    return m;
}

bool search_person(const struct search *s, const struct face *face, int person, float *score)
{
    _Alignas(64) float row[RECOGNIZER_ROW];
    int i = 0;
    while (i < s->n && s->person[i] != person)
        i++;
    if (i == s->n || !(face->has & FACE_CODED))
        return false;
    recognizer_prepare(s->of, face, row);
    *score = score_of(s, row, &i);
    return true;
}
