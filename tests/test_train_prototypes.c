/* SPDX-License-Identifier: MIT
 * Class weights that begin as what a net says of people: mean codes, and rows that a checkpoint has learnt, which follow their
 * people wherever these stand in other packs. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/kit.h"
#include "tests/kit_pack.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/tensors.h"
#include "recognizer/recognizer.h"
#include "train/data.h"
#include "train/loop.h"
#include "train/prototypes.h"

enum { TRAIN = 16, VAL = 6, EACH = 4, FACES = (TRAIN + VAL) * EACH, CODE = 32 };

/* net.checkpoint and net.safetensors: a net that has learnt the train people of "toy". */
static int make_net(void **state)
{
    (void)state;
    char more[1024];
    struct recipe *r;
    struct loop_result result;
    kit_pack(TRAIN, VAL, EACH);
    snprintf(more, sizeof more, "train.steps = 60\ntrain.weights = %s\n", kit_path("net.safetensors"));
    snprintf(more + strlen(more), sizeof more - strlen(more), "train.checkpoint = %s\n", kit_path("net.checkpoint"));
    kit_pack_recipe("deepid2", more);
    assert_ok(recipe_open(&r, kit_path("identity.conf"), 0, NULL));
    assert_ok(loop_run(r, false, NULL, &result));
    recipe_close(&r);
    return 0;
}

static void assert_unit_row(const float *rows, int row, double within)
{
    double squares = 0;
    for (int i = 0; i < CODE; i++)
        squares += (double)rows[row * CODE + i] * (double)rows[row * CODE + i];
    assert_near(squares, 1, within);
}

/* Mean codes of persons, by the finished net: nearest to their own faces. */
static void test_prototypes(void **state)
{
    (void)state;
    static float rows[TRAIN * CODE];
    static const bool nobody[TRAIN];
    int class_of[TRAIN + VAL], right = 0;
    struct data *d;
    struct data_options o = { .folder = kit_folder(), .packs = "toy" };
    assert_ok(data_open(&d, &o));
    for (int i = 0; i < TRAIN + VAL; i++)
        class_of[i] = i < TRAIN ? TRAIN - 1 - i : -1; /* classes are not in the order of persons */
    const char *weights = kit_path("net.safetensors");
    assert_fails(prototypes_fill(rows, TRAIN, CODE / 2, d, class_of, weights, nobody), BAD_MATCH, "32 numbers");
    assert_ok(prototypes_fill(rows, TRAIN, CODE, d, class_of, weights, nobody));
    struct recognizer *r;
    struct recognizer_options plain = { .weights = weights, .matcher = MATCH_NONE, .false_match_rate = 1e-3f, .raw = true };
    assert_ok(recognizer_open(&r, &plain));
    for (int i = 0; i < TRAIN * EACH; i++) {
        struct face f = { 0 };
        struct recognizer_crop crop = { data_image(d, i), data_warp() };
        float best = -1e9f;
        int at = -1;
        recognizer_describe_crops(r, &crop, &f, 1);
        for (int c = 0; c < TRAIN; c++) {
            float dot = 0;
            for (int k = 0; k < CODE; k++)
                dot += rows[c * CODE + k] * f.code[k];
            at = dot > best ? c : at;
            best = fmaxf(best, dot);
        }
        right += at == class_of[data_face(d, i)->index];
    }
    for (int c = 0; c < TRAIN; c++)
        assert_unit_row(rows, c, 1e-4);
    assert_true(right > TRAIN * EACH * 3 / 4); /* chance: a sixteenth */
    recognizer_close(&r);
    data_close(&d);
}

/* A pack of the same pictures by another table: the line of picture `row` through `change`. */
static void make_pack(const char *name, void (*change)(FILE *table, int row, const char *line))
{
    char *text = kit_read(kit_path("toy.tsv"), NULL), *rest = text, *line, path[64];
    snprintf(path, sizeof path, "%s.tsv", name);
    FILE *table = fopen(kit_path(path), "w");
    assert_true(text && table && !symlink("toy", kit_path(name)));
    fprintf(table, "%s\n", strtok_r(rest, "\n", &rest));
    for (int row = 0; (line = strtok_r(rest, "\n", &rest)); row++)
        change(table, row, line);
    assert_false(fclose(table));
    memory_free(&text);
}

enum how { FROM, FROM_AND_PROTOTYPES, RESUMED };

/* One step, too small to be seen, on that pack from the net's checkpoint; what it leaves. */
static struct tensors *go_on(const char *pack, enum how how, enum status *s)
{
    char paths[4][1024];
    static const char *const names[] = { "net.checkpoint", "net.safetensors", "next.checkpoint", "next.safetensors" };
    for (int i = 0; i < 4; i++)
        snprintf(paths[i], sizeof paths[i], "%s", kit_path(names[i]));
    const bool resume = how == RESUMED;
    char *words[] = { "--data.packs", (char *)pack, "--data.pairs", "", "--data.min_faces", "2", "--task.fit", "no",
                      "--solver.rate", "1e-6", "--train.weights", paths[3], "--train.checkpoint", paths[resume ? 0 : 2],
                      "--train.steps", resume ? "61" : "1", "--train.from", paths[0], "--task.prototypes", paths[1] };
    struct recipe *r;
    struct loop_result result;
    struct tensors *file = NULL;
    assert_ok(recipe_open(&r, kit_path("identity.conf"), resume ? 16 : how == FROM ? 18 : 20, words));
    *s = loop_run(r, resume, NULL, &result);
    recipe_close(&r);
    if (!*s)
        assert_ok(tensors_open(&file, paths[2]));
    return file;
}

static const float *rows_of(const struct tensors *checkpoint)
{
    return tensors_find(checkpoint, "people.weight")->at;
}

static void assert_row(const struct tensors *now, int row, const struct tensors *before, int was)
{
    const float *a = rows_of(now), *b = rows_of(before);
    for (int i = 0; i < CODE; i++)
        assert_near(a[row * CODE + i], b[was * CODE + i], 1e-4);
}

enum { STRANGERS = 3 };

static void last_are_strangers(FILE *table, int row, const char *line)
{
    const char *after = row < FACES - STRANGERS ? NULL : strstr(line, "\tval\t");
    after ? fprintf(table, "%d\t%d\tpainted\tstranger\t%s\n", row, 900 + row, after + 5) : fprintf(table, "%s\n", line);
}

/* The last three pictures are strangers of one face each: classes behind those that are learnt. */
static void test_strangers(void **state)
{
    (void)state;
    enum status s;
    struct tensors *before, *now;
    make_pack("strange", last_are_strangers);
    assert_ok(tensors_open(&before, kit_path("net.checkpoint")));
    now = go_on("strange", FROM_AND_PROTOTYPES, &s);
    assert_ok(s);
    assert_int_equal(tensors_find(before, "people.weight")->n, TRAIN * CODE);
    assert_int_equal(tensors_find(now, "people.weight")->n, (TRAIN + STRANGERS) * CODE);
    for (int i = 0; i < TRAIN; i++)
        assert_row(now, i, before, i);
    for (int i = TRAIN; i < TRAIN + STRANGERS; i++)
        assert_unit_row(rows_of(now), i, 1e-3);
    tensors_close(&before);
    tensors_close(&now);
}

/* Person 3 i is 3 i + 6 now: two of them nobody has learnt, two that were learnt are gone, the others stand elsewhere. */
static void two_are_new(FILE *table, int row, const char *line)
{
    const char *after = strstr(line, "\tpainted");
    fprintf(table, "%d\t%d%s\n", row, row / EACH * 3 + 6, after);
}

static void test_rows_follow_their_people(void **state)
{
    (void)state;
    enum status s;
    struct tensors *before, *now;
    make_pack("moved", two_are_new);
    assert_ok(tensors_open(&before, kit_path("net.checkpoint")));
    now = go_on("moved", FROM_AND_PROTOTYPES, &s);
    assert_ok(s);
    for (int i = 0; i < TRAIN; i++)
        i + 2 < TRAIN ? assert_row(now, i, before, i + 2) : assert_unit_row(rows_of(now), i, 1e-3);
    tensors_close(&now);
    now = go_on("moved", FROM, &s);
    assert_ok(s);
    for (int i = 0; i + 2 < TRAIN; i++)
        assert_row(now, i, before, i + 2);
    tensors_close(&now);
    tensors_close(&before);
    assert_null(go_on("moved", RESUMED, &s)); /* going on is for the same people */
    assert_int_equal(s, BAD_MATCH);
    assert_has(fail_message(), "has learnt other people");
}

static void test_who_is_kept_as_text(void **state)
{
    (void)state;
    static const int people[] = { 7, 0, 12 };
    char text[64];
    assert_int_equal(prototypes_write(people, 3, text, sizeof text), strlen("people 7 0 12"));
    assert_string_equal(text, "people 7 0 12");
    assert_true(prototypes_write(people, 3, text, 8) >= 8); /* it did not fit */
    const char *at = "people 7 0 12 ; 0.5 3";
    assert_ok(prototypes_check(people, 3, &at));
    assert_string_equal(at, " ; 0.5 3");
    at = "0.5 3"; /* a checkpoint that does not say */
    assert_ok(prototypes_check(people, 3, &at));
    assert_string_equal(at, "0.5 3");
    at = "people 7 0 12 13";
    assert_fails(prototypes_check(people, 3, &at), BAD_MATCH, "more people");
    at = "people 7 0";
    assert_fails(prototypes_check(people, 3, &at), BAD_MATCH, "other people");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prototypes), cmocka_unit_test(test_strangers), cmocka_unit_test(test_rows_follow_their_people),
        cmocka_unit_test(test_who_is_kept_as_text),
    };
    log_set_level(LOG_WARN);
    return cmocka_run_group_tests(tests, make_net, NULL);
}
