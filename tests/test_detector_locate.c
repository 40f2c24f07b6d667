/* SPDX-License-Identifier: MIT
 * Made-up response maps to windows, and that what the training asks for decodes to the face it was asked from. */
#include "tests/kit.h"

#include <math.h>

#include "detector/locate.h"
#include "detector/merge.h"
#include "nets/models/models.h"
#include "train/targets.h"

enum { W = 5, H = 4 };

struct maps { const float *box, *marks; int h, w; };

static void read_maps(const void *from, int x, int y, struct locate_cell *out)
{
    const struct maps *m = from;
    const int plane = m->h * m->w;
    for (int i = 0; i < 4; i++) {
        out->box[i] = m->box[i * plane + y * m->w + x];
    }
    for (int i = 0; i < 2 * FACE_MARKS; i++) {
        out->marks[i] = m->marks[i * plane + y * m->w + x];
    }
}

static int decode(const float *response, const float *box, const float *marks, int h, int w, int stride, float least,
                  float scale, struct window *out, int n, int max)
{
    const struct maps maps = { box, marks, h, w };
    return locate_decode(response, (struct locate_cells){ read_maps, &maps }, h, w, stride, least, scale, out, n, max);
}

static void one_cell_one_window(void **state)
{
    (void) state;
    float response[H * W];
    float box[4 * H * W] = { 0 };
    float marks[2 * FACE_MARKS * H * W] = { 0 };
    struct window out[4];
    const int cell = 2 * W + 3;
    for (int i = 0; i < H * W; i++) {
        response[i] = -5;
    }
    response[cell] = 2;
    box[0 * H * W + cell] = logf(1); /* strides to the left, top, right, bottom */
    box[1 * H * W + cell] = logf(2);
    box[2 * H * W + cell] = logf(3);
    box[3 * H * W + cell] = logf(0.5f);
    marks[2 * H * W + cell] = 0.5f; /* second mark, x */
    marks[3 * H * W + cell] = -1;
    assert_int_equal(decode(response, box, marks, H, W, 16, locate_logit(0.5f), 2, out, 0, 4), 1);
    /* the cell's centre is (3.5, 2.5) strides; the picture is scaled by 2 */
    assert_float_equal(out[0].box.x, 2 * (56 - 16), 1e-3);
    assert_float_equal(out[0].box.y, 2 * (40 - 32), 1e-3);
    assert_float_equal(out[0].box.w, 2 * 16 * 4, 1e-3);
    assert_float_equal(out[0].box.h, 2 * 16 * 2.5, 1e-3);
    assert_float_equal(out[0].score, 1 / (1 + exp(-2)), 1e-5);
    assert_float_equal(out[0].marks[1].x, 2 * (56 + 8), 1e-3);
    assert_float_equal(out[0].marks[1].y, 2 * (40 - 16), 1e-3);
    assert_float_equal(out[0].marks[0].x, 2 * 56, 1e-3);
}

static void room_is_kept(void **state)
{
    (void) state;
    float response[H * W] = { 0 };
    float box[4 * H * W];
    float marks[2 * FACE_MARKS * H * W] = { 0 };
    struct window out[7];
    for (int i = 0; i < 4 * H * W; i++) {
        box[i] = 1000; /* a broken net: still finite boxes */
    }
    response[H * W - 1] = 3; /* the best cell comes last */
    const int n = decode(response, box, marks, H, W, 8, -1, 1, out, 0, 7);
    assert_true(n > 0 && n <= 7);
    for (int i = 0; i < n; i++) {
        assert_true(box_is_finite(out[i].box));
    }
    assert_true(out[merge_best(out, n, 1) - 1].score > 0.9f);
    response[H * W - 1] = 0;
    assert_int_equal(decode(response, box, marks, H, W, 8, 0.1f, 1, out, 3, 7), 3);
}

/* Targets for a face, read back as if the net had said them. */
static void check_face(struct net *n, struct net_run *run, const struct targets *t, struct scene_face face)
{
    float box[4 * 64 * 64];
    struct window out[256];
    int found = 0;
    targets_fill(t, run, 0, &face, 1);
    for (int i = 0; i < LNET_STRIDES; i++) {
        const struct tensor is = net_run_at(run, t->layer[i][T_FACE]);
        const struct tensor far = net_run_at(run, t->layer[i][T_BOX]);
        const struct tensor marks = net_run_at(run, t->layer[i][T_MARKS]);
        for (size_t k = 0; k < shape_count(far.shape); k++) {
            box[k] = logf(fmaxf(far.at[k], 1e-3f));
        }
        found = decode(is.at, box, marks.at, is.shape.h, is.shape.w, LNET_FIRST_STRIDE << i, 0.5f, 1, out, found,
                              256);
    }
    (void) n;
    assert_true(found > 0);
    for (int i = 0; i < found; i++) {
        assert_true(box_overlap(out[i].box, face.box) > 0.98f);
        for (int j = 0; j < FACE_MARKS; j++) {
            assert_float_equal(out[i].marks[j].x, face.marks[j].x, 0.05);
            assert_float_equal(out[i].marks[j].y, face.marks[j].y, 0.05);
        }
    }
    assert_int_equal(merge_windows(out, found, 0.4f), 1);
}

static void targets_decode_to_their_face(void **state)
{
    (void) state;
    struct net *n;
    struct net_run *run;
    struct targets t;
    assert_int_equal(net_create(&n, &model_lnet, NULL, 1), OK);
    assert_int_equal(net_run_create(&run, n, 1, NET_LEARN), OK);
    assert_int_equal(targets_find(&t, n), OK);
    for (float h = 12; h < 250; h *= 1.13f) { /* every size has a place, wherever it lies */
        for (int i = 0; i < 5; i++) {
            struct scene_face f = { .marked = true };
            f.box = (struct box){ (256 - 0.8f * h) * (float) i / 4, (256 - h) * (float) (4 - i) / 4, 0.8f * h, h };
            for (int j = 0; j < FACE_MARKS; j++) {
                f.marks[j] = (struct point){ f.box.x + f.box.w * (0.2f + 0.1f * (float) j), f.box.y + f.box.h / 2 };
            }
            check_face(n, run, &t, f);
        }
    }
    net_run_free(&run);
    net_free(&n);
}

/* Cells around a face's own learn its box, though not whether to respond; one cell alone weighs more than one of many. */
static void boxes_are_learnt_around_a_face(void **state)
{
    (void) state;
    struct net *n;
    struct net_run *run;
    struct targets t;
    float least[2];
    assert_int_equal(net_create(&n, &model_lnet, NULL, 1), OK);
    assert_int_equal(net_run_create(&run, n, 1, NET_LEARN), OK);
    assert_int_equal(targets_find(&t, n), OK);
    for (int k = 0; k < 2; k++) {
        const struct scene_face f = { .box = k ? (struct box){ 40, 40, 48, 48 } : (struct box){ 43, 43, 14, 14 } };
        targets_fill(&t, run, 0, &f, 1);
        const float *is = net_run_at(run, t.layer[0][T_FACE]).at, *care = net_run_at(run, t.layer[0][T_CARE]).at;
        const float *inside = net_run_at(run, t.layer[0][T_INSIDE]).at, *box = net_run_at(run, t.layer[0][T_BOX]).at;
        const int side = 256 / LNET_FIRST_STRIDE, plane = side * side;
        int own = 0, around = 0;
        least[k] = 1e9f;
        for (int i = 0; i < plane; i++) {
            own += is[i] == 1 && inside[i] > 0;
            around += is[i] == 0 && inside[i] > 0;
            assert_true(is[i] == 1 || inside[i] == 0 || care[i] == 0);
            least[k] = is[i] == 1 ? fminf(least[k], inside[i]) : least[k];
            if (inside[i] > 0) {
                assert_float_equal((box[i] + box[2 * plane + i]) * LNET_FIRST_STRIDE, f.box.w, 1e-3);
                assert_float_equal((box[plane + i] + box[3 * plane + i]) * LNET_FIRST_STRIDE, f.box.h, 1e-3);
            }
        }
        assert_true(own > 0 && around > 0);
    }
    assert_true(least[0] > 1.5f * least[1]);
    net_run_free(&run);
    net_free(&n);
}

static void ignored_faces_count_neither_way(void **state)
{
    (void) state;
    struct net *n;
    struct net_run *run;
    struct targets t;
    assert_int_equal(net_create(&n, &model_lnet, NULL, 1), OK);
    assert_int_equal(net_run_create(&run, n, 1, NET_LEARN), OK);
    assert_int_equal(targets_find(&t, n), OK);
    const struct scene_face f = { .box = { 40, 40, 48, 48 }, .ignore = true };
    targets_fill(&t, run, 0, &f, 1);
    const struct tensor is = net_run_at(run, t.layer[0][T_FACE]);
    const struct tensor care = net_run_at(run, t.layer[0][T_CARE]);
    for (int y = 0; y < is.shape.h; y++) {
        for (int x = 0; x < is.shape.w; x++) {
            const bool inside = x >= 5 && x < 11 && y >= 5 && y < 11;
            assert_float_equal(is.at[y * is.shape.w + x], 0, 0);
            assert_true((care.at[y * is.shape.w + x] == 0) == inside);
        }
    }
    net_run_free(&run);
    net_free(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_cell_one_window),
        cmocka_unit_test(room_is_kept),
        cmocka_unit_test(targets_decode_to_their_face),
        cmocka_unit_test(boxes_are_learnt_around_a_face),
        cmocka_unit_test(ignored_faces_count_neither_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
