/* SPDX-License-Identifier: MIT
 * The gallery's file: what goes in comes out, two programs share it, and what is not ours stays as it was. */
#include "base/file.h"
#include "base/random.h"
#include "recognizer/gallery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/facetrail-gallery-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/new/gallery.db", folder);
    return 0;
}

static int remove_folder(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static struct face some_face(uint64_t seed)
{
    struct face f = {.has = FACE_CODED, .n_code = 160, .quality = 0.5F};
    double sum = 0;
    for (int i = 0; i < f.n_code; i++) {
        f.code[i] = random_normal(&seed);
        sum += (double)f.code[i] * (double)f.code[i];
        if (f.code[i] > 0)
            f.bits[i / 64] |= (uint64_t)1 << (i % 64);
    }
    for (int i = 0; i < f.n_code; i++)
        f.code[i] /= (float)sqrt(sum);
    return f;
}

static const struct gallery_thumbnail no_thumbnail = {NULL, 0};

static struct gallery *opened(enum gallery_open_mode mode)
{
    struct gallery *g = NULL;
    enum status s = gallery_open(&g, path, mode, "deepid2 0123");
    if (s)
        print_message("%s\n", fail_message());
    assert_int_equal(s, OK);
    return g;
}

static void enroll(struct gallery *g, const char *name, uint64_t seed)
{
    struct face f = some_face(seed);
    enum status s = gallery_enroll(g, name, &f, no_thumbnail, "a \"file\".png");
    if (s)
        print_message("%s\n", fail_message());
    assert_int_equal(s, OK);
}

/* 4-byte UTF-8, quotes and SQL are only letters. */
static void test_comes_back(void **state)
{
    (void)state;
    const char *name = "Lin \"O'Brien\" \xf0\x9f\x98\x80; DROP TABLE people; --";
    struct gallery *g = opened(GALLERY_CREATE);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(gallery_people(g), 0);
    enroll(g, name, 1);
    enroll(g, name, 2);
    enroll(g, "Ada", 3);
    gallery_close(&g);
    assert_null(g);

    g = opened(GALLERY_READ);
    assert_int_equal(gallery_people(g), 2);
    assert_int_equal(gallery_samples(g), 3);
    assert_string_equal(gallery_person(g, 0)->name, "Ada");
    assert_string_equal(gallery_person(g, 1)->name, name);
    assert_int_equal(gallery_person(g, 1)->samples, 2);
    int id = gallery_find(g, name);
    assert_string_equal(gallery_name(g, id), name);
    struct face f = some_face(2);
    const struct gallery_sample *s = gallery_sample(g, 1);
    assert_int_equal(s->person, id);
    assert_int_equal(s->n_code, 160);
    assert_memory_equal(s->code, f.code, 160 * sizeof(float));
    assert_memory_equal(s->bits, f.bits, 3 * sizeof(uint64_t));
    assert_string_equal(s->source, "a \"file\".png");
    assert_true(fabsf(s->quality - 0.5F) < 1e-6F && s->added > 1600000000);
    gallery_close(&g);
}

static void test_missing_is_empty(void **state)
{
    (void)state;
    bool changed = true;
    struct gallery *g = opened(GALLERY_READ);
    assert_int_equal(gallery_people(g), 0);
    assert_false(file_exists(path));
    assert_int_equal(gallery_refresh(g, &changed), OK);
    assert_false(changed);
    struct face f = some_face(1);
    assert_int_equal(gallery_enroll(g, "Ada", &f, no_thumbnail, ""), BAD_USAGE);
    /* and appears when somebody makes it */
    struct gallery *other = opened(GALLERY_CREATE);
    enroll(other, "Ada", 1);
    assert_int_equal(gallery_refresh(g, &changed), OK);
    assert_true(changed);
    assert_int_equal(gallery_people(g), 1);
    gallery_close(&other);
    gallery_close(&g);
}

static void test_two_share(void **state)
{
    (void)state;
    bool changed;
    struct gallery *a = opened(GALLERY_CREATE);
    struct gallery *b = opened(GALLERY_CREATE);
    assert_int_equal(gallery_refresh(b, &changed), OK);
    assert_false(changed);
    enroll(a, "Ada", 1);
    assert_int_equal(gallery_refresh(b, &changed), OK);
    assert_true(changed);
    assert_int_equal(gallery_find(b, "Ada"), gallery_find(a, "Ada"));
    enroll(b, "Ada", 2);
    enroll(b, "Grace", 3);
    assert_int_equal(gallery_refresh(a, &changed), OK);
    assert_true(changed);
    assert_int_equal(gallery_samples(a), 3);
    assert_int_equal(gallery_refresh(a, &changed), OK);
    assert_false(changed);
    assert_int_equal(gallery_refresh(b, &changed), OK);
    assert_false(changed); /* its own changes are known already */
    gallery_close(&a);
    gallery_close(&b);
}

static bool file_holds(const char *file, const void *what, size_t size)
{
    struct mapping m;
    bool found = false;
    if (file_map(&m, file))
        return false;
    for (size_t i = 0; i + size <= m.size && !found; i++)
        found = memcmp(m.at + i, what, size) == 0;
    file_unmap(&m);
    return found;
}

static void test_changes(void **state)
{
    (void)state;
    struct gallery *g = opened(GALLERY_CREATE);
    enroll(g, "Ada", 1);
    enroll(g, "Grace", 2);
    enroll(g, "Lise", 3);
    int grace = gallery_find(g, "Grace");
    assert_int_equal(gallery_rename(g, "Grace", "Grace Hopper"), OK);
    assert_int_equal(gallery_find(g, "Grace Hopper"), grace);
    assert_int_equal(gallery_rename(g, "Grace Hopper", "Ada"), BAD_USAGE);
    assert_non_null(strstr(fail_message(), "merge"));
    assert_int_equal(gallery_rename(g, "Nobody", "X"), BAD_USAGE);
    assert_int_equal(gallery_merge(g, "Ada", "Ada"), BAD_USAGE);
    assert_int_equal(gallery_merge(g, "Ada", "Grace Hopper"), OK);
    assert_int_equal(gallery_people(g), 2);
    assert_int_equal(gallery_find(g, "Ada"), -1);
    assert_int_equal(gallery_person(g, 0)->samples, 2);

    struct face f = some_face(3);
    gallery_close(&g);
    assert_true(file_holds(path, f.code, 64));
    g = opened(GALLERY_CREATE);
    assert_int_equal(gallery_remove(g, "Lise"), OK);
    assert_int_equal(gallery_remove(g, "Lise"), BAD_USAGE);
    assert_int_equal(gallery_samples(g), 2);
    char wal[160];
    snprintf(wal, sizeof wal, "%s-wal", path);
    assert_false(file_holds(wal, f.code, 64)); /* nor in the journal while it is open */
    gallery_close(&g);
    assert_false(file_holds(path, f.code, 64)); /* overwritten, not only unlinked */
}

static void test_all_or_nothing(void **state)
{
    (void)state;
    struct gallery *g = opened(GALLERY_CREATE);
    enroll(g, "Ada", 1);
    assert_int_equal(gallery_begin(g), OK);
    enroll(g, "Ada", 2);
    enroll(g, "Grace", 3);
    gallery_rollback(g);
    assert_int_equal(gallery_samples(g), 1);
    assert_int_equal(gallery_begin(g), OK);
    enroll(g, "Ada", 2);
    enroll(g, "Grace", 3);
    assert_int_equal(gallery_commit(g), OK);
    assert_int_equal(gallery_samples(g), 3);
    assert_int_equal(gallery_people(g), 2);
    gallery_close(&g);
}

static void test_names(void **state)
{
    (void)state;
    char longest[300];
    memset(longest, 'a', sizeof longest);
    longest[255] = 0;
    assert_int_equal(gallery_check_name(longest), OK);
    longest[255] = 'a';
    longest[256] = 0;
    assert_int_equal(gallery_check_name(longest), BAD_USAGE);
    static const char *const good[] = {"A", "O'Brien; --", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80", "a/b", "%s%n"};
    static const char *const bad[] = {"", "  ", "a\nb", "a\tb", "\x7f", "\xc2\x85", "\xff", "\xc0\x80", "\xed\xa0\x80",
                                      "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xe2\x80\xa8"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(gallery_check_name(good[i]), OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(gallery_check_name(bad[i]), BAD_USAGE);
        assert_null(strchr(fail_message(), '\n'));
    }
}

/* Opening must refuse with `status`, say `word`, and leave the bytes alone. */
static void refused(const void *bytes, size_t size, enum status status, const char *word)
{
    char file[128];
    struct mapping after;
    struct gallery *g = NULL;
    snprintf(file, sizeof file, "%s/other", folder);
    FILE *to = fopen(file, "wb");
    assert_non_null(to);
    assert_int_equal(fwrite(bytes, 1, size, to), size);
    fclose(to);
    for (int mode = GALLERY_READ; mode <= GALLERY_CREATE; mode++) {
        assert_int_equal(gallery_open(&g, file, (enum gallery_open_mode)mode, "deepid2 0123"), status);
        assert_null(g);
        if (!strstr(fail_message(), word))
            fail_msg("\"%s\" does not say \"%s\"", fail_message(), word);
        assert_non_null(strstr(fail_message(), file));
    }
    assert_int_equal(file_map(&after, file), OK);
    assert_int_equal(after.size, size);
    assert_memory_equal(after.at, bytes, size);
    file_unmap(&after);
}

static void test_refused(void **state)
{
    (void)state;
    static const char text[] = "this is not a gallery, it is a letter to somebody whose name shall not be written, and it "
                               "is longer than a hundred bytes\n";
    refused(text, sizeof text - 1, BAD_DATA, "not an SQLite file");
    refused(text, 10, BAD_DATA, "not an SQLite file");

    struct gallery *g = opened(GALLERY_CREATE);
    for (int i = 0; i < 60; i++)
        enroll(g, i % 2 ? "Ada" : "Grace", (uint64_t)i);
    gallery_close(&g);
    struct mapping m;
    assert_int_equal(file_map(&m, path), OK);
    refused(m.at, m.size / 2, BAD_DATA, "damaged");
    unsigned char *copy = malloc(m.size);
    assert_non_null(copy);
    memcpy(copy, m.at, m.size);
    memset(copy + 4096, 0xa5, m.size > 20000 ? 12000 : m.size - 4096);
    refused(copy, m.size, BAD_DATA, "damaged");
    memcpy(copy, m.at, m.size);
    copy[68] ^= 1;
    refused(copy, m.size, BAD_DATA, "another program");
    free(copy);
    file_unmap(&m);
}

static void test_other_net(void **state)
{
    (void)state;
    struct gallery *g = opened(GALLERY_CREATE);
    gallery_close(&g);
    assert_int_equal(gallery_open(&g, path, GALLERY_CREATE, "deepid2 9999"), OK); /* empty: it takes over */
    enroll(g, "Ada", 1);
    gallery_close(&g);
    assert_int_equal(gallery_open(&g, path, GALLERY_READ, "deepid2 0123"), BAD_MATCH);
    assert_non_null(strstr(fail_message(), "deepid2 9999"));
    assert_int_equal(gallery_open(&g, path, GALLERY_READ, NULL), OK); /* looking is allowed */
    assert_int_equal(gallery_people(g), 1);
    gallery_close(&g);
}

static void test_unwritable(void **state)
{
    (void)state;
    struct gallery *g = NULL;
    assert_int_equal(gallery_open(&g, "/dev/null/gallery.db", GALLERY_CREATE, "x"), NO_RESOURCE);
    assert_non_null(strstr(fail_message(), "/dev/null"));
    assert_int_equal(gallery_open(&g, "/proc/gallery.db", GALLERY_CREATE, "x"), NO_RESOURCE);
    assert_non_null(strstr(fail_message(), "/proc/gallery.db"));
    assert_int_equal(gallery_open(&g, folder, GALLERY_CREATE, "x"), BAD_DATA);
    assert_null(g);
}

static void test_export(void **state)
{
    (void)state;
    char out[128];
    char file[256];
    int n = 0;
    struct gallery *g = opened(GALLERY_CREATE);
    struct face f = some_face(1);
    static const char png[] = "\x89PNG whatever";
    assert_int_equal(gallery_enroll(g, "../a/b", &f, (struct gallery_thumbnail){png, sizeof png}, ""), OK);
    enroll(g, "Ada", 2); /* has none */
    snprintf(out, sizeof out, "%s/out", folder);
    assert_int_equal(gallery_export(g, out, &n), OK);
    assert_int_equal(n, 1);
    snprintf(file, sizeof file, "%s/_._a_b/1.png", out);
    assert_true(file_holds(file, png, sizeof png));
    gallery_close(&g);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_comes_back), TEST(test_missing_is_empty), TEST(test_two_share), TEST(test_changes),
        TEST(test_all_or_nothing), TEST(test_names), TEST(test_refused), TEST(test_other_net),
        TEST(test_unwritable), TEST(test_export),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
