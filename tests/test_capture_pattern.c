/* SPDX-License-Identifier: MIT
 * The synthetic source: what its URL says, the same pixels each time, truth that fits the pixels. */
#include "tests/kit_capture.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "capture/pattern.h"

static void url_is_parsed(void **state)
{
    struct pattern p;

    (void)state;
    assert_ok(pattern_parse(&p, "pattern:"));
    assert_int_equal(p.width, 640);
    assert_ok(pattern_parse(&p, "pattern:faces=5,frames=7,size=320x240,seed=9,rate=30000/1001"));
    assert_int_equal(p.faces, 5);
    assert_int_equal(p.frames, 7);
    assert_int_equal(p.width, 320);
    assert_int_equal(p.height, 240);
    assert_int_equal(p.rate_num, 30000);
    assert_int_equal(p.rate_den, 1001);
    assert_fails(pattern_parse(&p, "pattern:faces=99"), BAD_USAGE, "at most 32 faces");
    assert_fails(pattern_parse(&p, "pattern:size=0x4"), BAD_USAGE, "size=0x4");
    assert_fails(pattern_parse(&p, "pattern:colour=red"), BAD_USAGE, "no option \"colour\"");
    assert_fails(pattern_parse(&p, "pattern:faces"), BAD_USAGE, "expected name=value");
    assert_fails(pattern_parse(&p, "pattern:rate=nan"), BAD_USAGE, "rate=nan");
}

static uint64_t hash_of(const char *url)
{
    struct reader r;
    uint64_t sum = 0;

    assert_ok(reader_open(&r, url, NULL, NULL));
    assert_int_equal(capture_info(r.capture)->kind, CAPTURE_SYNTHETIC);
    while (capture_read(r.capture, r.frame) == OK)
        for (int y = 0; y < r.frame->source.h; y++)
            sum = sum * 31 + file_hash(r.frame->source.pixels + (size_t)y * r.frame->source.stride,
                                       (size_t)r.frame->source.w * IMAGE_PIXEL);
    reader_close(&r);
    return sum;
}

static void same_url_same_pixels(void **state)
{
    (void)state;
    assert_true(hash_of("pattern:frames=5,size=160x90") == hash_of("pattern:frames=5,size=160x90"));
    assert_false(hash_of("pattern:frames=5,size=160x90") == hash_of("pattern:frames=5,size=160x90,seed=2"));
}

static int luma(struct image im, float x, float y)
{
    const uint8_t *p = im.pixels + (size_t)(int)y * im.stride + (size_t)(int)x * IMAGE_PIXEL;

    return (p[IMAGE_R] * 2 + p[IMAGE_G] * 5 + p[IMAGE_B]) / 8;
}

/* The pupil is darker than the cheek below it, wherever the nearest person goes. */
static void truth_fits_the_pixels(void **state)
{
    const char *url = "pattern:faces=3,frames=100,size=640x360,seed=4";
    struct face faces[PATTERN_FACES];
    struct pattern p;
    struct reader r;
    int looked = 0;

    (void)state;
    assert_ok(pattern_parse(&p, url));
    assert_ok(reader_open(&r, url, NULL, NULL));
    while (capture_read(r.capture, r.frame) == OK) {
        int n = pattern_truth(&p, r.frame->number, faces, PATTERN_FACES);
        assert_in_range(n, 0, 3);
        for (int i = 0; i < n; i++) {
            const struct face *f = &faces[i];
            assert_true(f->score >= .5f && f->score <= 1.001f);
            assert_true(f->marks[0].x < f->marks[1].x && f->marks[3].x < f->marks[4].x);
            assert_true(f->marks[0].y < f->marks[2].y && f->marks[2].y < f->marks[3].y);
            if (i < n - 1 || f->score < .99f)
                continue;
            float below = f->marks[0].y + .2f * f->box.h;
            assert_true(luma(r.frame->source, f->marks[0].x, f->marks[0].y) <
                        luma(r.frame->source, f->marks[0].x, below));
            looked++;
        }
    }
    assert_true(looked > 30);
    reader_close(&r);
}

static void persons_leave_and_come_back(void **state)
{
    struct face faces[PATTERN_FACES];
    bool was = true, left = false, back = false;
    struct pattern p;

    (void)state;
    assert_ok(pattern_parse(&p, "pattern:faces=3"));
    for (int64_t n = 0; n < 1000; n++) {
        bool is = false;
        int count = pattern_truth(&p, n, faces, PATTERN_FACES);
        for (int i = 0; i < count; i++)
            is |= faces[i].track == 1;
        left |= was && !is;
        back |= left && !was && is;
        was = is;
    }
    assert_true(left && back);
}

static void live_pattern_keeps_time(void **state)
{
    struct reader r;
    int64_t begin;

    (void)state;
    assert_ok(reader_open(&r, "pattern:frames=6,size=64x48,faces=0,live=1", NULL, NULL));
    assert_int_equal(capture_info(r.capture)->kind, CAPTURE_LIVE);
    begin = clock_us();
    while (capture_read(r.capture, r.frame) == OK)
        continue;
    assert_true(clock_us() - begin >= 190000);
    reader_close(&r);
}

static void reading_allocates_nothing(void **state)
{
    const struct capture_options o = {.width = 160};
    struct reader r;
    uint64_t before;

    (void)state;
    assert_ok(reader_open(&r, "pattern:frames=20,size=320x180", &o, NULL));
    assert_ok(capture_read(r.capture, r.frame));
    before = memory_allocations();
    while (capture_read(r.capture, r.frame) == OK)
        continue;
    assert_true(memory_allocations() == before);
    reader_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(url_is_parsed),           cmocka_unit_test(same_url_same_pixels),
        cmocka_unit_test(truth_fits_the_pixels),   cmocka_unit_test(persons_leave_and_come_back),
        cmocka_unit_test(live_pattern_keeps_time), cmocka_unit_test(reading_allocates_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
