/* SPDX-License-Identifier: MIT
 * Options: values and what is no value, files, nearest names, printing what can be read again. */
#include "tests/kit.h"

#include <stdlib.h>

#include "base/option.h"

struct detect { bool fast; int every; float score; const char *source; int matcher; };
struct other { int every; };

static const struct option detect_options[] = {
    {"fast", OPTION_BOOL, offsetof(struct detect, fast), "no", 0, 0, NULL, "less care"},
    {"every", OPTION_INT, offsetof(struct detect, every), "5", 1, 100, NULL, "detect each N-th frame"},
    {"score", OPTION_FLOAT, offsetof(struct detect, score), "0.1", 0.1, 1, NULL, "least score"},
    {"source", OPTION_TEXT, offsetof(struct detect, source), "", 0, 0, NULL, ".what - \\ to open"},
    {"matcher", OPTION_CHOICE, offsetof(struct detect, matcher), "hamming", 0, 0, "cosine hamming joint-bayes", "how"},
    {0},
};
static const struct option other_options[] = {
    {"every", OPTION_INT, offsetof(struct other, every), "-3", 0, 0, NULL, "no limits"},
    {0},
};

static struct detect detect;
static struct other other;
static struct arena *texts;
static const struct option_group groups[] = {
    {"detect", "finding faces", detect_options, &detect},
    {"other", NULL, other_options, &other},
};

static int set_up(void **state)
{
    (void)state;
    memset(&detect, 0, sizeof detect);
    option_defaults(detect_options, &detect);
    option_defaults(other_options, &other);
    texts = arena_create();
    return texts ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&texts);
    return 0;
}

static enum status set(const char *name, const char *value)
{
    return option_set(groups, 2, name, value, texts);
}

static void defaults_are_set(void **state)
{
    (void)state;
    assert_false(detect.fast);
    assert_int_equal(detect.every, 5);
    assert_true(detect.score == 0.1f);
    assert_string_equal(detect.source, "");
    assert_int_equal(detect.matcher, 1);
    assert_int_equal(other.every, -3);
}

static void good_values(void **state)
{
    char text[] = "rtsp://x";
    (void)state;
    assert_ok(set("detect.fast", "on"));
    assert_true(detect.fast);
    assert_ok(set("detect.fast", "0"));
    assert_false(detect.fast);
    assert_ok(set("detect.every", "100"));
    assert_int_equal(detect.every, 100);
    assert_ok(set("detect.score", "2.5e-1"));
    assert_true(detect.score == 0.25f);
    assert_ok(set("detect.source", text));
    text[0] = 'x'; /* it was copied */
    assert_string_equal(detect.source, "rtsp://x");
    assert_ok(set("detect.matcher", "joint-bayes"));
    assert_int_equal(detect.matcher, 2);
    assert_ok(set("other.every", "-2147483648"));
    assert_int_equal(other.every, -2147483647 - 1);
    assert_int_equal(detect.every, 100);
}

static void bad_values_change_nothing(void **state)
{
    static const struct { const char *name, *value, *words; } bad[] = {
        {"detect.fast", "maybe", "detect.fast = maybe: yes or no"},
        {"detect.fast", "", "yes or no"},
        {"detect.every", "five", "detect.every = five: a whole number"},
        {"detect.every", "", "a whole number"},
        {"detect.every", "5.5", "a whole number"},
        {"detect.every", " 5", "a whole number"},
        {"detect.every", "5x", "a whole number"},
        {"detect.every", "0", "must be 1 to 100"},
        {"detect.every", "101", "must be 1 to 100"},
        {"detect.every", "99999999999999999999", "too large"},
        {"other.every", "2147483648", "too large"},
        {"detect.score", "nan", "a number"},
        {"detect.score", "inf", "a number"},
        {"detect.score", "1e99", "a number"},
        {"detect.score", "0,5", "a number"},
        {"detect.score", "-", "a number"},
        {"detect.score", "1.01", "must be 0.1 to 1"},
        {"detect.matcher", "cosinus", "did you mean cosine?"},
        {"detect.matcher", "cos ine", "must be one of: cosine hamming joint-bayes"},
        {"detect.matcher", "", "must be one of"},
        {"detect.evry", "5", "detect.evry: no such option; did you mean detect.every?"},
        {"detekt.every", "5", "did you mean detect.every?"},
        {"every", "5", "every: no such option"},
        {"detect", "5", "no such option"},
        {"detect.", "5", "no such option"},
        {"", "5", "no such option"},
    };
    (void)state;
    struct detect before = detect;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fails(set(bad[i].name, bad[i].value), BAD_USAGE, bad[i].words);
    assert_memory_equal(&before, &detect, sizeof detect);
    memory_fail_at(1);
    assert_fails(set("detect.source", "x"), NO_RESOURCE, "memory");
}

static void very_long_names_are_refused(void **state)
{
    char name[5000];
    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_fails(set(name, "1"), BAD_USAGE, "xxx");
    memcpy(name, "detect.", 7);
    assert_fails(set(name, "1"), BAD_USAGE, "detect.xxx");
    assert_fails(set("detect.matcher", name), BAD_USAGE, "one of");
}

static enum status read(const char *text)
{
    const char *path = kit_path("some.conf");
    kit_write_text(path, text);
    return option_read(groups, 2, path, texts);
}

static void files_are_read(void **state)
{
    (void)state;
    assert_ok(read("# a comment\r\n\n  detect.every = 7 # why\ndetect.source=a#b\n\tdetect.score\t=\t0.5\nother.every=1\n"
                   "detect.every = 8"));
    assert_int_equal(detect.every, 8);
    assert_string_equal(detect.source, "a#b");
    assert_true(detect.score == 0.5f);
    assert_int_equal(other.every, 1);
    assert_ok(read("detect.source = \" a # b = c \"  # quoted\n"));
    assert_string_equal(detect.source, " a # b = c ");
    assert_ok(read("detect.source = a = b\n"));
    assert_string_equal(detect.source, "a = b");
    assert_ok(read("detect.source =\n"));
    assert_string_equal(detect.source, "");
}

static void files_say_where(void **state)
{
    (void)state;
    assert_fails(read("\ndetect.every 7\n"), BAD_USAGE, "some.conf:2: detect.every 7: `group.name = value`");
    assert_fails(read("detect.every = 7\nother.every = x\n"), BAD_USAGE, "some.conf:2: other.every = x");
    assert_fails(read("= 7"), BAD_USAGE, "some.conf:1: : no such option");
    assert_fails(read("detect.evry = 7"), BAD_USAGE, "some.conf:1: detect.evry: no such option; did you mean");
    assert_fails(option_read(groups, 2, kit_path("none.conf"), texts), NO_RESOURCE, "none.conf: No such file");
    const char *path = kit_path("zero.conf");
    kit_write(path, "detect.every = 1\n\0", 18);
    assert_fails(option_read(groups, 2, path, texts), BAD_DATA, "zero.conf:2");
}

static void what_is_formatted_is_read_again(void **state)
{
    char text[100];
    uint64_t seed = 1;
    (void)state;
    const struct option *score = option_find(groups, 2, "detect.score", NULL);
    for (int i = 0; i < 2000; i++) {
        float value = random_between(&seed, 0.1f, 1);
        detect.score = value;
        option_format(text, sizeof text, score, &detect);
        detect.score = 0;
        assert_ok(set("detect.score", text));
        assert_true(detect.score == value);
    }
    for (const struct option *o = detect_options; o->name; o++) {
        char name[64];
        option_defaults(detect_options, &detect);
        struct detect before = detect;
        option_format(text, sizeof text, o, &detect);
        snprintf(name, sizeof name, "detect.%s", o->name);
        assert_ok(set(name, text));
        before.source = detect.source;
        assert_memory_equal(&before, &detect, sizeof detect);
    }
    assert_ok(set("detect.score", "0.1"));
    option_format(text, sizeof text, score, &detect);
    assert_string_equal(text, "0.1");
}

static void configuration_round_trip(void **state)
{
    (void)state;
    const char *path = kit_path("default.conf");
    FILE *f = fopen(path, "w");
    option_print_configuration(f, groups, 2);
    fclose(f);
    detect.every = 77;
    other.every = 5;
    assert_ok(option_read(groups, 2, path, texts));
    assert_int_equal(detect.every, 5);
    assert_int_equal(other.every, -3);
    char *text = kit_read(path, NULL);
    assert_has(text, "# detect each N-th frame (1 to 100)\ndetect.every = 5\n");
    memory_free(&text);
}

static void help_and_manual_name_all(void **state)
{
    (void)state;
    const char *path = kit_path("help");
    FILE *f = fopen(path, "w");
    option_print_help(f, groups, 2);
    option_print_manual(f, groups, 2);
    fclose(f);
    char *text = kit_read(path, NULL);
    assert_has(text, "--detect.every N");
    assert_has(text, "1 to 100; default 5");
    assert_has(text, "one of: cosine hamming joint-bayes; default hamming");
    assert_has(text, "\\fB\\-\\-other.every\\fR");
    assert_has(text, "\n\\&.what \\- \\e to open"); /* no line of ours becomes a troff command */
    memory_free(&text);
}

static void finding_and_flags(void **state)
{
    const struct option_group *group = NULL;
    (void)state;
    const struct option *o = option_find(groups, 2, "other.every", &group);
    assert_ptr_equal(o, &other_options[0]);
    assert_ptr_equal(group, &groups[1]);
    assert_null(option_find(groups, 2, "detect.ever", NULL));
    assert_true(option_is_flag(&detect_options[0]));
    assert_false(option_is_flag(o));
}

static void nearest_words(void **state)
{
    static const char *const words[] = {"--threads", "--output", "--json", "--tracks", "--help"};
    (void)state;
    assert_string_equal(option_nearest("--thread", words, 5), "--threads");
    assert_string_equal(option_nearest("--ouptut", words, 5), "--output");
    assert_string_equal(option_nearest("--jsno", words, 5), "--json");
    assert_string_equal(option_nearest("--out", words, 5), "--output");
    assert_null(option_nearest("--gallery", words, 5));
    assert_null(option_nearest("", words, 5));
}

int main(void)
{
#define with_values(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_values(defaults_are_set),
        with_values(good_values),
        with_values(bad_values_change_nothing),
        with_values(very_long_names_are_refused),
        with_values(files_are_read),
        with_values(files_say_where),
        with_values(what_is_formatted_is_read_again),
        with_values(configuration_round_trip),
        with_values(help_and_manual_name_all),
        with_values(finding_and_flags),
        with_values(nearest_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
