/* SPDX-License-Identifier: MIT
 * Accuracy by group: labels come from the pack's table, both faces must be in the group, thresholds are those of all. */
#include "tests/kit.h"

#include "train/verification_groups.h"

static void row(char *out, size_t size, int frame, float scale, bool man, bool glasses)
{
    char bits[41];
    memset(bits, '0', 40);
    bits[40] = 0;
    bits[20] = man ? '1' : '0';
    bits[15] = glasses ? '1' : '0';
    size_t n = strlen(out);
    snprintf(out + n, size - n, "%d\tx\t%.2f\t%s\n", frame, (double)scale, frame == 7 ? "-" : bits);
}

static void make_tables(void)
{
    char table[2048] = "frame\tname\tscale\tattributes\n";
    row(table, sizeof table, 2, 0.8f, true, false);
    row(table, sizeof table, 3, 0.9f, true, true);
    row(table, sizeof table, 5, 1.9f, false, false);
    row(table, sizeof table, 6, 2.0f, false, false);
    row(table, sizeof table, 7, 0.5f, false, false); /* no attributes */
    kit_write_text(kit_path("faces.tsv"), table);
    kit_write_text(kit_path("pairs.tsv"), "fold\tsame\tpackA\tframeA\tpackB\tframeB\n"
                                          "0\t1\tfaces\t2\tfaces\t3\n0\t0\tfaces\t2\tfaces\t3\n1\t1\tfaces\t5\tfaces\t6\n"
                                          "1\t0\tfaces\t5\tfaces\t6\n1\t0\tfaces\t2\tfaces\t5\n0\t1\tfaces\t2\tfaces\t7\n"
                                          "0\t0\tother\t2\tfaces\t7\n");
}

static const struct verification_group *find(const struct verification_group *g, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(g[i].name, name))
            return &g[i];
    return NULL;
}

static void test_groups(void **state)
{
    (void)state;
    struct verification v;
    struct verification_label labels[8] = { { 0 } };
    make_tables();
    assert_ok(verification_read(&v, kit_path("pairs.tsv"), ""));
    assert_ok(verification_labels(labels, &v)); /* the pack "other" has no table: no labels */
    assert_true(labels[v.pairs[0].a].described && labels[v.pairs[0].a].attributes == (uint64_t)1 << 20);
    assert_true(labels[v.pairs[0].b].attributes == ((uint64_t)1 << 20 | (uint64_t)1 << 15));
    assert_near(labels[v.pairs[2].a].scale, 1.9, 1e-6);
    assert_false(labels[v.pairs[5].b].described);
    assert_near(labels[v.pairs[5].b].scale, 0.5, 1e-6);
    assert_true(labels[v.pairs[6].a].scale == 0);
    struct verification_figures f = { 0 };
    f.folds[0].threshold = 0.5;
    f.folds[1].threshold = 0.2;
    static const float values[] = { 0.6f, 0.7f, 0.3f, 0.1f, 0.9f, 0.4f, 0.4f };
    struct verification_score scores[7];
    for (int i = 0; i < 7; i++)
        scores[i] = (struct verification_score){ .score = values[i], .fold = v.pairs[i].fold, .same = v.pairs[i].same };
    struct verification_group groups[VERIFICATION_GROUPS];
    int n = verification_by_group(groups, &v, labels, scores, &f);
    const struct verification_group *men = find(groups, n, "men"), *women = find(groups, n, "women");
    assert_true(men && women);
    assert_true(men->n[0] == 1 && men->n[1] == 1 && men->wrong[0] == 1 && men->wrong[1] == 0);
    assert_true(women->n[0] == 1 && women->n[1] == 1 && women->wrong[0] == 0 && women->wrong[1] == 0);
    assert_null(find(groups, n, "glasses")); /* no pair of which both wear some */
    assert_null(find(groups, n, "young"));
    assert_int_equal(find(groups, n, "all with attributes")->n[0], 3); /* mixed pairs are in no group but this */
    assert_int_equal(find(groups, n, "not young")->wrong[0], 2);
    const struct verification_group *large = find(groups, n, "source as large as the crop");
    assert_true(large->n[1] == 2 && large->n[0] == 1 && large->wrong[1] == 1 && large->wrong[0] == 1);
    scores[2].missed = true;
    n = verification_by_group(groups, &v, labels, scores, &f);
    assert_int_equal(find(groups, n, "women")->wrong[1], 1);
    verification_free(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_groups) };
    return cmocka_run_group_tests_name("verification groups", tests, NULL, NULL);
}
