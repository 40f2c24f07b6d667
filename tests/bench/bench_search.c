/* SPDX-License-Identifier: MIT
 * How long one face against a large gallery takes on one thread, and how often the search by bits finds whom the
 * exhaustive one finds. People are made up (tests/kit_codes.h): ten samples each unless said otherwise, cosine 0.5
 * between samples of a person; the faces looked for are further samples of enrolled people. recall: the same person
 * with the same score as the exhaustive search, which is made for every fourth face; found: the right person with his
 * full score, of all faces. Processor time, as in bench_nets.
 *   bench_search [SEARCHES [CODE [SAMPLES_A_PERSON [NOISE [SAMPLES]]]]]      CSV on standard output. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/kernels.h"
#include "base/memory.h"
#include "recognizer/search.h"
#include "tests/kit_codes.h"

enum { EXHAUSTIVE = 4 };
struct setting { int searches, n_code, each; float noise; int only; };

static int64_t timed(struct match *out, struct search *s, const struct face *face, enum search_way way)
{
    int64_t start = clock_thread_us();
    *out = search_best(s, face, way);
    return clock_thread_us() - start;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void measure(struct search *s, const struct setting *set, int n, int64_t *took)
{
    int people = n / set->each;
    int compared = 0;
    int same = 0;
    int found = 0;
    double margin = 0;
    int64_t all_us = 0;
    for (int i = 0; i < set->searches; i++) {
        struct match all;
        struct match near;
        int who = (int)((int64_t)i * people / set->searches);
        struct face face = kit_code(who, -1 - i, set->n_code, set->noise);
        float score = 0;
        took[i] = timed(&near, s, &face, SEARCH_NEAR);
        found += near.person == who && search_person(s, &face, who, &score) && near.score == score;
        if (i % EXHAUSTIVE)
            continue;
        all_us += timed(&all, s, &face, SEARCH_ALL);
        compared++;
        same += near.person == all.person && near.score == all.score;
        margin += (double)near.margin - (double)all.margin;
    }
    qsort(took, (size_t)set->searches, sizeof *took, by_value);
    printf("%d,%d,%d,%d,%.2f,%.2f,%.2f,%.4f,%.4f,%.5f\n", n, people, set->n_code, set->searches,
           (double)all_us / 1e3 / compared, (double)took[set->searches / 2] / 1e3,
           (double)took[set->searches * 9 / 10] / 1e3, (double)same / compared, (double)found / set->searches,
           margin / compared);
    fflush(stdout);
}

static enum status bench(const struct setting *set, struct recognizer *r, int n, int64_t *took)
{
    struct search *s = NULL;
    enum status status = search_create(&s);
    if (!status)
        status = search_begin(s, r, n);
    if (!status) {
        for (int i = 0; i < n; i++) {
            struct face face = kit_code(i / set->each, i % set->each, set->n_code, set->noise);
            search_add(s, &face, i / set->each);
        }
        measure(s, set, n, took);
    }
    search_free(&s);
    return status;
}

int main(int argc, char **argv)
{
    static const int sizes[] = {10000, 20000, SEARCH_MANY, 100000, 300000, 1000000};
    char path[] = "/tmp/facetrail-bench-XXXXXX";
    struct setting set = {.searches = 20, .n_code = 160, .each = 10, .noise = 1};
    int *const whole[] = {&set.searches, &set.n_code, &set.each};
    for (int i = 1; i < argc && i <= 3; i++)
        *whole[i - 1] = atoi(argv[i]);
    set.noise = argc > 4 ? strtof(argv[4], NULL) : set.noise;
    set.only = argc > 5 ? atoi(argv[5]) : 0; /* else: all sizes */
    struct recognizer *r = NULL;
    int64_t *took = memory_alloc((size_t)set.searches + 1, sizeof *took);
    int at = mkstemp(path);
    enum status s = at < 0 || !took || set.searches < 1 ? fail(BAD_USAGE, "bench_search: no place to work in")
                                                        : kit_recognizer(&r, path, set.n_code, false);
    fprintf(stderr, "kernels %s, one thread\n", kernels_best()->name);
    printf("samples,people,code,searches,all_ms,near_ms,near_p90_ms,recall,found,margin_excess\n");
    for (size_t i = 0; !s && i < (set.only ? 1 : sizeof sizes / sizeof *sizes); i++)
        s = bench(&set, r, set.only ? set.only : sizes[i], took);
    if (s)
        fprintf(stderr, "%s\n", fail_message());
    recognizer_close(&r);
    memory_free(&took);
    remove(path);
    return s != OK;
}
