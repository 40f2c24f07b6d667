/* SPDX-License-Identifier: MIT
 * Faces and pairs for an ensemble. Each validation face is paired with a few of its person and with as many of others. */
#include "train/ensemble_pairs.h"

#include "base/memory.h"
#include "base/random.h"

enum { SAME_A_FACE = 6 };

static void add_face(struct ensemble_faces *f, const struct data *d, int face)
{
    int row = f->n_train + f->n_val;
    f->rows[row] = face;
    f->person[row] = data_face(d, face)->index;
}

static void choose_train(struct ensemble_faces *f, const struct data *d, const struct ensemble_choice *o, int *order,
                         int n_people)
{
    uint64_t random = o->seed;
    random_shuffle(&random, order, (size_t)n_people);
    for (int i = 0; i < n_people && i < o->people; i++) {
        int n;
        const int *faces = data_of_person(d, order[i], &n);
        for (int k = 0; k < n && k < o->most; k++) {
            add_face(f, d, faces[k]);
            f->n_train++;
        }
    }
}

static void add_pair(struct ensemble_pairs *p, int a, int b, bool same)
{
    p->a[p->n] = a;
    p->b[p->n] = b;
    p->same[p->n++] = same;
}

/* The half's persons are places from .. to - 1; begin: where each one's rows begin. */
static void add_pairs(struct ensemble_faces *f, int half, const int *begin, int from, int to, uint64_t *random)
{
    struct ensemble_pairs *p = &f->halves[half];
    for (int place = from; place < to; place++)
        for (int i = begin[place]; i < begin[place + 1]; i++)
            for (int k = i + 1; k < begin[place + 1] && k <= i + SAME_A_FACE; k++) {
                int other = place;
                while (to - from > 1 && other == place)
                    other = from + random_below(random, to - from);
                add_pair(p, i, k, true);
                if (other != place)
                    add_pair(p, i, begin[other] + random_below(random, begin[other + 1] - begin[other]), false);
            }
}

static void add_person(struct ensemble_faces *f, const struct data *d, int person)
{
    int n;
    const int *faces = data_of_person(d, person, &n);
    for (int k = 0; k < n; k++) {
        add_face(f, d, faces[k]);
        f->n_val++;
    }
}

static enum status choose_val(struct ensemble_faces *f, const struct data *d, const int *people, int n_people,
                              struct arena *a, const struct ensemble_choice *o)
{
    int *begin = arena_alloc(a, (size_t)n_people + 1, sizeof *begin), place = 0;
    int cut = (n_people + 1) / 2; /* places of the first half */
    for (int half = 0; begin && half < HALVES; half++) {
        for (int p = half; p < n_people; p += HALVES) {
            add_person(f, d, people[p]);
            begin[++place] = f->n_val;
        }
        if (half == HALF_CHOOSE)
            f->n_choose = f->n_val;
    }
    uint64_t random = o->seed + 1;
    for (int half = 0; half < HALVES; half++) {
        size_t room = 2 * SAME_A_FACE * (size_t)f->n_val;
        struct ensemble_pairs *p = &f->halves[half];
        p->a = arena_alloc(a, room, sizeof *p->a);
        p->b = arena_alloc(a, room, sizeof *p->b);
        p->same = arena_alloc(a, room, sizeof *p->same);
        if (begin && p->a && p->b && p->same)
            add_pairs(f, half, begin, half ? cut : 0, half ? n_people : cut, &random);
    }
    return arena_seal(a);
}

enum status ensemble_faces_choose(struct ensemble_faces *f, const struct data *d, const struct ensemble_choice *o,
                                  struct arena *a)
{
    size_t n = (size_t)data_count(d);
    int *train = arena_alloc(a, (size_t)data_people(d), sizeof *train);
    int *val = arena_alloc(a, (size_t)data_people(d), sizeof *val);
    int n_train = 0, n_val = 0;
    *f = (struct ensemble_faces){ .rows = arena_alloc(a, n, sizeof *f->rows), .person = arena_alloc(a, n, sizeof *f->person) };
    if (!train || !val || !f->rows || !f->person)
        return fail(NO_RESOURCE, "ensemble: no memory");
    for (int p = 0; p < data_people(d); p++) {
        int count;
        const int *faces = data_of_person(d, p, &count);
        if (data_face(d, faces[0])->split == DATA_VAL)
            val[n_val++] = p;
        else if (count > 1)
            train[n_train++] = p;
    }
    choose_train(f, d, o, train, n_train);
    enum status s = choose_val(f, d, val, n_val, a, o);
    if (!s && (f->n_train < 4 || f->halves[0].n < 4 || f->halves[1].n < 4))
        s = fail(BAD_DATA, "ensemble: %d faces of train people, %d and %d pairs of validation people", f->n_train,
                 f->halves[0].n, f->halves[1].n);
    return s;
}
