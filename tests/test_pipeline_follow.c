/* SPDX-License-Identifier: MIT
 * run --start: what is in a box of the first frame is followed, with no detector, at the source's size however small the
 * working picture is; a start that makes no sense is said in one line. */
#include "tests/kit.h"

#include <jansson.h>

#include "base/memory.h"
#include "capture/pattern.h"

#define URL "pattern:faces=1,frames=40,seed=5,size=800x450"
enum { FRAMES = 40 };

static struct box box_of(const char *line, int *n_faces)
{
    json_t *json = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL), *faces = json_object_get(json, "faces");
    json_t *box = json_object_get(json_array_get(faces, 0), "box");
    *n_faces = (int)json_array_size(faces);
    struct box b = {(float)json_number_value(json_array_get(box, 0)), (float)json_number_value(json_array_get(box, 1)),
                    (float)json_number_value(json_array_get(box, 2)), (float)json_number_value(json_array_get(box, 3))};
    json_decref(json);
    return b;
}

static void a_box_is_followed(void **unused)
{
    (void)unused;
    struct pattern p;
    struct face face;
    char start[64];
    assert_ok(pattern_parse(&p, URL));
    assert_int_equal(pattern_truth(&p, 0, &face, 1), 1);
    snprintf(start, sizeof start, "%g,%g,%g,%g", (double)face.box.x, (double)face.box.y, (double)face.box.w, (double)face.box.h);
    struct kit_result r = kit_facetrail("run", URL, "--start", start, "--json", "-", "--capture.width", "400", NULL);
    assert_int_equal(r.status, 0);
    const char *at = strchr(r.out, '\n');
    for (int i = 0; i < FRAMES; i++) {
        assert_non_null(at);
        int n;
        struct box b = box_of(at + 1, &n);
        assert_int_equal(n, 1);
        assert_int_equal(pattern_truth(&p, i, &face, 1), 1);
        if (i == 0)
            assert_true(box_overlap(b, face.box) > 0.98f);
        assert_true(box_overlap(b, face.box) > 0.5f);
        at = strchr(at + 1, '\n');
    }
}

static void what_cannot_be_followed_is_said(void **unused)
{
    (void)unused;
    struct kit_result r = kit_facetrail("run", URL, "--start", "1,2,3", "--json", "-", NULL);
    assert_int_equal(r.status, 2);
    assert_has(r.err, "x,y,width,height");
    r = kit_facetrail("run", URL, "--start", "1,2,30,40", "--tracker", "nobody", "--json", "-", NULL);
    assert_int_equal(r.status, 2);
    assert_has(r.err, "fcnt");
    r = kit_facetrail("run", URL, "--start", "5000,2,30,40", "--json", kit_path("none.json"), NULL);
    assert_int_not_equal(r.status, 0);
    assert_has(r.err, "nothing to follow");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_box_is_followed),
        cmocka_unit_test(what_cannot_be_followed_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
