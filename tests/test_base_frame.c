/* SPDX-License-Identifier: MIT
 * The pool of frames: who has which, room for pictures, no allocation once sizes are known. */
#include "tests/kit.h"

#include <limits.h>

#include "base/frame.h"
#include "base/memory.h"

static void pool_gives_each_frame_once(void **state)
{
    struct frame_pool *p;
    struct frame *f[3];
    (void)state;
    assert_ok(frame_pool_create(&p, 3, 5));
    for (int i = 0; i < 3; i++) {
        f[i] = frame_get(p);
        assert_non_null(f[i]);
        assert_int_equal(f[i]->max_faces, 5);
        f[i]->n_faces = 5;
        for (int k = 0; k < 5; k++)
            f[i]->faces[k].track = 10 * i + k;
    }
    assert_null(frame_get(p));
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 5; k++)
            assert_int_equal(f[i]->faces[k].track, 10 * i + k); /* rooms do not overlap */
    frame_put(p, f[1]);
    struct frame *again = frame_get(p);
    assert_ptr_equal(again, f[1]);
    assert_int_equal(again->n_faces, 0);
    assert_null(again->image.pixels);
    assert_null(frame_get(p));
    frame_pool_free(&p);
    assert_null(p);
    frame_pool_free(&p);
}

static void fit_gives_pictures(void **state)
{
    struct frame_pool *p;
    (void)state;
    assert_ok(frame_pool_create(&p, 1, 1));
    struct frame *f = frame_get(p);
    assert_ok(frame_fit(f, 1283, 721, 641, 360));
    assert_true(f->source.w == 1283 && f->source.h == 721 && f->image.w == 641 && f->image.h == 360);
    assert_int_equal(f->source.stride % 64, 0);
    assert_true(f->source.stride >= 4 * 1283);
    assert_int_equal((uintptr_t)f->source.pixels % 64, 0);
    assert_ptr_not_equal(f->source.pixels, f->image.pixels);
    assert_near(f->to_source, 1283.0 / 641, 1e-5);
    image_fill(f->source, 1, 2, 3);
    image_fill(f->image, 4, 5, 6);
    assert_int_equal(f->source.pixels[0], 3);
    assert_ok(frame_fit(f, 300, 200, 300, 200));
    assert_ptr_equal(f->source.pixels, f->image.pixels);
    assert_true(f->to_source == 1);
    frame_pool_free(&p);
}

static void constant_sizes_allocate_once(void **state)
{
    struct frame_pool *p;
    (void)state;
    assert_ok(frame_pool_create(&p, 2, 4));
    for (int i = 0; i < 2; i++) { /* each frame sees its largest picture once */
        struct frame *f[2] = {frame_get(p), frame_get(p)};
        assert_ok(frame_fit(f[0], 640, 480, 320, 240));
        assert_ok(frame_fit(f[1], 640, 480, 320, 240));
        frame_put(p, f[0]);
        frame_put(p, f[1]);
    }
    uint64_t before = memory_allocations();
    for (int i = 0; i < 100; i++) {
        struct frame *f = frame_get(p);
        assert_ok(frame_fit(f, 640 - i, 480, 320, 240 - i));
        frame_put(p, f);
    }
    assert_int_equal(memory_allocations(), before);
    frame_pool_free(&p);
}

static void impossible_pictures_are_refused(void **state)
{
    struct frame_pool *p;
    (void)state;
    assert_ok(frame_pool_create(&p, 1, 1));
    struct frame *f = frame_get(p);
    assert_fails(frame_fit(f, 0, 10, 10, 10), BAD_USAGE, "0 x 10");
    assert_fails(frame_fit(f, 10, -1, 10, 10), BAD_USAGE, "10 x -1");
    assert_fails(frame_fit(f, INT_MAX, 1, 10, 10), BAD_USAGE, "2147483647 x 1");
    assert_ok(frame_fit(f, 10, 10, 5, 5));
    memory_fail_at(1);
    assert_fails(frame_fit(f, 1000, 1000, 5, 5), NO_RESOURCE, "1000 x 1000");
    assert_ok(frame_fit(f, 10, 10, 5, 5));
    frame_pool_free(&p);
    for (uint64_t n = 1; n <= 4; n++) {
        memory_fail_at(n);
        assert_fails(frame_pool_create(&p, 2, 2), NO_RESOURCE, "2 frames");
        assert_null(p);
    }
    memory_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_gives_each_frame_once),
        cmocka_unit_test(fit_gives_pictures),
        cmocka_unit_test(constant_sizes_allocate_once),
        cmocka_unit_test(impossible_pictures_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
