/* SPDX-License-Identifier: MIT
 * LNet as published: what is read from a response map, and the whole way from tags to a place on painted photographs. */
#include "tests/kit.h"

#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/random.h"
#include "nets/models/models.h"
#include "train/response.h"

enum { W = 160, H = 120, PICTURES = 36, HEAD = 15, BLOB = 40 };

static void hot_places_are_framed(void **unused)
{
    (void)unused;
    float map[LNET_TAGS_CELLS * LNET_TAGS_CELLS];
    for (int cy = 3; cy < 10; cy += 3)
        for (int cx = 2; cx < 11; cx += 4) {
            for (int i = 0; i < LNET_TAGS_CELLS * LNET_TAGS_CELLS; i++) {
                float dx = (float)(i % LNET_TAGS_CELLS - cx), dy = (float)(i / LNET_TAGS_CELLS - cy);
                map[i] = 0.2f + expf(-(dx * dx + dy * dy) / 4);
            }
            struct response r = response_read(map, LNET_TAGS_SIDE, LNET_TAGS_SIDE);
            float x = (float)(LNET_TAGS_FIRST + LNET_TAGS_STRIDE * cx), y = (float)(LNET_TAGS_FIRST + LNET_TAGS_STRIDE * cy);
            assert_true(fabsf(r.peak.x - x) <= 4 && fabsf(r.peak.y - y) <= 4);
            assert_true(fabsf(r.window.x + r.window.w / 2 - x) <= 8 && fabsf(r.window.y + r.window.h / 2 - y) <= 8);
            assert_true(r.window.w >= 24 && r.window.w <= 90 && r.score > 0.3f);
        }
    /* what lies beyond a smaller picture does not count */
    struct response r = response_read(map, 100, 90);
    assert_true(r.peak.x < 100 && r.peak.y < 90 && r.window.x + r.window.w <= 100 && r.window.y + r.window.h <= 90);
}

/* Noise; with a face: a chequered square somewhere, whose contrast is its tag. */
static void write_pack(const char *name, bool faces)
{
    static unsigned char file[PICTURES * (HEAD + W * H * 3)];
    static char table[16384];
    char path[64];
    unsigned char *to = file;
    uint64_t random = 5;
    snprintf(table, sizeof table, "frame\tset\tsplit\tname\twidth\theight\tfaces\tignore\tmarks\ttags\n");
    for (int p = 0; p < PICTURES; p++) {
        int x = random_below(&random, W - BLOB), y = random_below(&random, H - BLOB), strong = p % 2;
        memcpy(to, "P6\n160 120\n255\n", HEAD);
        to += HEAD;
        for (int i = 0; i < W * H * 3; i++) {
            int px = i / 3 % W - x, py = i / 3 / W - y;
            bool in = faces && px >= 0 && py >= 0 && px < BLOB && py < BLOB;
            to[i] = (unsigned char)(in ? ((px / 5 + py / 5) % 2 ? 250 : strong ? 0 : 180) : 100 + random_below(&random, 20));
        }
        to += W * H * 3;
        size_t n = strlen(table);
        if (faces)
            snprintf(table + n, sizeof table - n, "%d\tpainted\t%s\t%d\t%d\t%d\t%d,%d,%d,%d\t-\t-\t%s\n", p, p % 3 ? "train" : "val", p,
                     W, H, x, y, BLOB, BLOB,
                     strong ? "1111111111111111111111111111111111111111" : "0000000000000000000000000000000000000000");
        else
            snprintf(table + n, sizeof table - n, "%d\tpainted\ttrain\t%d\t%d\t%d\t-\t-\t-\t-\n", p, p, W, H);
    }
    snprintf(path, sizeof path, "%s.mkv", name);
    kit_write(kit_path(path), file, sizeof file);
    snprintf(path, sizeof path, "%s.tsv", name);
    kit_write_text(kit_path(path), table);
}

static void tags_teach_a_place(void **unused)
{
    (void)unused;
    write_pack("tags", true);
    write_pack("nofaces", false);
    kit_write_text(kit_path("tags.conf"),
                   "train.task = tags\ntrain.model = lnet-tags\ntrain.batch = 16\nmodel.maps = 6\nmodel.units = 16\n"
                   "solver.rate = 0.05\ndata.held_out = 4\ntask.attributes = 10\naugment.single = 0\n");
    struct kit_result r = kit_facetrail("train", kit_path("tags.conf"), "--data.folder", kit_folder(), "--train.steps", "25",
                                        "--train.weights", kit_path("tags.safetensors"), NULL);
    assert_int_equal(r.status, 0);
    assert_non_null(strstr(r.out, "score="));
    char nets[512];
    snprintf(nets, sizeof nets, "10=%s", kit_path("tags.safetensors"));
    char plot[512];
    snprintf(plot, sizeof plot, "%s", kit_path("plot.png"));
    r = kit_facetrail("eval", "response", "--pack", kit_path("tags.mkv"), "--empty", kit_path("nofaces.mkv"), "--weights", nets,
                      "--plot", plot, NULL);
    assert_int_equal(r.status, 0);
    const char *peak = strstr(r.out, "peak=0."), *told = strstr(r.out, "told=");
    assert_non_null(told);
    if (!strstr(r.out, "peak=1.0000")) {
        assert_non_null(peak);
        assert_true(atof(peak + 5) > 0.4); /* the squares cover a twelfth of their pictures */
    }
    assert_true(atof(told + 5) > 0.7);
    assert_true(file_exists(kit_path("plot.png")) && file_exists(kit_path("plot-scores.png")));
    assert_int_equal(kit_facetrail("eval", "response", "--pack", kit_path("tags.mkv"), NULL).status, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(hot_places_are_framed), cmocka_unit_test(tags_teach_a_place) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
