/* SPDX-License-Identifier: MIT
 * Command lines: what is understood, what is refused and what is then said. */
#include "tests/kit.h"

#include "base/log.h"
#include "pipeline/arguments.h"
#include "pipeline/settings.h"

static struct settings s;
static struct option_group groups[SETTINGS_GROUPS];
static struct arguments a;

/* The words end with NULL. */
static enum status read_words(const char *first, ...)
{
    static char *words[32];
    int n = 0;
    va_list more;
    va_start(more, first);
    for (const char *w = first; w; w = va_arg(more, const char *))
        words[n++] = (char *)w;
    va_end(more);
    arguments_free(&a);
    settings_bind(&s, groups);
    a = (struct arguments){.table = settings_arguments, .groups = groups, .n_groups = SETTINGS_GROUPS};
    return arguments_read(&a, n, words);
}

static void understands(void **unused)
{
    (void)unused;
    assert_ok(read_words("clip.mp4", "-o", "out.mp4", "--json=-", "--detect.every", "5", "--detect.score=0.7",
                         "--no-window", "--blur", "unknown", "--capture.tcp", "no", "b.mp4", "-", "--", "-x", NULL));
    assert_int_equal(a.n_words, 4);
    assert_string_equal(a.words[0], "clip.mp4");
    assert_string_equal(a.words[1], "b.mp4");
    assert_string_equal(a.words[2], "-");
    assert_string_equal(a.words[3], "-x");
    assert_string_equal(s.run.output, "out.mp4");
    assert_string_equal(s.run.json, "-");
    assert_int_equal(s.detect.every, 5);
    assert_near(s.detector.score, 0.7, 1e-6);
    assert_int_equal(s.run.window, WINDOW_NO);
    assert_int_equal(s.run.blur, BLUR_UNKNOWN);
    assert_false(s.capture.tcp);
    assert_int_equal(s.detect.min_size, 20); /* a default */
}

static void flags_stand_alone(void **unused)
{
    (void)unused;
    assert_ok(read_words("--capture.tcp", "yes.mp4", NULL));
    assert_true(s.capture.tcp);
    assert_int_equal(a.n_words, 1);
    assert_ok(read_words("--draw.score", NULL));
    assert_true(s.draw.score);
    assert_ok(read_words("--draw.marks=no", "x", NULL));
    assert_false(s.draw.marks);
}

static void later_and_command_line_win(void **unused)
{
    (void)unused;
    kit_write_text(kit_path("one.conf"), "detect.every = 3\nrun.json = one.jsonl # a comment\n");
    kit_write_text(kit_path("two.conf"), "detect.every = 4\n");
    assert_ok(read_words("-c", kit_path("one.conf"), "--config", kit_path("two.conf"), NULL));
    assert_int_equal(s.detect.every, 4);
    assert_string_equal(s.run.json, "one.jsonl");
    assert_ok(read_words("--detect.every", "9", "-c", kit_path("one.conf"), NULL));
    assert_int_equal(s.detect.every, 9);
    kit_write_text(kit_path("bad.conf"), "detect.every = 3\ndetect.evry = 4\n");
    assert_fails(read_words("-c", kit_path("bad.conf"), NULL), BAD_USAGE, "bad.conf:2");
    assert_true(read_words("-c", kit_path("none.conf"), NULL) < 0);
}

static void refuses_and_suggests(void **unused)
{
    (void)unused;
    assert_fails(read_words("--detect.evry", "5", NULL), BAD_USAGE, "did you mean detect.every?");
    assert_fails(read_words("--ouput", "x", NULL), BAD_USAGE, "did you mean --output?");
    assert_fails(read_words("--zzzzzzzzz", NULL), BAD_USAGE, "no such option");
    assert_fails(read_words("-z", NULL), BAD_USAGE, "-z");
    assert_fails(read_words("--detect.every", "-3", NULL), BAD_USAGE, "1 to 1000");
    assert_fails(read_words("--detect.every", "5x", NULL), BAD_USAGE, "5x");
    assert_fails(read_words("--detect.every", NULL), BAD_USAGE, "value");
    assert_fails(read_words("-o", NULL), BAD_USAGE, "-o");
    assert_fails(read_words("-c", NULL), BAD_USAGE, "-c");
    assert_fails(read_words("--no-window=1", NULL), BAD_USAGE, "no value");
    assert_fails(read_words("--blur", "sme", NULL), BAD_USAGE, "none all unknown known");
    assert_fails(read_words("--.", NULL), BAD_USAGE, "no such option");
    assert_fails(read_words("--=", NULL), BAD_USAGE, "no such option");
}

static void counts_words(void **unused)
{
    (void)unused;
    assert_ok(read_words("a", "b", NULL));
    assert_ok(arguments_count(&a, 1, 2, "x"));
    assert_fails(arguments_count(&a, 3, 3, "run X Y Z"), BAD_USAGE, "run X Y Z");
    assert_fails(arguments_count(&a, 0, 1, "run X"), BAD_USAGE, "b: one word too many");
    assert_ok(read_words(NULL));
    assert_int_equal(a.n_words, 0);
}

static void quiet_and_verbose(void **unused)
{
    (void)unused;
    enum log_level before = log_get_level();
    assert_ok(read_words("-q", NULL));
    assert_int_equal(log_get_level(), LOG_WARN);
    log_set_level(LOG_INFO);
    assert_ok(read_words("-v", "-v", NULL));
    assert_int_equal(log_get_level(), LOG_TRACE);
    log_set_level(before);
}

/* default.conf in the tree is what the tables say, and every shipped configuration is understood. */
static void shipped_configurations_load(void **unused)
{
    (void)unused;
    static const char *const names[] = {"configs/default.conf", "configs/webcam.conf", "configs/offline.conf",
                                        "configs/surveillance.conf"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_ok(read_words("-c", kit_source(names[i]), NULL));
}

static void default_configuration_is_up_to_date(void **unused)
{
    (void)unused;
    struct kit_result r = kit_facetrail("help", "--configuration", NULL);
    char *text = kit_read(kit_source("configs/default.conf"), NULL);
    assert_int_equal(r.status, 0);
    assert_non_null(text);
    assert_string_equal(r.out, text); /* else: make configs */
}

/* Fields that no option names, like recognizer.raw, must not be what lay in memory. */
static void settings_begin_as_zero(void **state)
{
    struct settings own;
    struct option_group bound[SETTINGS_GROUPS];
    (void)state;
    memset(&own, 0xff, sizeof own);
    settings_bind(&own, bound);
    assert_false(own.recognizer.raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_begin_as_zero),
        cmocka_unit_test(understands),
        cmocka_unit_test(flags_stand_alone),
        cmocka_unit_test(later_and_command_line_win),
        cmocka_unit_test(refuses_and_suggests),
        cmocka_unit_test(counts_words),
        cmocka_unit_test(quiet_and_verbose),
        cmocka_unit_test(shipped_configurations_load),
        cmocka_unit_test(default_configuration_is_up_to_date),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arguments_free(&a);
    return failed;
}
