/* SPDX-License-Identifier: MIT
 * enroll, people and verify as a user types them; with the shipped weights on photographs that Debian ships. */
#include "tests/kit.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"

#define HOPPER "/usr/share/matplotlib/mpl-data/sample_data/grace_hopper.jpg"
#define SOLVAY "/usr/share/visp-images-data/ViSP-images/faces/1280px-Solvay_conference_1927.png"
#define COFFEE "/usr/lib/python3/dist-packages/skimage/data/coffee.png"

static void one_line(struct kit_result r, int status, const char *words)
{
    if (r.status != status)
        print_message("%s", r.err);
    assert_int_equal(r.status, status);
    assert_has(r.err, words);
    const char *end = strchr(r.err, '\n');
    assert_true(end && end[1] == '\0');
}

static void test_needs_no_net(void **state)
{
    (void)state;
    struct kit_result r = kit_facetrail("people", "list", NULL);
    assert_int_equal(r.status, 0);
    assert_has(r.out, "nobody");
    one_line(kit_facetrail("enroll", "two\nlines", "x.png", NULL), 2, "line break");
    one_line(kit_facetrail("enroll", "", "x.png", NULL), 2, "empty");
    one_line(kit_facetrail("enroll", "Ada", NULL), 2, "enroll");
    one_line(kit_facetrail("people", NULL), 2, "people");
    one_line(kit_facetrail("people", "lst", NULL), 2, "list");
    one_line(kit_facetrail("people", "show", "Nobody", NULL), 2, "Nobody");
    one_line(kit_facetrail("people", "rename", "A", "B", "--why", "x.png", NULL), 2, "--why");
    assert_has(kit_facetrail("help", "people", NULL).out, "--why PICTURE");
    assert_has(kit_facetrail("help", "verify", NULL).out, "--why");
    one_line(kit_facetrail("people", "remove", "Nobody", NULL), 2, "no such gallery");
    one_line(kit_facetrail("verify", "a", NULL), 2, "verify");
    kit_write_text(kit_path("letter"), "Dear Ada, this is a letter and no gallery at all.\n");
    one_line(kit_facetrail("people", "list", "-g", kit_path("letter"), NULL), 1, "not a gallery");
    char *after = kit_read(kit_path("letter"), NULL);
    assert_string_equal(after, "Dear Ada, this is a letter and no gallery at all.\n");
    memory_free(&after);
}

static void need(const char *picture)
{
    if (!file_exists(kit_source("weights/lnet.safetensors")) || !file_exists(kit_source("weights/marks.safetensors")) ||
        !file_exists(kit_source("weights/verdict.safetensors")) ||
        !file_exists(kit_source("weights/deepid2plus.safetensors")))
        kit_skip("no shipped weights");
    if (!file_exists(picture))
        kit_skip("no photographs");
}

static void test_enroll(void **state)
{
    (void)state;
    need(HOPPER);
    static const char *const name = "Grace \"Amazing\" O'Hopper \xf0\x9f\x98\x80; DROP TABLE people";
    char gallery[300];
    struct stat about;
    snprintf(gallery, sizeof gallery, "%s", kit_path("new/folder/g.db"));
    struct kit_result r = kit_facetrail("enroll", name, HOPPER, "-g", gallery, NULL);
    if (r.status)
        print_message("%s", r.err);
    assert_int_equal(r.status, 0);
    assert_has(r.out, "1 sample added");
    assert_int_equal(stat(gallery, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_has(kit_facetrail("people", "list", "-g", gallery, NULL).out, name);
    assert_has(kit_facetrail("people", "show", name, "-g", gallery, NULL).out, "grace_hopper.jpg");
    assert_int_equal(kit_facetrail("people", "rename", name, "Grace", "-g", gallery, NULL).status, 0);
    assert_has(kit_facetrail("people", "export", kit_path("out"), "-g", gallery, NULL).out, "1 thumbnail");
    char *png = kit_read(kit_path("out/Grace/1.png"), NULL);
    assert_non_null(png);
    assert_memory_equal(png, "\x89PNG", 4);
    memory_free(&png);
    assert_int_equal(kit_facetrail("people", "remove", "Grace", "-g", gallery, NULL).status, 0);
    assert_has(kit_facetrail("people", "list", "-g", gallery, NULL).out, "nobody");
}

static void test_enroll_refuses(void **state)
{
    (void)state;
    need(SOLVAY);
    const char *gallery = kit_path("r.db");
    one_line(kit_facetrail("enroll", "Albert", SOLVAY, "-g", gallery, NULL), 1, "faces in this picture");
    one_line(kit_facetrail("enroll", "Cup", COFFEE, "-g", gallery, NULL), 1, "no face");
    one_line(kit_facetrail("enroll", "Albert\nEinstein", SOLVAY, "-g", gallery, NULL), 2, "control character");
    one_line(kit_facetrail("enroll", "Albert", kit_path("missing.jpg"), "-g", gallery, NULL), 1, "missing.jpg");
    one_line(kit_facetrail("enroll", "Albert", HOPPER, "-g", "/proc/nowhere/g.db", NULL), 1, "/proc/nowhere");
    assert_has(kit_facetrail("people", "list", "-g", gallery, NULL).out, "nobody"); /* nothing by halves */
}

/* Another net: its codes do not compare, but the thumbnails give new ones. */
static void test_renew(void **state)
{
    (void)state;
    need(HOPPER);
    if (!file_exists(kit_source("weights/deepid2.safetensors")))
        kit_skip("no DeepID2");
    char old[300], new[300];
    snprintf(old, sizeof old, "%s", kit_path("old.db"));
    snprintf(new, sizeof new, "%s", kit_path("new.db"));
    for (int i = 0; i < 2; i++)
        assert_int_equal(kit_facetrail("enroll", i ? "Grace \"H\"" : "Damaged", HOPPER, "-g", old, "--recognize.weights",
                                       kit_source("weights/deepid2.safetensors"), NULL).status, 0);
    sqlite3 *file;
    assert_int_equal(sqlite3_open(old, &file), SQLITE_OK);
    assert_int_equal(sqlite3_exec(file, "UPDATE samples SET thumbnail = x'89504e47' WHERE id = 1", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(file);
    one_line(kit_facetrail("run", HOPPER, "--json", "-", "-g", old, "-q", NULL), 1, "people renew");
    struct kit_result r = kit_facetrail("people", "renew", new, "-g", old, NULL);
    assert_int_equal(r.status, 0);
    assert_has(r.out, "1 sample of 1 people, made anew; 1 left out");
    assert_has(r.err, "Damaged");
    assert_has(kit_facetrail("people", "show", "Grace \"H\"", "-g", new, NULL).out, "grace_hopper.jpg");
    assert_has(kit_facetrail("run", HOPPER, "--json", "-", "-g", new, "-q", NULL).out, "\"name\":\"Grace \\\"H\\\"\"");
    one_line(kit_facetrail("people", "renew", new, "-g", old, NULL), 2, "is there already");
    one_line(kit_facetrail("people", "renew", "/proc/nowhere/g.db", "-g", old, NULL), 1, "/proc/nowhere");
    assert_has(kit_facetrail("people", "list", "-g", old, NULL).out, "Damaged"); /* the old one stays */
}

static void test_verify(void **state)
{
    (void)state;
    need(HOPPER);
    struct kit_result r = kit_facetrail("verify", HOPPER, HOPPER, NULL);
    assert_int_equal(r.status, 0);
    assert_has(r.out, "same");
    r = kit_facetrail("verify", HOPPER, "/usr/share/visp-images-data/none.png", NULL);
    assert_int_equal(r.status, 1);
    assert_has(r.err, "none.png");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_needs_no_net),
        cmocka_unit_test(test_enroll),
        cmocka_unit_test(test_enroll_refuses),
        cmocka_unit_test(test_renew),
        cmocka_unit_test(test_verify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
