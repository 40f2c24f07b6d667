/* SPDX-License-Identifier: MIT
 * Covered faces: what the arrays in the file mean, and files without or with wrong ones. */
#include "tests/kit.h"

#include <math.h>

#include "recognizer/cover.h"

static void write_file(const char *path, float *weight, int n, float *shift)
{
    struct tensors_array arrays[] = {
        { .name = COVER_WEIGHT, .type = TENSORS_F32, .n_dims = 1, .dims = { n }, .n = (size_t) n, .at = weight },
        { .name = COVER_SHIFT, .type = TENSORS_F32, .n_dims = 1, .dims = { 1 }, .n = 1, .at = shift },
    };
    assert_ok(tensors_write(path, arrays, shift ? 2 : 1, NULL, 0));
}

static void logit_to_factor(void **state)
{
    (void) state;
    struct tensors *file;
    struct cover_reader c;
    float weight[] = { 2, -1, 0.5f };
    float shift = -1;
    const char *path = kit_path("cover.safetensors");
    write_file(path, weight, 3, &shift);
    assert_ok(tensors_open(&file, path));
    assert_ok(cover_load(&c, file, path, 3));
    assert_near(cover_clear(&c, (const float[]){ 0.5f, 0, 0 }), 1, 1e-6);               /* logit 0 */
    assert_near(cover_clear(&c, (const float[]){ 0, 1, 0 }), 1, 1e-6);                  /* -2 */
    assert_near(cover_clear(&c, (const float[]){ 1.25f, 0, 0 }), 1 - 0.8 * 0.5, 1e-6);  /* 1.5 */
    assert_near(cover_clear(&c, (const float[]){ 9, 0, 0 }), 0.2, 1e-6);
    assert_near(cover_clear(&c, (const float[]){ NAN, 0, 0 }), 1, 1e-6);
    assert_fails(cover_load(&c, file, path, 4), BAD_MATCH, "size of the code");
    tensors_close(&file);
}

static void files_without(void **state)
{
    (void) state;
    struct tensors *file;
    struct cover_reader c;
    float weight[] = { 2, -1, 0.5f };
    const char *path = kit_path("half.safetensors");
    assert_ok(cover_load(&c, NULL, "none", 3));
    assert_near(cover_clear(&c, (const float[]){ 9, 9, 9 }), 1, 1e-6);
    write_file(path, weight, 3, NULL);
    assert_ok(tensors_open(&file, path));
    assert_fails(cover_load(&c, file, path, 3), BAD_MATCH, COVER_SHIFT);
    tensors_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logit_to_factor),
        cmocka_unit_test(files_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
