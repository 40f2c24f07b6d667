/* SPDX-License-Identifier: MIT
 * Where scenes lie on LNet's training pictures: the anchor is seen, as large and as turned as was asked for. */
#include <math.h>

#include "tests/kit.h"

#include "base/random.h"
#include "train/compose_place.h"

static void anchor_is_seen(void **state)
{
    (void)state;
    const struct image picture = { NULL, 640, 400, 640 * IMAGE_PIXEL };
    const float size = 256, turns[] = { 0, 7, -30, 90, 150 };
    uint64_t random = 5;
    float lowest = size, highest = 0;
    for (int i = 0; i < 500; i++) {
        const struct box anchor = { random_between(&random, 0, 560), random_between(&random, 0, 320), 60, 70 };
        const float scale = random_between(&random, 0.3f, 2), turn = turns[i % 5];
        const struct warp w = compose_place(picture, anchor, scale, turn, size, &random);
        const struct point at = warp_point(w, box_centre(anchor));
        const float half = scale * 30;
        assert_near(warp_scale(w), scale, 1e-4);
        assert_near(atan2f(w.c, w.a), turn * 0.0174533, 1e-3);
        assert_true(at.x >= fminf(half, size / 2) - 0.1f && at.x <= size - fminf(half, size / 2) + 0.1f);
        assert_true(at.y >= 0 && at.y <= size);
        lowest = fminf(lowest, at.x);
        highest = fmaxf(highest, at.x);
    }
    assert_true(lowest < 40 && highest > size - 40); /* anywhere, not always in the middle */
}

/* A picture that is not turned leaves no edge of the canvas bare when it is large enough. */
static void upright_picture_covers(void **state)
{
    (void)state;
    const struct image picture = { NULL, 640, 400, 640 * IMAGE_PIXEL };
    uint64_t random = 6;
    for (int i = 0; i < 200; i++) {
        const struct box anchor = { random_between(&random, 0, 600), random_between(&random, 0, 360), 40, 40 };
        const struct warp w = compose_place(picture, anchor, 0.8f, 0, 256, &random);
        const struct point corner = warp_point(w, (struct point){ 0, 0 }), other = warp_point(w, (struct point){ 640, 400 });
        assert_true(corner.x <= 0.01f && corner.y <= 0.01f && other.x >= 255.99f && other.y >= 255.99f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(anchor_is_seen), cmocka_unit_test(upright_picture_covers) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
