/* SPDX-License-Identifier: MIT
 * Videos of every kind and state through capture: colours, sizes, turns, time stamps, damage, refusals. */
#include "tests/kit_capture.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

#define QUARTERS                                                                                    \
    "color=red:s=32x24:r=25:d=0.2[a];color=lime:s=32x24:r=25:d=0.2[b];color=blue:s=32x24:r=25:"     \
    "d=0.2[c];color=white:s=32x24:r=25:d=0.2[d];[a][b]hstack[e];[c][d]hstack[f];[e][f]vstack"

static void check_colour(const char *name, const char *filter, const char *matrix, const char *range)
{
    struct reader r;
    const char *path = kit_path(name);

    FFMPEG("-f", "lavfi", "-i", "color=0xC84020:s=66x50:r=25:d=0.08", "-vf", filter, "-c:v", "ffv1", "-colorspace",
           matrix, "-color_range", range, path);
    assert_ok(reader_open(&r, path, NULL, NULL));
    assert_ok(capture_read(r.capture, r.frame));
    assert_colour(r.frame->source, 30, 20, 0xC8, 0x40, 0x20, 4);
    assert_colour(r.frame->source, 65, 49, 0xC8, 0x40, 0x20, 4);
    reader_close(&r);
}

static void colours_follow_matrix_and_range(void **state)
{
    (void)state;
    check_colour("c1.mkv", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p", "bt709", "tv");
    check_colour("c2.mkv", "scale=out_color_matrix=bt601:out_range=tv,format=yuv420p", "smpte170m", "tv");
    check_colour("c3.mkv", "scale=out_color_matrix=bt601:out_range=full,format=yuv420p", "smpte170m", "pc");
    check_colour("c4.mkv", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p10le", "bt709", "tv");
    check_colour("c5.mkv", "scale=out_color_matrix=bt2020:out_range=full,format=yuv422p10le", "bt2020nc", "pc");
}

static void unmarked_video_is_bt601_when_small(void **state)
{
    struct reader r;

    (void)state;
    FFMPEG("-f", "lavfi", "-i", "color=0xC84020:s=64x48:r=25:d=0.08", "-vf",
           "scale=out_color_matrix=bt601:out_range=tv,format=yuv420p", "-c:v", "mpeg4", "-q:v", "1", kit_path("u.avi"));
    assert_ok(reader_open(&r, kit_path("u.avi"), NULL, NULL));
    assert_ok(capture_read(r.capture, r.frame));
    assert_colour(r.frame->source, 30, 20, 0xC8, 0x40, 0x20, 5);
    reader_close(&r);
}

static void odd_sizes_are_whole(void **state)
{
    struct reader r;

    (void)state;
    FFMPEG("-f", "lavfi", "-i", "color=0x2060C0:s=128x80:r=25:d=0.12", "-vf",
           "scale=123:77:out_color_matrix=bt601,format=yuv420p", "-c:v", "ffv1",
           "-colorspace", "smpte170m", kit_path("odd.mkv"));
    assert_ok(reader_open(&r, kit_path("odd.mkv"), NULL, NULL));
    assert_ok(capture_read(r.capture, r.frame));
    assert_int_equal(r.frame->source.w, 123);
    assert_int_equal(r.frame->source.h, 77);
    for (int x = 0; x < 123; x++) {
        assert_colour(r.frame->source, x, 0, 0x20, 0x60, 0xC0, 4);
        assert_colour(r.frame->source, x, 76, 0x20, 0x60, 0xC0, 4);
    }
    for (int y = 0; y < 77; y++)
        assert_colour(r.frame->source, 122, y, 0x20, 0x60, 0xC0, 4);
    reader_close(&r);
}

static void rotation_metadata_is_obeyed(void **state)
{
    static const char *const degrees[] = {"90", "180", "270"};
    static const int corner[3][3] = {{0, 255, 0}, {255, 255, 255}, {0, 0, 255}}; /* shown top left, as ffmpeg shows it */
    const struct capture_info *info;
    struct reader r;

    (void)state;
    FFMPEG("-f", "lavfi", "-i", QUARTERS, "-c:v", "mpeg4", "-q:v", "1", kit_path("plain.mp4"));
    for (int i = 0; i < 3; i++) {
        char rotate[32];
        snprintf(rotate, sizeof rotate, "rotate=%s", degrees[i]);
        FFMPEG("-i", kit_path("plain.mp4"), "-c", "copy", "-metadata:s:v:0", rotate, kit_path("turned.mp4"));
        assert_ok(reader_open(&r, kit_path("turned.mp4"), NULL, NULL));
        info = capture_info(r.capture);
        assert_int_equal(info->width, i == 1 ? 64 : 48);
        assert_int_equal(info->height, i == 1 ? 48 : 64);
        assert_ok(capture_read(r.capture, r.frame));
        assert_int_equal(r.frame->source.w, info->width);
        assert_int_equal(r.frame->source.h, info->height);
        assert_colour(r.frame->source, 5, 5, corner[i][0], corner[i][1], corner[i][2], 12);
        reader_close(&r);
    }
}

static void variable_rate_keeps_its_time(void **state)
{
    struct reader r;

    (void)state;
    FFMPEG("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.8", "-vf", "setpts=if(lt(N\\,10)\\,N\\,N*3)/25/TB", "-vsync",
           "passthrough", "-c:v", "mpeg4", kit_path("vfr.mp4"));
    assert_ok(reader_open(&r, kit_path("vfr.mp4"), NULL, NULL));
    for (int n = 0; n < 19; n++) { /* ffmpeg puts the last one elsewhere */
        assert_ok(capture_read(r.capture, r.frame));
        assert_near(r.frame->time_us, n < 10 ? n * 40000 : n * 120000, 1000);
        assert_near((double)r.frame->pts * capture_info(r.capture)->base_num / capture_info(r.capture)->base_den,
                    (n < 10 ? n : 3 * n) * .04, .001);
    }
    assert_ok(capture_read(r.capture, r.frame));
    assert_int_equal(capture_read(r.capture, r.frame), END);
    reader_close(&r);
}

static void missing_and_backward_times_are_replaced(void **state)
{
    (void)state;
    FFMPEG("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.6", "-c:v", "mpeg4", "-f", "m4v", kit_path("raw.m4v"));
    assert_int_equal(reader_count(kit_path("raw.m4v")), 15); /* which also checks that time grows */
    FFMPEG("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.6", "-c:v", "mjpeg", "-bsf:v",
           "setts=pts=if(eq(mod(N\\,5)\\,4)\\,PTS-3\\,PTS):dts=DTS-5", kit_path("back.mkv"));
    assert_int_equal(reader_count(kit_path("back.mkv")), 15);
}

static void working_picture_is_never_enlarged(void **state)
{
    struct capture_options o = {.width = 32};
    struct reader r;

    (void)state;
    FFMPEG("-f", "lavfi", "-i", QUARTERS, "-c:v", "mpeg4", "-q:v", "1", kit_path("w.mp4"));
    assert_ok(reader_open(&r, kit_path("w.mp4"), &o, NULL));
    assert_ok(capture_read(r.capture, r.frame));
    assert_int_equal(r.frame->image.w, 32);
    assert_int_equal(r.frame->image.h, 24);
    assert_near(r.frame->to_source, 2, 1e-6);
    assert_colour(r.frame->image, 28, 4, 0, 255, 0, 12);
    reader_close(&r);
    o.width = 640;
    assert_ok(reader_open(&r, kit_path("w.mp4"), &o, NULL));
    assert_ok(capture_read(r.capture, r.frame));
    assert_int_equal(r.frame->image.w, 64);
    assert_ptr_equal(r.frame->image.pixels, r.frame->source.pixels);
    reader_close(&r);
}

static void gif_plays(void **state)
{
    (void)state;
    FFMPEG("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=0.7", kit_path("a.gif"));
    assert_int_equal(reader_count(kit_path("a.gif")), 7);
}

static void cut_video_plays_to_the_cut(void **state)
{
    static const char *const names[] = {"cut.mkv", "cut.mp4"};
    char *bytes;
    size_t size;

    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *path = kit_path(names[i]);
        FFMPEG("-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=2", "-c:v", "mpeg4", "-q:v", "3", "-movflags", "+faststart", path);
        bytes = kit_read(path, &size);
        kit_write(path, bytes, size / 2);
        memory_free(&bytes);
        int n = reader_count(path);
        assert_in_range(n, 10, 45);
    }
}

static void damaged_packets_are_counted(void **state)
{
    struct reader r;
    char *bytes;
    size_t size;
    int n = 0;

    (void)state;
    FFMPEG("-f", "lavfi", "-i", "testsrc2=s=640x480:r=25:d=0.8", "-c:v", "png", kit_path("bad.mkv"));
    bytes = kit_read(kit_path("bad.mkv"), &size);
    memset(bytes + size / 2, 0x55, 40);
    kit_write(kit_path("bad.mkv"), bytes, size);
    memory_free(&bytes);
    assert_ok(reader_open(&r, kit_path("bad.mkv"), NULL, NULL));
    while (capture_read(r.capture, r.frame) == OK)
        n++;
    assert_in_range(n, 15, 20);
    assert_true(capture_info(r.capture)->damaged >= 1);
    reader_close(&r);
}

static void bad_input_is_one_clear_line(void **state)
{
    (void)state;
    assert_opens_not(kit_path("missing.mp4"), NO_RESOURCE, "missing.mp4: there is no such file");
    kit_write_text(kit_path("text.mp4"), "this is not a video\n");
    assert_opens_not(kit_path("text.mp4"), BAD_DATA, "text.mp4: it is neither a video nor a picture");
    kit_write_text(kit_path("notes.txt"), "this is not a video\n");
    assert_opens_not(kit_path("notes.txt"), BAD_DATA, "notes.txt: it is ");
    kit_write_text(kit_path("empty.mp4"), "");
    assert_opens_not(kit_path("empty.mp4"), BAD_DATA, "empty.mp4: it is empty (0 bytes)");
    FFMPEG("-f", "lavfi", "-i", "sine=d=0.2", kit_path("sound.wav"));
    assert_opens_not(kit_path("sound.wav"), BAD_DATA, "there is no video in it: found 1 streams, 1 of them sound");
    assert_opens_not("/dev/video77", NO_RESOURCE, "/dev/video77: there is no such camera");
    assert_opens_not("", BAD_USAGE, "empty name");
}

/* An AVI whose header says 16384x16384. */
static void too_large_is_refused(void **state)
{
    const struct capture_options small = {.max_pixels = 1};
    const unsigned char side[4] = {0, 0x40, 0, 0};
    char *bytes, *at;
    struct reader r;
    size_t size;

    (void)state;
    FFMPEG("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.2", "-c:v", "mjpeg", kit_path("huge.avi"));
    bytes = kit_read(kit_path("huge.avi"), &size);
    for (at = bytes; memcmp(at, "strf", 4); at++)
        assert_true(at < bytes + size - 20);
    memcpy(at + 12, side, 4);
    memcpy(at + 16, side, 4);
    kit_write(kit_path("huge.avi"), bytes, size);
    memory_free(&bytes);
    assert_opens_not(kit_path("huge.avi"), BAD_DATA, "16384x16384, 268.4 million pixels: expected at most 100 million");
    FFMPEG("-f", "lavfi", "-i", "testsrc2=s=1280x960:r=25:d=0.04", "-c:v", "mpeg4", kit_path("large.mp4"));
    assert_fails(reader_open(&r, kit_path("large.mp4"), &small, NULL), BAD_DATA, "1280x960");
    reader_close(&r);
}

static void names_with_colons_and_percents_are_files(void **state)
{
    (void)state;
    FFMPEG("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.12", "-c:v", "mpeg4", kit_path("plain2.mp4"));
    assert_int_equal(rename(kit_path("plain2.mp4"), kit_path("a:b %d #1?.mp4")), 0);
    assert_int_equal(reader_count(kit_path("a:b %d #1?.mp4")), 3);
}

static void standard_input_is_read(void **state)
{
    int kept = dup(STDIN_FILENO);

    (void)state;
    FFMPEG("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.4", "-c:v", "mpeg4", kit_path("in.mkv"));
    assert_non_null(freopen(kit_path("in.mkv"), "rb", stdin));
    assert_int_equal(reader_count("-"), 10);
    dup2(kept, STDIN_FILENO);
    close(kept);
}

static void stopping_ends_reading(void **state)
{
    atomic_bool stop = false;
    struct reader r;

    (void)state;
    FFMPEG("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.4", "-c:v", "mpeg4", kit_path("s.mkv"));
    assert_ok(reader_open(&r, kit_path("s.mkv"), NULL, &stop));
    assert_ok(capture_read(r.capture, r.frame));
    atomic_store(&stop, true);
    assert_int_equal(capture_read(r.capture, r.frame), END);
    reader_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_follow_matrix_and_range), cmocka_unit_test(unmarked_video_is_bt601_when_small),
        cmocka_unit_test(odd_sizes_are_whole),             cmocka_unit_test(rotation_metadata_is_obeyed),
        cmocka_unit_test(variable_rate_keeps_its_time),    cmocka_unit_test(missing_and_backward_times_are_replaced),
        cmocka_unit_test(working_picture_is_never_enlarged), cmocka_unit_test(gif_plays),
        cmocka_unit_test(cut_video_plays_to_the_cut),      cmocka_unit_test(damaged_packets_are_counted),
        cmocka_unit_test(bad_input_is_one_clear_line),     cmocka_unit_test(too_large_is_refused),
        cmocka_unit_test(names_with_colons_and_percents_are_files), cmocka_unit_test(standard_input_is_read),
        cmocka_unit_test(stopping_ends_reading),
    };

    if (!kit_has_program("ffmpeg")) {
        print_message("skipped: no ffmpeg\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
