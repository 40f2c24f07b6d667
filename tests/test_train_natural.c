/* SPDX-License-Identifier: MIT
 * Exemplar learning on a few painted pictures: patches are known again better than by chance after a few steps; packs with
 * nothing in them are refused. */
#include "tests/kit.h"

#include <stdlib.h>

#include "base/random.h"

enum { W = 160, H = 120, PICTURES = 6, HEAD = 15 };

/* Blocks of colour, 5 pixels wide; bare: one colour. A pack is its pictures one after the other. */
static void write_pack(const char *name, bool bare)
{
    static unsigned char file[PICTURES * (HEAD + W * H * 3)];
    char path[64], table[4096] = "frame\tset\tsplit\tname\twidth\theight\tfaces\tignore\tmarks\ttags\n";
    unsigned char *to = file;
    for (int p = 0; p < PICTURES; p++) {
        memcpy(to, "P6\n160 120\n255\n", HEAD);
        to += HEAD;
        for (int i = 0; i < W * H * 3; i++) {
            uint64_t seed = (uint64_t)((p * H / 5 + i / (W * 3) / 5) * 1000 + i % (W * 3) / 15 * 3 + i % 3);
            to[i] = bare ? 90 : (unsigned char)random_below(&seed, 256);
        }
        to += W * H * 3;
        snprintf(table + strlen(table), 64, "%d\tpainted\ttrain\t%d\t%d\t%d\t-\t-\t-\t-\n", p, p, W, H);
    }
    snprintf(path, sizeof path, "%s.mkv", name);
    kit_write(kit_path(path), file, sizeof file);
    snprintf(path, sizeof path, "%s.tsv", name);
    kit_write_text(kit_path(path), table);
}

static struct kit_result learn(const char *steps)
{
    kit_write_text(kit_path("natural.conf"),
                   "train.task = natural\ntrain.model = deepid2\ntrain.batch = 32\nmodel.maps = 6\nmodel.code = 16\n"
                   "model.normalize = yes\nmodel.unit = yes\nmodel.rectify = no\nmodel.scale = 16\nmodel.verify = none\n"
                   "solver.rate = 0.1\ndata.patches = 100\n");
    return kit_facetrail("train", kit_path("natural.conf"), "--data.folder", kit_folder(), "--train.steps", steps,
                         "--train.weights", kit_path("natural.safetensors"), NULL);
}

static double score_of(struct kit_result r)
{
    const char *at = strstr(r.out, " score=");
    assert_int_equal(r.status, 0);
    assert_non_null(at);
    return strtod(at + 7, NULL);
}

static void patches_are_known_again(void **unused)
{
    (void)unused;
    write_pack("nofaces", false);
    write_pack("wider-train", false);
    double first = score_of(learn("1")), last = score_of(learn("80"));
    assert_true(last > first + 0.05);
    struct kit_result r = kit_facetrail("show", kit_path("natural.safetensors"), NULL);
    assert_int_equal(r.status, 0);
    assert_has(r.out, "deepid2");
}

static void bare_pictures_are_refused(void **unused)
{
    (void)unused;
    write_pack("nofaces", true);
    write_pack("wider-train", true);
    struct kit_result r = learn("1");
    assert_int_equal(r.status, 1);
    assert_has(r.err, "too few patches");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patches_are_known_again),
        cmocka_unit_test(bare_pictures_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
