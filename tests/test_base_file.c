/* SPDX-License-Identifier: MIT
 * Files: mapped, written whole or not at all, read by lines. */
#include "tests/kit.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

static int files_in(const char *path)
{
    int n = 0;
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void map_reads_and_keeps_the_file(void **state)
{
    struct mapping m;
    (void)state;
    const char *path = kit_path("map");
    kit_write_text(path, "hello");
    assert_ok(file_map(&m, path));
    assert_int_equal(m.size, 5);
    m.at[0] = 'j';
    file_unmap(&m);
    assert_null(m.at);
    file_unmap(&m);
    char *text = kit_read(path, NULL);
    assert_string_equal(text, "hello");
    memory_free(&text);
    kit_write_text(path, "");
    assert_ok(file_map(&m, path));
    assert_int_equal(m.size, 0);
    file_unmap(&m);
}

static void map_says_what_is_wrong(void **state)
{
    struct mapping m;
    (void)state;
    assert_fails(file_map(&m, kit_path("none")), NO_RESOURCE, "none: No such file");
    assert_fails(file_map(&m, kit_folder()), BAD_DATA, "folder");
    assert_fails(file_map(&m, "/dev/null"), BAD_DATA, "device");
    const char *pipe = kit_path("pipe");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_fails(file_map(&m, pipe), BAD_DATA, "pipe");
}

static void writing_appears_only_at_commit(void **state)
{
    struct file_write w;
    char folder[4096];
    (void)state;
    snprintf(folder, sizeof folder, "%s", kit_path("write"));
    assert_int_equal(mkdir(folder, 0700), 0);
    const char *path = kit_path("write/a.txt");
    kit_write_text(path, "old");
    assert_ok(file_create(&w, path));
    fprintf(w.to, "new");
    fflush(w.to);
    assert_int_equal(files_in(folder), 2);
    char *text = kit_read(path, NULL);
    assert_string_equal(text, "old");
    memory_free(&text);
    assert_ok(file_commit(&w));
    text = kit_read(path, NULL);
    assert_string_equal(text, "new");
    memory_free(&text);
    assert_int_equal(files_in(folder), 1);
    assert_ok(file_create(&w, path));
    fprintf(w.to, "never");
    file_abandon(&w);
    file_abandon(&w);
    assert_int_equal(files_in(folder), 1);
    assert_fails(file_commit(&w), BAD_USAGE, "not open");
}

static void links_stay_links(void **state)
{
    struct file_write w;
    struct stat about;
    (void)state;
    const char *target = kit_path("target"), *link = kit_path("link");
    kit_write_text(target, "old");
    assert_int_equal(symlink("target", link), 0);
    assert_ok(file_create(&w, link));
    fputs("new", w.to);
    assert_ok(file_commit(&w));
    assert_int_equal(lstat(link, &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    char *text = kit_read(target, NULL);
    assert_string_equal(text, "new");
    memory_free(&text);
}

static void full_disk_is_said(void **state)
{
    struct file_write w;
    struct stat about;
    (void)state;
    if (access("/dev/full", W_OK) != 0)
        kit_skip("no /dev/full");
    for (int n = 1; n < 1000000; n *= 50) { /* within the buffer, and beyond it */
        assert_ok(file_create(&w, "/dev/full"));
        for (int i = 0; i < n; i++)
            fputc('x', w.to);
        assert_fails(file_commit(&w), NO_RESOURCE, "/dev/full: No space left on device");
    }
    assert_int_equal(stat("/dev/full", &about), 0);
    assert_true(S_ISCHR(about.st_mode)); /* not replaced */
}

static void impossible_places_are_said(void **state)
{
    struct file_write w;
    (void)state;
    assert_fails(file_create(&w, kit_path("no/such/folder")), NO_RESOURCE, "No such file or directory");
    assert_null(w.to);
    memory_fail_at(1);
    assert_fails(file_create(&w, kit_path("x")), NO_RESOURCE, "memory");
    memory_fail_at(2);
    assert_fails(file_create(&w, kit_path("x")), NO_RESOURCE, "memory");
    memory_fail_at(0);
}

static void folders_are_made(void **state)
{
    struct stat about;
    (void)state;
    const char *path = kit_path("a/b/c/file");
    assert_ok(file_make_folders_above(path));
    assert_ok(file_make_folders_above(path));
    assert_int_equal(stat(kit_path("a/b/c"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    assert_false(file_exists(path));
    kit_write_text(path, "");
    assert_true(file_exists(path));
    assert_fails(file_make_folders_above(kit_path("a/b/c/file/d/e")), NO_RESOURCE, "a/b/c/file/d: Not a directory");
    assert_ok(file_make_folders_above("plain"));
    assert_ok(file_make_folders_above("/plain"));
}

static void weights_are_looked_for(void **state)
{
    char path[4096], small[8];
    (void)state;
    kit_write_text(kit_path("mine.safetensors"), "x");
    setenv("FACETRAIL_WEIGHTS", kit_folder(), 1);
    assert_ok(file_find_weights(path, sizeof path, "mine"));
    assert_string_equal(path, kit_path("mine.safetensors"));
    assert_fails(file_find_weights(path, sizeof path, "none"), NO_RESOURCE, kit_folder());
    assert_fails(file_find_weights(small, sizeof small, "mine"), NO_RESOURCE, "mine.safetensors");
    unsetenv("FACETRAIL_WEIGHTS");
    assert_fails(file_find_weights(path, sizeof path, "mine"), NO_RESOURCE, "FACETRAIL_WEIGHTS");
}

static void lines_are_read(void **state)
{
    struct file_lines l;
    (void)state;
    const char *path = kit_path("lines");
    char *text = memory_alloc(100001, 1);
    memset(text, 'x', 100000);
    FILE *f = fopen(path, "w");
    fprintf(f, "\xEF\xBB\xBF" "first\r\n\n%s\nlast", text);
    fclose(f);
    assert_ok(file_lines_open(&l, path));
    assert_ok(file_lines_next(&l));
    assert_string_equal(l.line, "first");
    assert_int_equal(l.number, 1);
    assert_ok(file_lines_next(&l));
    assert_string_equal(l.line, "");
    assert_ok(file_lines_next(&l));
    assert_string_equal(l.line, text);
    assert_ok(file_lines_next(&l));
    assert_string_equal(l.line, "last");
    assert_int_equal(file_lines_next(&l), END);
    assert_int_equal(file_lines_next(&l), END);
    file_lines_close(&l);
    file_lines_close(&l);
    memory_free(&text);
}

static void lines_say_what_is_wrong(void **state)
{
    struct file_lines l;
    (void)state;
    assert_fails(file_lines_open(&l, kit_path("none")), NO_RESOURCE, "No such file");
    assert_fails(file_lines_open(&l, kit_folder()), BAD_DATA, "folder");
    const char *path = kit_path("binary");
    kit_write(path, "a\nb\0c\n", 6);
    assert_ok(file_lines_open(&l, path));
    assert_ok(file_lines_next(&l));
    assert_fails(file_lines_next(&l), BAD_DATA, "binary:2: a zero byte");
    file_lines_close(&l);
    kit_write(path, "a", 1);
    assert_ok(file_lines_open(&l, path));
    memory_fail_at(1);
    assert_fails(file_lines_next(&l), NO_RESOURCE, "memory");
    memory_fail_at(0);
    file_lines_close(&l);
    kit_write(path, "", 0);
    assert_ok(file_lines_open(&l, path));
    assert_int_equal(file_lines_next(&l), END);
    file_lines_close(&l);
}

static void fields_are_split(void **state)
{
    char line[] = "a\tbb\t\tc\td", *fields[8];
    (void)state;
    assert_int_equal(file_fields(line, '\t', fields, 8), 5);
    assert_string_equal(fields[1], "bb");
    assert_string_equal(fields[2], "");
    assert_string_equal(fields[4], "d");
    char again[] = "a b c";
    assert_int_equal(file_fields(again, ' ', fields, 2), 2);
    assert_string_equal(fields[1], "b c"); /* the last takes the rest */
    char none[] = "";
    assert_int_equal(file_fields(none, ' ', fields, 8), 1);
}

static void hash_is_xxh64(void **state)
{
    (void)state;
    assert_true(file_hash(NULL, 0) == UINT64_C(0xEF46DB3751D8E999));
    assert_true(file_hash("abc", 3) == UINT64_C(0x44BC2CF5AD770999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_reads_and_keeps_the_file),
        cmocka_unit_test(map_says_what_is_wrong),
        cmocka_unit_test(writing_appears_only_at_commit),
        cmocka_unit_test(links_stay_links),
        cmocka_unit_test(full_disk_is_said),
        cmocka_unit_test(impossible_places_are_said),
        cmocka_unit_test(folders_are_made),
        cmocka_unit_test(weights_are_looked_for),
        cmocka_unit_test(lines_are_read),
        cmocka_unit_test(lines_say_what_is_wrong),
        cmocka_unit_test(fields_are_split),
        cmocka_unit_test(hash_is_xxh64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
