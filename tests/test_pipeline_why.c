/* SPDX-License-Identifier: MIT
 * A name explained, on made-up codes: the numbers in the text are those of the matcher. */
#include "tests/kit.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "pipeline/why.h"
#include "tests/kit_codes.h"

enum { CODE = 160 };

static struct recognizer *opened(void)
{
    struct recognizer *r = NULL;
    assert_ok(kit_recognizer(&r, kit_path("why.safetensors"), CODE, true));
    return r;
}

static FILE *begin(void)
{
    FILE *to = fopen(kit_path("why.txt"), "w");
    assert_non_null(to);
    return to;
}

/* What was written; to be freed. */
static char *end(FILE *to)
{
    assert_int_equal(fclose(to), 0);
    char *text = kit_read(kit_path("why.txt"), NULL);
    assert_non_null(text);
    return text;
}

static void odds_are(double rate, const char *words)
{
    char odds[WHY_ODDS];
    why_odds(odds, rate);
    assert_string_equal(odds, words);
}

static void test_odds(void **state)
{
    (void)state;
    odds_are(1, "nearly all");
    odds_are(0.5, "nearly all");
    odds_are(0.1, "1 in 10");
    odds_are(1.0 / 47, "1 in 47");
    odds_are(1e-3, "1 in 1,000");
    odds_are(1 / 2468.0, "1 in 2,500");
    odds_are(1 / 999999.0, "1 in 1,000,000");
    odds_are(1 / 12345678.0, "1 in 12,000,000");
    odds_are(1e-12, "fewer than 1 in 1,000,000,000");
    odds_are(0, "fewer than 1 in 1,000,000,000");
}

static void test_score(void **state)
{
    (void)state;
    struct recognizer *r = opened();
    FILE *to = begin();
    float threshold = recognizer_threshold(r, 1);
    why_score(to, r, 3, threshold, 1);
    why_score(to, r, -2, recognizer_threshold(r, 100), 100);
    char *text = end(to);
    assert_near(threshold, 40 * 0.242 - 10, 1e-4);
    assert_has(text, "score 3.00 by cosine: codes like these are 20 times likelier of one person");
    assert_has(text, "threshold -0.32: 1 in 1,000 of strangers' comparisons would pass\n");
    assert_has(text, "7.4 times likelier of two persons");
    assert_has(text, "1 in 100,000 of strangers' comparisons would pass; with 100 comparisons a look, 1 in 1,000 of "
                     "strangers\n");
    memory_free(&text);
    recognizer_close(&r);
}

/* Without a calibration there are no odds, and none are made up. */
static void test_not_calibrated(void **state)
{
    (void)state;
    struct recognizer *r = NULL;
    assert_ok(kit_recognizer(&r, kit_path("raw.safetensors"), CODE, false));
    FILE *to = begin();
    why_score(to, r, 0.7F, recognizer_threshold(r, 1), 1);
    char *text = end(to);
    assert_has(text, "score 0.70 by cosine, threshold 0.00; the matcher is not calibrated");
    assert_null(strstr(text, "strangers"));
    memory_free(&text);
    recognizer_close(&r);
}

static void test_neurons(void **state)
{
    (void)state;
    struct face a = {.n_code = 4, .code = {0.6F, 0, 0.8F, 0}, .bits = {5}};
    struct face b = {.n_code = 4, .code = {0.6F, 0.64F, 0.48F, 0}, .bits = {7}};
    struct face none = {.n_code = 4};
    FILE *to = begin();
    why_neurons(to, &a, &b);
    why_neurons(to, &a, &none);
    char *text = end(to);
    assert_has(text, "3 of 4 neurons agree whether they fire, 2 fire for both; the cosine of the codes is 0.74\n");
    assert_has(text, "most of it from neurons 2 (0.384), 0 (0.360): together 0.74\n");
    assert_has(text, "2 of 4 neurons agree whether they fire, 0 fire for both; the cosine of the codes is 0.00\n");
    memory_free(&text);
}

static void add(struct gallery *g, const char *name, int person, int n)
{
    for (int i = 0; i < n; i++) {
        char source[32];
        struct face f = kit_code(person, i, CODE, 1);
        snprintf(source, sizeof source, "%s%d.jpg", name, i);
        assert_ok(gallery_enroll(g, name, &f, (struct gallery_thumbnail){NULL, 0}, source));
    }
}

static void test_person(void **state)
{
    (void)state;
    struct recognizer *r = opened();
    struct gallery *g = NULL;
    assert_ok(gallery_open(&g, kit_path("why.db"), GALLERY_CREATE, recognizer_codes(r)));
    add(g, "Ada", 1, 7);
    add(g, "Grace", 2, 2);
    struct face face = kit_code(1, 99, CODE, 1);
    struct match m = gallery_match(g, r, &face);
    FILE *to = begin();
    float score = why_person(to, g, r, gallery_find(g, "Ada"), &face);
    char *text = end(to);
    assert_true(score == m.score && score > gallery_threshold(g, r));
    assert_has(text, "the nearest of 7 samples");
    assert_has(text, "so the face is named Ada");
    int lines = 0;
    for (const char *at = strstr(text, ".jpg"); at; at = strstr(at + 1, ".jpg"))
        lines++;
    assert_int_equal(lines, 5); /* the nearest, not all */
    assert_null(strstr(text, "Grace"));
    memory_free(&text);

    to = begin();
    assert_true(why_person(to, g, r, gallery_find(g, "Grace"), &face) < score);
    text = end(to);
    assert_has(text, "Ada is nearer");
    assert_has(text, "would be named");
    assert_has(text, "Grace1.jpg");
    memory_free(&text);

    face = kit_code(3, 0, CODE, 1);
    to = begin();
    why_person(to, g, r, gallery_find(g, "Ada"), &face);
    text = end(to);
    assert_has(text, "so the face stays unknown");
    memory_free(&text);
    gallery_close(&g);
    recognizer_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_odds),
        cmocka_unit_test(test_score),
        cmocka_unit_test(test_not_calibrated),
        cmocka_unit_test(test_neurons),
        cmocka_unit_test(test_person),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
