/* SPDX-License-Identifier: MIT
 * safetensors: what is written is read; each way in which a file can be wrong has its message; failing memory. */
#include "tests/kit.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/tensors.h"

static float weights[6] = {1, -2, 3.5f, 0, 5, 1e30f};
static int8_t bytes[5] = {1, -1, 127, -128, 0};
static uint64_t words[2] = {UINT64_MAX, 7};
static uint16_t halves[3] = {0x3C00, 0xBC00, 0};

static const struct tensors_array arrays[] = {
    {"bytes", TENSORS_I8, 1, {5}, 5, bytes},       {"conv.weight", TENSORS_F32, 3, {1, 2, 3}, 6, weights},
    {"words", TENSORS_U64, 1, {2}, 2, words},      {"scalar", TENSORS_I32, 0, {0}, 1, weights},
    {"empty", TENSORS_F32, 2, {0, 7}, 0, NULL},    {"halves", TENSORS_F16, 1, {3}, 3, halves},
};
enum { N = sizeof arrays / sizeof *arrays };
static const struct tensors_note notes[] = {{"model", "lnet"}, {"name", "\"\xC3\xA9\"\n"}, {"xxh64", "an old one"}};

static const char *written(void)
{
    const char *path = kit_path("good.safetensors");
    assert_ok(tensors_write(path, arrays, N, notes, 3));
    return path;
}

static void round_trip(void **state)
{
    struct tensors *t;
    (void)state;
    assert_ok(tensors_open(&t, written()));
    assert_int_equal(tensors_count(t), N);
    for (int i = 0; i < N; i++) {
        const struct tensors_array *a = tensors_find(t, arrays[i].name);
        assert_non_null(a);
        assert_true(a->type == arrays[i].type && a->n_dims == arrays[i].n_dims && a->n == arrays[i].n);
        for (int d = 0; d < a->n_dims; d++)
            assert_true(a->dims[d] == arrays[i].dims[d]);
    }
    assert_memory_equal(tensors_find(t, "conv.weight")->at, weights, sizeof weights);
    assert_memory_equal(tensors_find(t, "bytes")->at, bytes, sizeof bytes);
    assert_memory_equal(tensors_find(t, "words")->at, words, sizeof words);
    assert_memory_equal(tensors_find(t, "halves")->at, halves, sizeof halves);
    assert_int_equal((uintptr_t)tensors_at(t, 0)->at % 64, 0);
    assert_string_equal(tensors_note(t, "model"), "lnet");
    assert_string_equal(tensors_note(t, "name"), "\"\xC3\xA9\"\n");
    assert_int_equal(strlen(tensors_note(t, "xxh64")), 16);
    assert_null(tensors_note(t, "none"));
    assert_null(tensors_find(t, "none"));
    const struct tensors_note *all;
    assert_int_equal(tensors_notes(t, &all), 3);
    assert_true(tensors_checksum(t) != 0);
    tensors_close(&t);
    assert_null(t);
    tensors_close(&t);
}

static void arrays_may_be_changed_in_memory(void **state)
{
    struct tensors *t;
    (void)state;
    const char *path = written();
    assert_ok(tensors_open(&t, path));
    memset(tensors_find(t, "words")->at, 0, sizeof words);
    tensors_close(&t);
    assert_ok(tensors_open(&t, path));
    assert_memory_equal(tensors_find(t, "words")->at, words, sizeof words);
    tensors_close(&t);
}

static void nothing_and_everything_empty(void **state)
{
    struct tensors *t;
    (void)state;
    const char *path = kit_path("empty.safetensors");
    assert_ok(tensors_write(path, NULL, 0, NULL, 0));
    assert_ok(tensors_open(&t, path));
    assert_int_equal(tensors_count(t), 0);
    tensors_close(&t);
}

/* Header text and n bytes of data as a file. */
static enum status open_made(const char *header, size_t n)
{
    static unsigned char file[100000];
    struct tensors *t;
    uint64_t length = strlen(header);
    const char *path = kit_path("made.safetensors");
    memset(file, 0, sizeof file);
    memcpy(file, &length, 8);
    memcpy(file + 8, header, length);
    kit_write(path, file, 8 + length + n);
    enum status s = tensors_open(&t, path);
    if (s)
        assert_null(t);
    tensors_close(&t);
    return s;
}

#define F32_2 "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":"

static void files_of_others_are_read(void **state)
{
    (void)state;
    assert_ok(open_made("{\"a\":{" F32_2 "[0,8]}}", 8));
    assert_ok(open_made("{\"a\":{" F32_2 "[0,8]}}       ", 8));
    assert_ok(open_made("{\"__metadata__\":{},\"b\":{\"dtype\":\"I8\",\"shape\":[],\"data_offsets\":[0,1]},"
                        "\"a\":{" F32_2 "[1,9]}}", 9)); /* an odd address */
    assert_ok(open_made("{\"a\":{\"dtype\":\"I64\",\"shape\":[0,9223372036854775807],\"data_offsets\":[0,0]}}", 0));
}

static void each_misfit_has_its_message(void **state)
{
    static const struct { const char *header; size_t n; const char *words; } bad[] = {
        {"", 0, "header is no JSON"},
        {"{", 0, "header is no JSON"},
        {"[]", 0, "no JSON object"},
        {"{\"a\":1}", 0, "a is no array"},
        {"{\"a\":{}}", 0, "a has no dtype"},
        {"{\"a\":{\"dtype\":3}}", 0, "a has no dtype"},
        {"{\"a\":{\"dtype\":\"BF16\"}}", 0, "a has dtype BF16; known are"},
        {"{\"a\":{\"dtype\":\"F32\"}}", 0, "a has no shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":2}}", 0, "a has no shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1]}}", 0, "7 dimensions"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1]}}", 0, "dimension 0 is no whole number"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,2.5]}}", 0, "dimension 1 is no whole number"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296]}}", 0, "impossibly large"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999]}}", 0, "no JSON"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 0, "a has no data_offsets"},
        {"{\"a\":{" F32_2 "[0]}}", 8, "a has no data_offsets"},
        {"{\"a\":{" F32_2 "[0,8,16]}}", 8, "a has no data_offsets"},
        {"{\"a\":{" F32_2 "[0,\"8\"]}}", 8, "a has no data_offsets"},
        {"{\"a\":{" F32_2 "[8,0]}}", 8, "data_offsets 8 to 0"},
        {"{\"a\":{" F32_2 "[-8,0]}}", 8, "data_offsets -8 to 0"},
        {"{\"a\":{" F32_2 "[0,8]}}", 7, "a ends at byte 8 of 7; is the file cut?"},
        {"{\"a\":{" F32_2 "[0,4]}}", 8, "a has 4 bytes, its shape wants 8"},
        {"{\"a\":{" F32_2 "[0,8]}}", 12, "4 bytes at the end belong to nothing"},
        {"{\"a\":{" F32_2 "[4,12]}}", 12, "4 bytes before a belong to nothing"},
        {"{\"a\":{" F32_2 "[0,8]},\"b\":{" F32_2 "[4,12]}}", 12, "b overlaps a"},
        {"{\"a\":{" F32_2 "[0,8]},\"b\":{" F32_2 "[0,8]}}", 8, "overlaps"},
        {"{\"a\":{" F32_2 "[0,8]},\"a\":{" F32_2 "[8,16]}}", 16, "duplicate object key"},
        {"{\"__metadata__\":3}", 0, "__metadata__ is no object"},
        {"{\"__metadata__\":{\"a\":1}}", 0, "note a is no text"},
        {"{\"__metadata__\":{\"xxh64\":\"0000000000000000\"}}", 0, "damaged: its checksum is ef46db3751d8e999"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_fails(open_made(bad[i].header, bad[i].n), BAD_DATA, bad[i].words);
        assert_has(fail_message(), "made.safetensors: ");
    }
}

static void lengths_are_checked(void **state)
{
    struct tensors *t;
    (void)state;
    const char *path = kit_path("length.safetensors");
    kit_write(path, "", 0);
    assert_fails(tensors_open(&t, path), BAD_DATA, "no safetensors file: 0 bytes");
    kit_write(path, "1234567", 7);
    assert_fails(tensors_open(&t, path), BAD_DATA, "no safetensors file: 7 bytes");
    kit_write(path, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF{}", 10);
    assert_fails(tensors_open(&t, path), BAD_DATA, "a header of 18446744073709551615 bytes in a file of 10");
    kit_write(path, "\3\0\0\0\0\0\0\0{}", 10);
    assert_fails(tensors_open(&t, path), BAD_DATA, "a header of 3 bytes");
    assert_fails(tensors_open(&t, kit_path("none")), NO_RESOURCE, "No such file");
    assert_fails(tensors_open(&t, kit_folder()), BAD_DATA, "folder");
    assert_null(t);
}

static void any_changed_byte_is_noticed(void **state)
{
    struct tensors *t;
    size_t size;
    (void)state;
    char *good = kit_read(written(), &size);
    const char *path = kit_path("bad.safetensors");
    uint64_t seed = 1, header;
    memcpy(&header, good, 8);
    for (size_t i = 8 + header; i < size; i++) {
        good[i] ^= 0x40;
        kit_write(path, good, size);
        assert_fails(tensors_open(&t, path), BAD_DATA, "damaged");
        good[i] ^= 0x40;
    }
    for (int k = 0; k < 600; k++) { /* in the header: any answer, but an answer */
        size_t i = (size_t)random_below(&seed, (int)(8 + header)), n = (size_t)random_below(&seed, (int)size + 1);
        char kept = good[i];
        good[i] = (char)random_next(&seed);
        kit_write(path, good, k % 2 ? size : n);
        enum status s = tensors_open(&t, path);
        assert_true(s == OK || s == BAD_DATA);
        tensors_close(&t);
        good[i] = kept;
    }
    memory_free(&good);
}

static void deep_nesting_is_refused(void **state)
{
    static char deep[60000];
    (void)state;
    memset(deep, '[', sizeof deep - 1);
    assert_fails(open_made(deep, 0), BAD_DATA, "no JSON");
}

static void failing_memory_leaves_nothing(void **state)
{
    struct tensors *t = NULL;
    (void)state;
    const char *path = written();
    enum status s = NO_RESOURCE;
    int n = 1;
    for (; s; n++) {
        memory_fail_at((uint64_t)n);
        s = tensors_open(&t, path);
        memory_fail_at(0);
        if (s) {
            assert_int_equal(s, NO_RESOURCE);
            assert_null(t);
        }
    }
    assert_true(n > N);
    tensors_close(&t);
    s = NO_RESOURCE;
    for (n = 1; s; n++) {
        memory_fail_at((uint64_t)n);
        s = tensors_write(kit_path("new.safetensors"), arrays, N, notes, 3);
        memory_fail_at(0);
        assert_true(s == OK || s == NO_RESOURCE);
        assert_int_equal(file_exists(kit_path("new.safetensors")), s == OK);
    }
    assert_true(n > 2);
}

static void writing_refuses_nonsense(void **state)
{
    const struct tensors_array twice[] = {arrays[1], arrays[1]};
    struct tensors_array wrong = arrays[1];
    const struct tensors_note no_text = {"a", "\xFF\xFE"};
    (void)state;
    const char *path = kit_path("never.safetensors");
    assert_fails(tensors_write(path, twice, 2, NULL, 0), BAD_USAGE, "two arrays named conv.weight");
    wrong.n = 7;
    assert_fails(tensors_write(path, &wrong, 1, NULL, 0), BAD_USAGE, "dimensions do not make 7");
    wrong = arrays[1];
    wrong.name = "__metadata__";
    assert_fails(tensors_write(path, &wrong, 1, NULL, 0), BAD_USAGE, "__metadata__");
    assert_fails(tensors_write(path, arrays, 1, &no_text, 1), BAD_USAGE, "note a");
    assert_false(file_exists(path));
    assert_fails(tensors_write("/dev/full", arrays, N, NULL, 0), NO_RESOURCE, "No space left");
    assert_fails(tensors_write(kit_path("no/folder"), arrays, N, NULL, 0), NO_RESOURCE, "No such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(arrays_may_be_changed_in_memory),
        cmocka_unit_test(nothing_and_everything_empty),
        cmocka_unit_test(files_of_others_are_read),
        cmocka_unit_test(each_misfit_has_its_message),
        cmocka_unit_test(lengths_are_checked),
        cmocka_unit_test(any_changed_byte_is_noticed),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(failing_memory_leaves_nothing),
        cmocka_unit_test(writing_refuses_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
