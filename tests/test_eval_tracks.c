/* SPDX-License-Identifier: MIT
 * Scores of tracks whose figures can be worked out by hand. */
#include "tests/kit.h"

#include <math.h>

#include "train/eval.h"
#include "train/track_score.h"

enum { MOST = 256 };
struct list {
    struct track_row rows[MOST];
    size_t n;
};

static void put(struct list *l, int frame, int id, float x)
{
    l->rows[l->n++] = (struct track_row){frame, id, {x, 10, 20, 20}};
}

static struct track_score score(struct list *truth, struct list *found)
{
    struct track_rows t = {truth->rows, truth->n, MOST}, f = {found->rows, found->n, MOST};
    struct track_score s;
    assert_int_equal(track_score(&s, &t, &f, 0.5f), OK);
    return s;
}

static void test_perfect(void **state)
{
    (void)state;
    struct list truth = {0}, found = {0};
    for (int f = 1; f <= 10; f++) {
        put(&truth, f, 1, 0);
        put(&truth, f, 2, 100);
        put(&found, f, 17, 100);
        put(&found, f, 40, 1);
    }
    struct track_score s = score(&truth, &found);
    assert_true(fabs(s.idf1 - 1) < 1e-9 && fabs(s.mota - 1) < 1e-9);
    assert_int_equal(s.switches, 0);
    assert_int_equal(s.fragments, 0);
}

static void test_switch(void **state)
{
    (void)state;
    struct list truth = {0}, found = {0};
    for (int f = 1; f <= 10; f++) {
        put(&truth, f, 1, 0);
        put(&found, f, f <= 6 ? 1 : 2, 0);
    }
    struct track_score s = score(&truth, &found);
    assert_int_equal(s.switches, 1);
    assert_true(fabs(s.mota - 0.9) < 1e-9);
    assert_true(fabs(s.idf1 - 2.0 * 6 / 20) < 1e-9);
    assert_int_equal(s.fragments, 0);
}

static void test_gap_and_false(void **state)
{
    (void)state;
    struct list truth = {0}, found = {0};
    for (int f = 1; f <= 10; f++) {
        put(&truth, f, 1, 0);
        if (f != 4 && f != 5)
            put(&found, f, 1, 0);
    }
    put(&found, 5, 3, 200);
    struct track_score s = score(&truth, &found);
    assert_int_equal(s.fragments, 1);
    assert_int_equal(s.switches, 0);
    assert_int_equal(s.misses, 2);
    assert_int_equal(s.false_boxes, 1);
    assert_true(fabs(s.mota - 0.7) < 1e-9);
    assert_true(fabs(s.idf1 - 2.0 * 8 / 19) < 1e-9);
}

/* Ids are paired for the whole film, not by who comes first. */
static void test_identity_is_global(void **state)
{
    (void)state;
    struct list truth = {0}, found = {0};
    for (int f = 1; f <= 9; f++) {
        put(&truth, f, 1, 0);
        put(&truth, f, 2, 100);
        put(&found, f, f <= 3 ? 5 : 6, 0); /* 5 has 3 of truth 1 and 6 of truth 2 */
        put(&found, f, f <= 3 ? 6 : 5, 100);
    }
    struct track_score s = score(&truth, &found);
    assert_int_equal(s.identity_hits, 12);
    assert_int_equal(s.switches, 2);
    assert_true(fabs(s.idf1 - 2.0 * 12 / 36) < 1e-9);
}

/* Who was together stays together, even when another box is nearer for a moment. */
static void test_stays_together(void **state)
{
    (void)state;
    struct list truth = {0}, found = {0};
    for (int f = 1; f <= 5; f++) {
        put(&truth, f, 1, 0);
        put(&found, f, 1, f == 3 ? 4 : 0);
        if (f == 3)
            put(&found, f, 2, 0);
    }
    struct track_score s = score(&truth, &found);
    assert_int_equal(s.switches, 0);
    assert_int_equal(s.false_boxes, 1);
}

static void test_files(void **state)
{
    (void)state;
    struct track_rows rows;
    const char *path = kit_path("tracks.txt");
    kit_write_text(path, "2,1,5,6,7,8,0.5,-1,-1,-1\r\n\n1,1,1.5,2,3,4,1\n1,2,1,2,3,4,0\n");
    assert_int_equal(track_rows_read(&rows, path, true), OK);
    assert_int_equal(rows.n, 2); /* the one marked 0 does not count */
    assert_int_equal(rows.rows[0].frame, 1);
    assert_true(fabsf(rows.rows[0].box.x - 1.5f) < 1e-6f);
    track_rows_free(&rows);
    assert_int_equal(track_rows_read(&rows, path, false), OK);
    assert_int_equal(rows.n, 3);
    track_rows_free(&rows);
    static const char *const bad[] = {"1,2,3,4,5\n", "1,2,x,4,5,6\n", "1,1,1,1,2,2\n1,1,5,5,2,2\n"};
    for (size_t i = 0; i < 3; i++) {
        kit_write_text(path, bad[i]);
        assert_int_equal(track_rows_read(&rows, path, false), BAD_DATA);
        assert_non_null(strstr(fail_message(), path));
    }
    char *words[] = {"--truth", "/nowhere/gt.txt", "--tracks", "/nowhere/t.txt"};
    assert_true(eval_tracks(4, words) < 0);
    assert_int_equal(eval_tracks(2, words), BAD_USAGE);
    assert_int_equal(eval_tracks(3, words), BAD_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_perfect),        cmocka_unit_test(test_switch),
        cmocka_unit_test(test_gap_and_false),  cmocka_unit_test(test_identity_is_global),
        cmocka_unit_test(test_stays_together), cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
