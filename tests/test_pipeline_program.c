/* SPDX-License-Identifier: MIT
 * The program itself: exit codes, one line that says what is wrong, outputs that are complete or not there, Ctrl-C.
 * Without shipped weights it runs on nets with random ones: what is found is then nonsense, how it runs is not. */
#include "tests/kit.h"

#include <dirent.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "nets/net.h"

#define PATTERN "pattern:frames=12,size=320x180"
#define FAST "--no-window", "--run.names", "no", "--capture.width", "160"

static void make_weights(void)
{
    char path[4096];
    if (file_find_weights(path, sizeof path, "lnet") == OK)
        return;
    static const char *const names[] = {"lnet", "deepid2", "marks", "verdict", "anet"};
    for (int i = 0; i < 5; i++) {
        struct net *n;
        assert_ok(net_create(&n, model_find(names[i]), NULL, 1));
        snprintf(path, sizeof path, "%s/%s.safetensors", kit_folder(), names[i]);
        assert_ok(net_save(n, path, NULL, 0));
        net_free(&n);
    }
    setenv("FACETRAIL_WEIGHTS", kit_folder(), 1);
}

static int lines_of(const char *text)
{
    int n = 0;
    for (; text && *text; text++)
        n += *text == '\n';
    return n;
}

/* One line on standard error that holds both words; nothing on standard output. */
static void says(struct kit_result r, int status, const char *one, const char *two)
{
    if (r.status != status || lines_of(r.err) != 1)
        print_message("status %d: %s\n", r.status, r.err);
    assert_int_equal(r.status, status);
    assert_int_equal(lines_of(r.err), 1);
    assert_has(r.err, one);
    assert_has(r.err, two);
    assert_string_equal(r.out, "");
}

static void requests_that_make_no_sense(void **unused)
{
    (void)unused;
    says(kit_facetrail(NULL, NULL), 2, "command", "help");
    says(kit_facetrail("frobnicate", NULL), 2, "frobnicate", "no such command");
    says(kit_facetrail("rnu", NULL), 2, "rnu", "did you mean run?");
    says(kit_facetrail("run", NULL), 2, "usage", "run INPUT");
    says(kit_facetrail("run", "x.mp4", "--detect.evry", "5", NULL), 2, "detect.evry", "detect.every");
    says(kit_facetrail("run", "x.mp4", "--detect.every", "-3", NULL), 2, "-3", "1 to 1000");
    says(kit_facetrail("run", "a.mp4", "b.mp4", "--json", "x", NULL), 2, "b.mp4", "one input");
    says(kit_facetrail("show", NULL), 2, "usage", "show");
    says(kit_facetrail("show", "lnt", NULL), 2, "lnt", "did you mean lnet?");
    says(kit_facetrail("help", "rum", NULL), 2, "rum", "no such command");
    says(kit_facetrail("eval", "speed", "a", "b", NULL), 2, "b", "too many");
}

static void inputs_that_are_none(void **unused)
{
    (void)unused;
    char text[1024], empty[1024], out[1024];
    snprintf(text, sizeof text, "%s", kit_path("text.mp4"));
    snprintf(empty, sizeof empty, "%s", kit_path("empty.mp4"));
    snprintf(out, sizeof out, "%s", kit_path("x.jsonl"));
    kit_write_text(text, "this is not a video\n");
    kit_write_text(empty, "");
    says(kit_facetrail("run", kit_path("missing.mp4"), "--json", out, FAST, NULL), 1, "missing.mp4", "no such file");
    says(kit_facetrail("run", text, "--json", out, FAST, NULL), 1, "text.mp4", "");
    says(kit_facetrail("run", empty, "--json", out, FAST, NULL), 1, "empty.mp4", "");
    says(kit_facetrail("run", "/dev/video77", "--json", out, FAST, NULL), 1, "/dev/video77", "");
    says(kit_facetrail("run", kit_path("bad\nname.mp4"), "--json", out, FAST, NULL), 1, "bad name.mp4", "no such file");
    assert_false(file_exists(out)); /* and no output of nothing */
}

static void outputs_that_cannot_be(void **unused)
{
    (void)unused;
    says(kit_facetrail("run", PATTERN, "--json", "/dev/full", FAST, NULL), 1, "/dev/full", "No space left");
    says(kit_facetrail("run", PATTERN, "--tracks", kit_path("no/x.txt"), FAST, NULL), 1, "no/x.txt", "No such file");
    says(kit_facetrail("run", PATTERN, "-o", kit_path("out.xyz"), FAST, NULL), 2, "out.xyz", "");
    assert_int_equal(symlink("/dev/full", kit_path("full.mp4")), 0);
    says(kit_facetrail("run", PATTERN, "-o", kit_path("full.mp4"), "-q", FAST, NULL), 1, "full.mp4", "");
}

static void weights_that_do_not_fit(void **unused)
{
    (void)unused;
    char path[4096];
    assert_ok(file_find_weights(path, sizeof path, "deepid2"));
    says(kit_facetrail("run", PATTERN, "--detect.weights", path, "--json", "-", FAST, NULL), 1, "deepid2", "lnet");
    says(kit_facetrail("run", PATTERN, "--detect.weights", kit_path("none.safetensors"), "--json", "-", FAST, NULL), 1,
         "none.safetensors", "");
}

static void attributes_are_told_when_asked(void **unused)
{
    (void)unused;
    struct kit_result r = kit_facetrail("run", PATTERN, "--attributes", "--json", "-", "-o", kit_path("w.mkv"), FAST, NULL);
    assert_int_equal(r.status, 0);
    assert_has(r.out, "\"anet\":");
    assert_has(r.err, "attributes"); /* has its line in the timings */
    r = kit_facetrail("run", PATTERN, "--json", "-", FAST, NULL);
    assert_null(strstr(r.out, "\"anet\":"));
    says(kit_facetrail("run", PATTERN, "--attributes", "--attributes.weights", kit_path("none.safetensors"), "--json", "-", FAST,
                       NULL), 1, "none.safetensors", "attributes");
}

static void output_is_complete(void **unused)
{
    (void)unused;
    struct kit_result r = kit_facetrail("run", PATTERN, "-o", kit_path("a.mkv"), "--json", "-", FAST, NULL);
    assert_int_equal(r.status, 0);
    assert_int_equal(lines_of(r.out), 13);
    for (const char *line = r.out; *line; line = strchr(line, '\n') + 1)
        assert_int_equal(*line, '{'); /* standard output is pure */
    assert_has(r.err, "12 frames");
    assert_has(r.err, "detect");
    r = kit_facetrail("run", kit_path("a.mkv"), "--json", "-", "-q", FAST, NULL);
    assert_int_equal(r.status, 0);
    assert_int_equal(lines_of(r.out), 13);
    assert_string_equal(r.err, "");
    json_t *header = json_loads(strtok((char *)r.out, "\n"), 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(header, "width")), 320);
    const json_t *options = json_object_get(header, "options");
    assert_string_equal(json_string_value(json_object_get(options, "capture.width")), "160");
    assert_null(json_object_get(options, "detect.every"));
    json_decref(header);
}

static void cut_file(const char *path, const char *whole, size_t part)
{
    size_t n;
    char *bytes = kit_read(whole, &n);
    assert_non_null(bytes);
    kit_write(path, bytes, n / 10 * part);
    memory_free(&bytes);
}

/* Matroska plays up to where it was cut; an MP4 without its end has no table of contents and is refused. */
static void videos_cut_in_the_middle(void **unused)
{
    (void)unused;
    cut_file(kit_path("half.mkv"), kit_path("a.mkv"), 6);
    struct kit_result r = kit_facetrail("run", kit_path("half.mkv"), "--json", "-", "-q", FAST, NULL);
    assert_int_equal(r.status, 0);
    assert_true(lines_of(r.out) > 2 && lines_of(r.out) < 13);
    assert_int_equal(kit_facetrail("run", PATTERN, "-o", kit_path("b.mp4"), "-q", FAST, NULL).status, 0);
    cut_file(kit_path("half.mp4"), kit_path("b.mp4"), 5);
    says(kit_facetrail("run", kit_path("half.mp4"), "--json", "-", "-q", FAST, NULL), 1, "half.mp4", "");
}

/* No temporary file is left in the test's folder. */
static void nothing_is_left_behind(void **unused)
{
    (void)unused;
    DIR *d = opendir(kit_folder());
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d))
        assert_null(strstr(e->d_name, ".part"));
    closedir(d);
}

static void control_c_leaves_what_plays(void **unused)
{
    (void)unused;
    int child = kit_start_facetrail("run", "pattern:frames=0,size=320x180,live=1", "-o", kit_path("cut.mp4"), "--json",
                                    kit_path("cut.jsonl"), FAST, NULL);
    clock_sleep_us(1500000);
    assert_int_equal(kill(child, SIGINT), 0);
    struct kit_result r = kit_wait(child);
    assert_int_equal(r.status, 0);
    char *text = kit_read(kit_path("cut.jsonl"), NULL);
    assert_non_null(text);
    int written = lines_of(text);
    assert_true(written > 3);
    memory_free(&text);
    r = kit_facetrail("run", kit_path("cut.mp4"), "--json", "-", "-q", FAST, NULL);
    assert_int_equal(r.status, 0);
    assert_int_equal(lines_of(r.out), written);
}

static void a_reader_that_leaves_is_a_failed_write(void **unused)
{
    (void)unused;
    char command[4096], self[2048];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1); /* build/release/tests/test_... */
    assert_true(n > 0);
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(command, sizeof command, "'%s/facetrail' run pattern:frames=400 --json - --run.names no -q | head -n 2", self);
    struct kit_result r = kit_run("sh", "-c", command, NULL);
    assert_int_equal(lines_of(r.out), 2);
    assert_has(r.err, "standard output");
}

static void help_manual_and_version(void **unused)
{
    (void)unused;
    static const char *const commands[] = {"run", "enroll", "people", "verify", "train", "eval", "show", "help", "version"};
    struct kit_result r = kit_facetrail("help", NULL);
    assert_int_equal(r.status, 0);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        assert_has(r.out, commands[i]);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        r = kit_facetrail("help", commands[i], NULL);
        assert_int_equal(r.status, 0);
        assert_has(r.out, "usage: facetrail");
    }
    r = kit_facetrail("run", "--help", NULL);
    assert_has(r.out, "--detect.every");
    assert_has(r.out, "-o, --output FILE");
    r = kit_facetrail("help", "--man", NULL);
    assert_has(r.out, ".TH FACETRAIL 1");
    assert_has(r.out, "detect.every");
    assert_has(kit_facetrail("version", NULL).out, "facetrail ");
    assert_has(kit_facetrail("show", "machine", NULL).out, "OpenBLAS");
    assert_has(kit_facetrail("show", "lnet", NULL).out, "conv");
}

static void speed_ends_with_its_figures(void **unused)
{
    (void)unused;
    struct kit_result r = kit_facetrail("eval", "speed", PATTERN, "--run.names", "no", NULL);
    assert_int_equal(r.status, 0);
    assert_has(r.out, "detect_ms=");
    assert_has(r.out, " fps=");
    assert_has(r.out, " peak_mb=");
    assert_has(r.out, " frames=12 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_that_make_no_sense),
        cmocka_unit_test(inputs_that_are_none),
        cmocka_unit_test(outputs_that_cannot_be),
        cmocka_unit_test(weights_that_do_not_fit),
        cmocka_unit_test(attributes_are_told_when_asked),
        cmocka_unit_test(output_is_complete),
        cmocka_unit_test(videos_cut_in_the_middle),
        cmocka_unit_test(nothing_is_left_behind),
        cmocka_unit_test(control_c_leaves_what_plays),
        cmocka_unit_test(a_reader_that_leaves_is_a_failed_write),
        cmocka_unit_test(help_manual_and_version),
        cmocka_unit_test(speed_ends_with_its_figures),
    };
    make_weights();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
