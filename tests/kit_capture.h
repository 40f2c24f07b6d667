/* SPDX-License-Identifier: MIT
 * For the tests of capture and of the video sink: a source with its one frame, inputs made with ffmpeg. */
#ifndef FACETRAIL_TESTS_KIT_CAPTURE_H
#define FACETRAIL_TESTS_KIT_CAPTURE_H

#include "tests/kit.h"

#include "capture/capture.h"

#define FFMPEG(...) assert_int_equal(kit_run("ffmpeg", "-v", "error", "-y", __VA_ARGS__, (char *)NULL).status, 0)

struct reader {
    struct capture *capture;
    struct frame_pool *pool;
    struct frame *frame;
};

static inline enum status reader_open(struct reader *r, const char *url, const struct capture_options *o,
                                      const atomic_bool *stop)
{
    assert_ok(frame_pool_create(&r->pool, 1, 4));
    r->frame = frame_get(r->pool);
    return capture_open(&r->capture, url, o, stop);
}

static inline void reader_close(struct reader *r)
{
    capture_close(&r->capture);
    if (r->frame)
        frame_put(r->pool, r->frame);
    r->frame = NULL;
    frame_pool_free(&r->pool);
}

/* Opens at full size and reads to the end: frames read. Checks that numbers count and time grows. */
static inline int reader_count(const char *url)
{
    const struct capture_options o = {0};
    struct reader r;
    int64_t last = -1;
    enum status s;
    int n = 0;

    assert_ok(reader_open(&r, url, &o, NULL));
    while (!(s = capture_read(r.capture, r.frame))) {
        assert_int_equal(r.frame->number, n);
        assert_true(r.frame->time_us > last);
        last = r.frame->time_us;
        n++;
    }
    assert_int_equal(s, END);
    reader_close(&r);
    return n;
}

static inline void assert_opens_not(const char *url, enum status why, const char *words)
{
    const struct capture_options o = {.timeout = 1};
    struct reader r;

    assert_fails(reader_open(&r, url, &o, NULL), why, words);
    assert_null(strchr(fail_message(), '\n'));
    assert_null(r.capture);
    reader_close(&r);
}

static inline void assert_colour(struct image im, int x, int y, int red, int green, int blue, int within)
{
    const uint8_t *p = im.pixels + (size_t)y * im.stride + (size_t)x * IMAGE_PIXEL;

    assert_near(p[IMAGE_R], red, within);
    assert_near(p[IMAGE_G], green, within);
    assert_near(p[IMAGE_B], blue, within);
}

#endif
