/* SPDX-License-Identifier: MIT
 * The five marks against labels, as they are and with the labels' mean offset taken off, on a photograph in the public
 * domain. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/kit.h"

#include "base/file.h"

#define PHOTOS "/usr/lib/python3/dist-packages/skimage/data"

/* The finds of the day this was written, rounded: what is tested is the offset. */
static const double labels[10] = { 203, 101, 246, 103, 224, 127, 202, 140, 243, 143 };

static double error_of(const char *truth, const char *restyle)
{
    struct kit_result r = kit_facetrail("eval", "marks", "--truth", truth, "--images", PHOTOS, restyle, NULL);
    assert_int_equal(r.status, 0);
    assert_has(r.out, "images=1 missed=0");
    const char *at = strstr(r.out, "nme=");
    assert_non_null(at);
    return atof(at + 4);
}

static void labels_of_another_style(void **state)
{
    (void) state;
    if (!file_exists(PHOTOS "/astronaut.png") || !file_exists(kit_source("weights/marks.safetensors")))
        kit_skip("no " PHOTOS "/astronaut.png, or no weights");
    double plain[2], restyled[2];
    for (int moved = 0; moved < 2; moved++) {
        char line[400];
        int n = snprintf(line, sizeof line, "astronaut.png");
        for (int i = 0; i < 10; i++)
            n += snprintf(line + n, sizeof line - (size_t) n, " %.1f", labels[i] + (moved && i % 2 == 0 ? 6 : 0));
        snprintf(line + n, sizeof line - (size_t) n, "\n");
        const char *truth = kit_path("marks.txt");
        kit_write_text(truth, line);
        plain[moved] = error_of(truth, "--restyle=no");
        restyled[moved] = error_of(truth, "--restyle=yes");
    }
    assert_true(plain[0] < 0.06);
    assert_true(plain[1] > 0.1); /* 6 pixels of the eyes' 43 */
    assert_near(restyled[1], restyled[0], 1e-3);
    assert_true(restyled[0] <= plain[0] + 0.01);
}

static void wrong_words(void **state)
{
    (void) state;
    struct kit_result r = kit_facetrail("eval", "marks", "--truth", kit_path("none.txt"), "--images", PHOTOS, NULL);
    assert_true(r.status != 0);
    assert_has(r.err, "none.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_of_another_style),
        cmocka_unit_test(wrong_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
