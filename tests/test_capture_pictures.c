/* SPDX-License-Identifier: MIT
 * Pictures through capture: formats, EXIF orientation, transparency, folders and patterns in natural order, refusals. */
#include "tests/kit_capture.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "capture/internal.h"

#define QUARTERS                                                                                    \
    "color=red:s=32x24[a];color=lime:s=32x24[b];color=blue:s=32x24[c];color=white:s=32x24[d];"      \
    "[a][b]hstack[e];[c][d]hstack[f];[e][f]vstack"

static void natural_order(void **state)
{
    (void)state;
    assert_true(pictures_compare("p 9.png", "p 10.png") < 0);
    assert_true(pictures_compare("p010.png", "p9.png") > 0);
    assert_true(pictures_compare("a1b2", "a1b10") < 0);
    assert_true(pictures_compare("B.png", "a.png") > 0);
    assert_true(pictures_compare("a", "a1") < 0);
    assert_int_equal(pictures_compare("a1", "a1"), 0);
    assert_true(pictures_compare("99999999999999999999998", "99999999999999999999999") < 0);
}

static void check_quarters(const char *path, int within)
{
    struct reader r;

    assert_ok(reader_open(&r, path, NULL, NULL));
    assert_int_equal(capture_info(r.capture)->kind, CAPTURE_PICTURES);
    assert_int_equal(capture_info(r.capture)->pictures, 1);
    assert_ok(capture_read(r.capture, r.frame));
    assert_string_equal(r.frame->file, "");
    assert_colour(r.frame->source, 5, 5, 255, 0, 0, within);
    assert_colour(r.frame->source, 60, 5, 0, 255, 0, within);
    assert_colour(r.frame->source, 5, 44, 0, 0, 255, within);
    assert_colour(r.frame->source, 60, 44, 255, 255, 255, within);
    assert_int_equal(capture_read(r.capture, r.frame), END);
    reader_close(&r);
}

/* All of netpbm's header on one line, as many small writers have it. */
static void write_spaced_ppm(const char *path, const char *pixels)
{
    struct mapping raw;
    char head[32];
    assert_int_equal(file_map(&raw, pixels), OK);
    int n = snprintf(head, sizeof head, "P6 %d %d 255\n", 64, 48);
    char *all = memory_alloc((size_t)n + raw.size, 1);
    memcpy(all, head, (size_t)n);
    memcpy(all + n, raw.at, raw.size);
    kit_write(path, all, (size_t)n + raw.size);
    memory_free(&all);
    file_unmap(&raw);
}

static void formats_are_told_by_content(void **state)
{
    static const char *const names[] = {"q.png", "q.bmp", "q.ppm", "q.tiff", "q.tga", "q.jpg", "q.webp"};

    (void)state;
    FFMPEG("-f", "lavfi", "-i", QUARTERS, "-frames:v", "1", "-pix_fmt", "rgb24", kit_path("q.png"));
    FFMPEG("-i", kit_path("q.png"), kit_path("q.bmp"), kit_path("q.ppm"), kit_path("q.tiff"), kit_path("q.tga"),
           "-q:v", "1", kit_path("q.jpg"), "-quality", "100", kit_path("q.webp"));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        check_quarters(kit_path(names[i]), i < 5 ? 3 : 12);
    assert_int_equal(rename(kit_path("q.bmp"), kit_path("q.jpeg")), 0); /* a wrong ending */
    check_quarters(kit_path("q.jpeg"), 3);
    assert_int_equal(link(kit_path("q.png"), kit_path("no ending")), 0);
    check_quarters(kit_path("no ending"), 3);
    FFMPEG("-i", kit_path("q.png"), "-f", "rawvideo", "-pix_fmt", "rgb24", kit_path("q.rgb"));
    write_spaced_ppm(kit_path("spaced.ppm"), kit_path("q.rgb"));
    check_quarters(kit_path("spaced.ppm"), 3);
}

/* The JPEG with an EXIF block of one entry put behind its first marker. */
static void write_turned(const char *path, const char *jpeg, size_t size, int orientation)
{
    unsigned char exif[] = {0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
                            0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    char *all = memory_alloc(size + sizeof exif, 1);

    exif[29] = (unsigned char)orientation;
    memcpy(all, jpeg, 2);
    memcpy(all + 2, exif, sizeof exif);
    memcpy(all + 2 + sizeof exif, jpeg + 2, size - 2);
    kit_write(path, all, size + sizeof exif);
    memory_free(&all);
}

static void exif_orientation_is_obeyed(void **state)
{
    static const int colours[4][3] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}};
    /* which stored quarter is shown top left and top right: 0 1 over 2 3 */
    static const int shown[9][2] = {{0, 0}, {0, 1}, {1, 0}, {3, 2}, {2, 3}, {0, 2}, {2, 0}, {3, 1}, {1, 3}};
    struct reader r;
    size_t size;
    char *jpeg;

    (void)state;
    FFMPEG("-f", "lavfi", "-i", QUARTERS, "-frames:v", "1", "-q:v", "1", kit_path("e.jpg"));
    jpeg = kit_read(kit_path("e.jpg"), &size);
    for (int o = 1; o <= 8; o++) {
        const int *left = colours[shown[o][0]], *right = colours[shown[o][1]];
        write_turned(kit_path("turned.jpg"), jpeg, size, o);
        assert_ok(reader_open(&r, kit_path("turned.jpg"), NULL, NULL));
        assert_int_equal(capture_info(r.capture)->width, o < 5 ? 64 : 48);
        assert_ok(capture_read(r.capture, r.frame));
        assert_int_equal(r.frame->source.w, o < 5 ? 64 : 48);
        assert_int_equal(r.frame->source.h, o < 5 ? 48 : 64);
        assert_colour(r.frame->source, 4, 4, left[0], left[1], left[2], 12);
        assert_colour(r.frame->source, r.frame->source.w - 5, 4, right[0], right[1], right[2], 12);
        reader_close(&r);
    }
    memory_free(&jpeg);
}

static void transparent_is_white(void **state)
{
    struct reader r;

    (void)state;
    FFMPEG("-f", "lavfi", "-i", "color=red@0.0:s=32x24,format=rgba", "-frames:v", "1", kit_path("alpha.png"));
    assert_ok(reader_open(&r, kit_path("alpha.png"), NULL, NULL));
    assert_ok(capture_read(r.capture, r.frame));
    assert_colour(r.frame->source, 3, 3, 255, 255, 255, 1);
    reader_close(&r);
}

static void make_folder(void)
{
    mkdir(kit_path("set"), 0700);
    mkdir(kit_path("set/b"), 0700);
    mkdir(kit_path("set/.hidden"), 0700);
    FFMPEG("-f", "lavfi", "-i", "color=red:s=40x30:d=0.08:r=25", kit_path("set/p %d.png"));
    FFMPEG("-f", "lavfi", "-i", "color=red:s=50x20:d=0.04:r=25", "-start_number", "10", kit_path("set/p %d.png"));
    FFMPEG("-i", kit_path("set/p 1.png"), kit_path("set/b/x.jpg"), kit_path("set/.hidden/y.png"));
    kit_write_text(kit_path("set/readme.txt"), "no picture");
    kit_write_text(kit_path("set/p 3.jpg"), "no picture either");
}

static void folders_and_patterns_in_order(void **state)
{
    static const char *const want[] = {"b/x.jpg", "p 1.png", "p 2.png", "p 10.png"};
    struct reader r;

    (void)state;
    make_folder();
    assert_ok(reader_open(&r, kit_path("set"), NULL, NULL));
    for (int i = 0; i < 4; i++) {
        assert_ok(capture_read(r.capture, r.frame));
        assert_string_equal(r.frame->file, want[i]);
        assert_int_equal(r.frame->number, i);
        assert_int_equal(r.frame->source.w, i == 3 ? 50 : 40);
        assert_int_equal(r.frame->source.h, i == 3 ? 20 : 30);
    }
    assert_int_equal(capture_read(r.capture, r.frame), END);
    assert_int_equal(capture_info(r.capture)->damaged, 1); /* p 3.jpg */
    reader_close(&r);
    assert_ok(reader_open(&r, kit_path("set/p*.png"), NULL, NULL));
    assert_int_equal(capture_info(r.capture)->pictures, 3);
    for (int i = 1; i < 4; i++) {
        assert_ok(capture_read(r.capture, r.frame));
        assert_string_equal(r.frame->file, want[i]);
    }
    reader_close(&r);
}

static uint32_t crc(const unsigned char *p, size_t n)
{
    uint32_t c = 0xffffffff;

    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++)
            c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
    }
    return ~c;
}

static size_t put_chunk(unsigned char *to, const char *name, const unsigned char *data, size_t n)
{
    uint32_t sum;

    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(n >> (24 - 8 * i));
    memcpy(to + 4, name, 4);
    memcpy(to + 8, data, n);
    sum = crc(to + 4, n + 4);
    for (int i = 0; i < 4; i++)
        to[8 + n + i] = (unsigned char)(sum >> (24 - 8 * i));
    return n + 12;
}

static void huge_picture_is_refused_before_memory(void **state)
{
    const unsigned char header[13] = {0, 0, 0x40, 0, 0, 0, 0x40, 0, 8, 2, 0, 0, 0};
    const unsigned char data[8] = {0x78, 0x9c, 0x03, 0, 0, 0, 0, 1};
    unsigned char png[128] = "\x89PNG\r\n\x1a\n";
    size_t n = 8;
    long before;

    (void)state;
    n += put_chunk(png + n, "IHDR", header, sizeof header);
    n += put_chunk(png + n, "IDAT", data, sizeof data);
    n += put_chunk(png + n, "IEND", data, 0);
    kit_write(kit_path("huge.png"), png, n);
    before = clock_peak_memory_kb();
    assert_opens_not(kit_path("huge.png"), BAD_DATA, "16384x16384, 268.4 million pixels: expected at most 100 million");
    assert_true(clock_peak_memory_kb() - before < 32 * 1024);
}

static void bad_pictures_are_one_clear_line(void **state)
{
    (void)state;
    assert_opens_not(kit_path("missing.jpg"), NO_RESOURCE, "missing.jpg: there is no such file");
    kit_write_text(kit_path("text.jpg"), "hello");
    assert_opens_not(kit_path("text.jpg"), BAD_DATA, "text.jpg: it is not a picture");
    kit_write_text(kit_path("empty.png"), "");
    assert_opens_not(kit_path("empty.png"), BAD_DATA, "empty.png: it is empty (0 bytes)");
    kit_write(kit_path("head.png"), "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1", 20);
    assert_opens_not(kit_path("head.png"), BAD_DATA, "head.png: the picture is damaged");
    mkdir(kit_path("nothing"), 0700);
    assert_opens_not(kit_path("nothing"), BAD_DATA, "there is no picture in it");
    mkdir(kit_path("rubbish"), 0700);
    kit_write_text(kit_path("rubbish/a.jpg"), "hello");
    assert_opens_not(kit_path("rubbish"), BAD_DATA, "none of its 1 pictures can be read");
    assert_opens_not(kit_path("none*.png"), NO_RESOURCE, "as a pattern it matches none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(natural_order),
        cmocka_unit_test(formats_are_told_by_content),
        cmocka_unit_test(exif_orientation_is_obeyed),
        cmocka_unit_test(transparent_is_white),
        cmocka_unit_test(folders_and_patterns_in_order),
        cmocka_unit_test(huge_picture_is_refused_before_memory),
        cmocka_unit_test(bad_pictures_are_one_clear_line),
    };

    if (!kit_has_program("ffmpeg")) {
        print_message("skipped: no ffmpeg\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
