/* SPDX-License-Identifier: MIT
 * The search by bits against the exhaustive one, on made-up people: whom it finds, with which score, at which ties. */
#include "tests/kit.h"

#include "base/log.h"
#include "base/memory.h"
#include "recognizer/fuse.h"
#include "recognizer/search.h"
#include "tests/kit_codes.h"

enum { CODE = 160, EACH = 5 };

static struct recognizer *opened(int n_code)
{
    struct recognizer *r = NULL;
    assert_ok(kit_recognizer(&r, kit_path("search.safetensors"), n_code, false));
    return r;
}

static struct search *filled(const struct recognizer *r, int n, int each, int n_code, float noise)
{
    struct search *s = NULL;
    assert_ok(search_create(&s));
    assert_ok(search_begin(s, r, n));
    for (int i = 0; i < n; i++) {
        struct face f = kit_code(i / each, i % each, n_code, noise);
        f.quality = 0.1F * (float)(1 + i % 9);
        search_add(s, &f, 100 + i / each);
    }
    return s;
}

/* Of 40,000 samples the prefilter keeps a fifth: known people are found with the very score; strangers, whose best
 * match is one of many alike, nearly always. */
static void test_recall(void **state)
{
    (void)state;
    enum { N = 40000, SEARCHES = 150 };
    struct recognizer *r = opened(CODE);
    struct search *s = filled(r, N, EACH, CODE, 1.2F);
    int same = 0;
    for (int i = 0; i < SEARCHES; i++) {
        int who = i * (N / EACH / SEARCHES);
        struct face known = kit_code(who, 1000 + i, CODE, 1.2F);
        struct face stranger = kit_code(N + i, 0, CODE, 1.2F);
        struct match all = search_best(s, &known, SEARCH_ALL);
        struct match near = search_best(s, &known, SEARCH_NEAR);
        struct match by_size = search_best(s, &known, SEARCH_BY_SIZE);
        assert_int_equal(all.person, 100 + who);
        assert_int_equal(near.person, all.person);
        assert_true(near.score == all.score && near.margin >= all.margin);
        assert_true(by_size.person == near.person && by_size.margin == near.margin);
        all = search_best(s, &stranger, SEARCH_ALL);
        near = search_best(s, &stranger, SEARCH_NEAR);
        assert_true(near.score <= all.score);
        same += near.person == all.person && near.score == all.score;
    }
    assert_true(same >= SEARCHES - 2);
    search_free(&s);
    recognizer_close(&r);
}

static void test_allocates_nothing(void **state)
{
    (void)state;
    struct recognizer *r = opened(CODE);
    struct search *s = filled(r, SEARCH_NEAREST * 3, EACH, CODE, 1);
    struct face f = kit_code(7, 99, CODE, 1);
    uint64_t before = memory_allocations();
    for (int way = SEARCH_BY_SIZE; way <= SEARCH_NEAR; way++)
        assert_int_equal(search_best(s, &f, (enum search_way)way).person, 107);
    assert_int_equal(memory_allocations(), before);
    search_free(&s);
    recognizer_close(&r);
}

/* Many samples at one distance: those that come first are kept, and nothing overflows. */
static void test_all_alike(void **state)
{
    (void)state;
    enum { N = 6 * SEARCH_NEAREST };
    struct recognizer *r = opened(64);
    struct search *s = NULL;
    struct face same = kit_code(1, 1, 64, 1);
    struct face other = kit_code(2, 1, 64, 1);
    assert_ok(search_create(&s));
    assert_ok(search_begin(s, r, N));
    for (int i = 0; i < N; i++)
        search_add(s, i < N - 1 ? &same : &other, i < N - 1 ? 1 : 2);
    for (int way = SEARCH_ALL; way <= SEARCH_NEAR; way++) {
        struct match m = search_best(s, &same, (enum search_way)way);
        assert_int_equal(m.person, 1);
        assert_near(m.score, 1, 1e-5);
        m = search_best(s, &other, (enum search_way)way);
        assert_int_equal(m.person, 2); /* the last of all, and one nearer than so many */
        assert_near(m.score, 1, 1e-5);
    }
    search_free(&s);
    recognizer_close(&r);
}

/* From nobody to more people than are looked at again; codes of every number of words; used again for another size. */
static void test_sizes(void **state)
{
    (void)state;
    static const int codes[] = {1, 63, 64, 65, 160, 512};
    static const int sizes[] = {0, 1, 2, 63, 64, 65, 700};
    for (size_t c = 0; c < sizeof codes / sizeof *codes; c++) {
        struct recognizer *r = opened(codes[c]);
        struct search *s = NULL;
        assert_ok(search_create(&s));
        assert_int_equal(recognizer_code_size(r), codes[c]);
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            assert_ok(search_begin(s, r, sizes[k]));
            for (int i = 0; i < sizes[k]; i++) {
                struct face f = kit_code(i / 3, i % 3, codes[c], 0.5F);
                search_add(s, &f, i / 3);
            }
            struct face f = kit_code(0, 77, codes[c], 0.5F);
            struct match all = search_best(s, &f, SEARCH_ALL);
            struct match near = search_best(s, &f, SEARCH_NEAR);
            assert_true(near.score == all.score && (codes[c] < 63 || near.person == all.person));
            assert_true(sizes[k] || near.person == -1);
            f.has = 0;
            assert_int_equal(search_best(s, &f, SEARCH_NEAR).person, -1);
        }
        search_free(&s);
        recognizer_close(&r);
    }
}

/* The mean of the best two, weighted by quality; a person alone; nobody. */
static void test_fusing(void **state)
{
    (void)state;
    struct fused f = fused_none;
    fuse(&f, 1, 0.5F);
    assert_near(fused_score(&f), 1, 1e-6);
    fuse(&f, 4, 0.9F);
    assert_near(fused_score(&f), (0.5 * 1 + 0.9 * 4) / 1.4, 1e-6);
    fuse(&f, 3, 0);
    assert_near(fused_score(&f), (0.05 * 3 + 0.9 * 4) / 0.95, 1e-6); /* a poor one counts little, not nothing */
    fuse(&f, -7, 1);
    assert_near(fused_score(&f), (0.05 * 3 + 0.9 * 4) / 0.95, 1e-6);

    struct recognizer *r = opened(CODE);
    struct search *s = filled(r, 4 * EACH, EACH, CODE, 1);
    struct face face = kit_code(2, 50, CODE, 1);
    struct match m = search_best(s, &face, SEARCH_ALL);
    float score = 0;
    assert_true(search_person(s, &face, m.person, &score) && score == m.score);
    f = fused_none;
    for (int i = 0; i < EACH; i++) {
        struct face sample = kit_code(2, i, CODE, 1);
        fuse(&f, recognizer_score(r, &face, &sample), 0.1F * (float)(1 + (2 * EACH + i) % 9));
    }
    assert_near(m.score, fused_score(&f), 1e-6);
    assert_false(search_person(s, &face, 3, &score));
    search_free(&s);
    recognizer_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recall), cmocka_unit_test(test_allocates_nothing), cmocka_unit_test(test_all_alike),
        cmocka_unit_test(test_sizes),  cmocka_unit_test(test_fusing),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
