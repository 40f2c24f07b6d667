/* SPDX-License-Identifier: MIT
 * Average precision by hand, regions that do not count, label files, curves. */
#include "tests/kit.h"

#include "base/file.h"
#include "train/detection_folders.h"
#include "train/detection_peers.h"
#include "train/detection_style.h"
#include "train/plot.h"
#include "train/scene_files.h"

static const struct box a = { 0, 0, 40, 40 };
static const struct box b = { 100, 0, 40, 40 };
static const struct box c = { 200, 0, 40, 40 };

static void average_precision_by_hand(void **state)
{
    (void) state;
    struct detection_score s = { .iou = 0.5f };
    struct detection_curve curve;
    const struct wanted wanted[] = { { a, false }, { b, false } };
    const struct found found[] = { { a, 0.9f }, { c, 0.8f }, { b, 0.7f }, { a, 0.6f } };
    assert_ok(detection_add(&s, found, 4, wanted, 2));
    detection_sum(&s, &curve);
    /* hit, wrong, hit, second box on the same face: wrong. Half of the recall at precision 1, half at 2/3 */
    assert_near(curve.ap, 0.5 * 1 + 0.5 * 2 / 3, 1e-9);
    assert_near(curve.recall, 1, 1e-9);
    assert_near(curve.recall_at_fppi, 0.5, 1e-9); /* no false box is allowed in one picture */
    assert_near(curve.score_at_fppi, 0.9, 1e-6);
    detection_free(&s);
}

static void a_false_box_in_ten_pictures_is_allowed(void **state)
{
    (void) state;
    struct detection_score s = { .iou = 0.5f };
    struct detection_curve curve;
    const struct wanted wanted[] = { { a, false } };
    const struct found wrong[] = { { c, 0.95f }, { a, 0.5f } };
    const struct found right[] = { { a, 0.8f } };
    assert_ok(detection_add(&s, wrong, 2, wanted, 1));
    for (int i = 0; i < 9; i++) {
        assert_ok(detection_add(&s, right, 1, wanted, 1));
    }
    detection_sum(&s, &curve);
    assert_near(curve.recall_at_fppi, 1, 1e-9);
    assert_int_equal(s.faces, 10);
    detection_free(&s);
}

static void small_and_ignored_faces_count_neither_way(void **state)
{
    (void) state;
    struct detection_score s = { .iou = 0.5f, .min_size = 30 };
    struct detection_curve curve;
    const struct box small = { 300, 0, 20, 20 };
    const struct box region = { 400, 0, 200, 200 };
    const struct box in_region = { 420, 20, 50, 50 };
    const struct wanted wanted[] = { { a, false }, { small, false }, { region, true } };
    const struct found found[] = { { in_region, 0.9f }, { small, 0.8f }, { a, 0.7f } };
    assert_ok(detection_add(&s, found, 3, wanted, 3));
    detection_sum(&s, &curve);
    assert_int_equal(s.faces, 1);
    assert_int_equal(s.n, 1);
    assert_near(curve.ap, 1, 1e-9);
    detection_free(&s);
}

static void faces_are_counted_by_height(void **state)
{
    (void) state;
    struct detection_score s = { .iou = 0.5f, .min_size = 10 };
    const struct box high = { 0, 0, 150, 200 };
    const struct box low = { 300, 0, 16, 19.9f };
    const struct box tiny = { 400, 0, 5, 5 };
    const struct wanted wanted[] = { { high, false }, { low, false }, { tiny, false } };
    const struct found found[] = { { low, 0.9f }, { c, 0.8f }, { high, 0.7f } };
    assert_ok(detection_add(&s, found, 3, wanted, 3));
    assert_int_equal(s.of_size[0], 0); /* 0 to 10: too low to count */
    assert_int_equal(s.of_size[1], 1);
    assert_int_equal(s.of_size[DETECTION_SIZES - 1], 1);
    assert_int_equal(s.all[0].size, 1);
    assert_int_equal(s.all[2].size, DETECTION_SIZES - 1);
    detection_free(&s);
}

static void overlap_decides(void **state)
{
    (void) state;
    struct detection_score strict = { .iou = 0.5f };
    struct detection_score kind = { .iou = 0.4f };
    struct detection_curve curve;
    const struct wanted wanted[] = { { { 0, 0, 100, 100 }, false } };
    const struct found found[] = { { { 0, 0, 100, 45 }, 0.9f } };
    assert_ok(detection_add(&strict, found, 1, wanted, 1));
    assert_ok(detection_add(&kind, found, 1, wanted, 1));
    detection_sum(&strict, &curve);
    assert_near(curve.ap, 0, 1e-9);
    detection_sum(&kind, &curve);
    assert_near(curve.ap, 1, 1e-9);
    detection_free(&strict);
    detection_free(&kind);
}

static void pictures_are_counted_by_folder(void **state)
{
    (void) state;
    struct detection_folders f = { .iou = 0.5f };
    struct detection_curve curve;
    const struct wanted wanted[] = { { a, false } };
    const struct found right[] = { { a, 0.8f } };
    const struct found wrong[] = { { c, 0.9f } };
    assert_ok(detection_folders_add(&f, "parade/1.jpg", right, 1, wanted, 1));
    assert_ok(detection_folders_add(&f, "parade ground/2.jpg", wrong, 1, wanted, 1));
    assert_ok(detection_folders_add(&f, "parade/3.jpg", wrong, 1, wanted, 1));
    assert_ok(detection_folders_add(&f, "4.jpg", wrong, 1, wanted, 1));
    assert_int_equal(f.n, 2);
    assert_string_equal(f.of[0].name, "parade");
    detection_sum(&f.of[0].score, &curve);
    assert_int_equal(f.of[0].score.pictures, 2);
    assert_near(curve.recall, 0.5, 1e-9);
    detection_sum(&f.of[1].score, &curve);
    assert_near(curve.recall, 0, 1e-9);
    detection_folders_free(&f);
}

static void nothing_found_is_zero(void **state)
{
    (void) state;
    struct detection_score s = { .iou = 0.5f };
    struct detection_curve curve;
    assert_ok(detection_add(&s, NULL, 0, NULL, 0));
    detection_sum(&s, &curve);
    assert_near(curve.ap + curve.recall, 0, 1e-9);
    detection_free(&s);
}

static void wider_text(void **state)
{
    (void) state;
    struct scene_table t;
    const char *path = kit_path("wider.txt");
    kit_write_text(path, "one/a b.jpg\n2\n1 2 30 40 0 0 0 0 0 0\n5 6 7 8 0 0 0 1 0 0\nnone.jpg\n0\n0 0 0 0 0 0 0 0 0 0\n");
    assert_ok(scene_files_wider(&t, path));
    assert_int_equal(t.n_scenes, 2);
    assert_string_equal(t.scenes[0].name, "one/a b.jpg");
    assert_int_equal(t.scenes[0].n, 2);
    assert_near(t.faces[0].box.h, 40, 1e-6);
    assert_false(t.faces[0].ignore);
    assert_true(t.faces[1].ignore); /* invalid */
    assert_int_equal(t.scenes[1].n, 0);
    scene_table_close(&t);
    kit_write_text(path, "a.jpg\n2\n1 2 30 40\n");
    assert_fails(scene_files_wider(&t, path), BAD_DATA, "not a box");
    kit_write_text(path, "a.jpg\nmany\n");
    assert_fails(scene_files_wider(&t, path), BAD_DATA, "number of its faces");
    kit_write_text(path, "");
    assert_fails(scene_files_wider(&t, path), BAD_DATA, "names no picture");
}

static void packs(void **state)
{
    (void) state;
    struct scene_table t;
    const char *path = kit_path("pack.tsv");
    kit_write_text(path, "frame\tset\tsplit\tname\twidth\theight\tfaces\tignore\tmarks\ttags\n"
                         "0\tx\ttrain\ta.jpg\t64\t48\t1,2,3,4;5,6,7,8\t9,9,9,9\t-\t-\n"
                         "1\tx\ttest\tb.jpg\t64\t48\t-\t-\t20,20,40,20,30,30,22,40,38,40\t-\n");
    assert_ok(scene_table_open(&t, path, NULL));
    assert_int_equal(t.n_scenes, 2);
    assert_int_equal(t.scenes[0].n, 3);
    assert_true(t.faces[2].ignore);
    assert_true(t.faces[3].marked && t.faces[3].guessed);
    assert_near(box_centre(t.faces[3].box).x, 30, 0.1);
    assert_true(t.faces[3].box.y < 20 && t.faces[3].box.y + t.faces[3].box.h > 40);
    scene_table_close(&t);
    assert_ok(scene_table_open(&t, path, "test"));
    assert_int_equal(t.n_scenes, 1);
    assert_int_equal(t.scenes[0].frame, 1);
    scene_table_close(&t);
    kit_write_text(path, "frame\tfaces\n0\t1,2,3\n");
    assert_fails(scene_table_open(&t, path, NULL), BAD_DATA, "x,y,w,h");
}

static void both_or_no_source_is_refused(void **state)
{
    (void) state;
    struct scene_table t;
    const struct scene_source none = { "", "", "", "" };
    const struct scene_source both = { "a.mkv", "", "b.txt", "c" };
    assert_fails(scene_source_open(&t, &none, false), BAD_USAGE, "--pack");
    assert_fails(scene_source_open(&t, &both, false), BAD_USAGE, "--pack");
}

static void curves_are_drawn(void **state)
{
    (void) state;
    const double x[] = { 0, 0.5, 1 };
    const double y[] = { 1, 0.9, 0.2 };
    const struct plot p = { .title = "t", .x_name = "x", .y_name = "y", .n = 1, .series = { { "s", x, y, 3 } } };
    assert_ok(plot_curves(kit_path("curve.png"), &p));
    assert_ok(plot_histogram(kit_path("bins.png"), &p));
    assert_true(file_exists(kit_path("curve.png")) && file_exists(kit_path("bins.png")));
    assert_fails(plot_curves(kit_path("no/such/folder.png"), &p), NO_RESOURCE, "folder.png");
    const struct plot empty = { .title = "t", .x_name = "x", .y_name = "y" };
    assert_ok(plot_curves(kit_path("empty.png"), &empty));
}

static void lists_of_boxes(void **state)
{
    (void) state;
    struct box_list l;
    int n;
    const char *path = kit_path("boxes.txt");
    kit_write_text(path, "b c.jpg\r\n2\n1 2 30 40 0.25\n5,6,7,8,0.75\na.jpg\n0\nz.jpg\n1\n1 2 3 4 1\n");
    assert_ok(box_list_read(&l, path));
    assert_int_equal(l.table.n_scenes, 3); /* no boxes: no line */
    const struct found *found = box_list_of(&l, "b c.jpg", &n);
    assert_int_equal(n, 2);
    assert_near(found[0].score, 0.75, 1e-6); /* best first */
    assert_near(found[0].box.h, 8, 1e-6);
    assert_non_null(box_list_of(&l, "a.jpg", &n));
    assert_int_equal(n, 0);
    assert_null(box_list_of(&l, "other.jpg", &n));
    assert_int_equal(n, 0);
    box_list_free(&l);
    kit_write_text(path, "a.jpg\n1\n1 2 3 4\n");
    assert_fails(box_list_read(&l, path), BAD_DATA, "x y w h score");
    kit_write_text(path, "a.jpg\nnone\n");
    assert_fails(box_list_read(&l, path), BAD_DATA, "number of its boxes");
    kit_write_text(path, "");
    assert_fails(box_list_read(&l, path), BAD_DATA, "names no picture");
}

static void peers_stand_on_the_same_plot(void **state)
{
    (void) state;
    struct detection_peers p = { 0 };
    struct detection_score ours = { .iou = 0.5f };
    struct detection_curve curve;
    char path[4096];
    char lists[9000];
    const struct wanted wanted[] = { { a, false }, { b, false } };
    const struct found found[] = { { a, 0.9f } };
    snprintf(path, sizeof path, "%s", kit_path("peer.txt"));
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    box_list_write(to, "one.jpg", (const struct found[]){ { a, 0.9f }, { c, 0.8f }, { b, 0.7f } }, 3);
    fclose(to);
    snprintf(lists, sizeof lists, "peer=%s,again=%s", path, path);
    assert_ok(detection_peers_open(&p, lists, &ours));
    assert_ok(detection_add(&ours, found, 1, wanted, 2));
    assert_ok(detection_peers_add(&p, "one.jpg", wanted, 2));
    detection_sum(&ours, &curve);
    assert_near(curve.ap, 0.5, 1e-9);
    detection_sum(&p.all[1].score, &curve);
    assert_near(curve.ap, 0.5 * 1 + 0.5 * 2 / 3, 1e-9);
    assert_ok(detection_peers_plot(&p, &ours, kit_path("peers.png")));
    assert_true(file_exists(kit_path("peers.png")) && file_exists(kit_path("peers-fppi.png")));
    detection_peers_close(&p);
    assert_fails(detection_peers_open(&p, path, &ours), BAD_USAGE, "NAME=FILE");
    detection_peers_close(&p);
    detection_free(&ours);
}

/* Labels from brow to mouth, found boxes from forehead to chin: 0.36 of the area is shared. */
static void styles_of_labels(void **state)
{
    (void) state;
    const struct wanted wanted[] = { { a, false }, { b, false }, { c, false }, { { 300, 0, 9, 9 }, true } };
    struct found found[4] = { { { 500, 500, 30, 30 }, 0.5f } };
    for (int i = 0; i < 3; i++) {
        const struct box w = wanted[i].box;
        found[i + 1] = (struct found){ { w.x - 10, w.y - 20, 60, 75 }, 0.9f - 0.1f * (float) i };
    }
    for (int restyle = 0; restyle < 2; restyle++) {
        struct detection_score s = { .iou = 0.5f, .restyle = restyle };
        struct detection_curve curve;
        struct box_style style = { 9, 9, 9, 9 };
        assert_ok(detection_add(&s, found, 4, wanted, 4));
        assert_ok(detection_add(&s, NULL, 0, wanted, 4)); /* medians take no harm from a picture without finds */
        assert_ok(detection_restyle(&s, &style));
        detection_sum(&s, &curve);
        assert_near(curve.recall, restyle ? 0.5 : 0, 1e-9);
        assert_int_equal(s.n, 4);
        assert_int_equal(s.pictures, 2);
        assert_int_equal(s.faces, 6);
        if (restyle) {
            assert_near(style.dx, 0, 1e-5);
            assert_near(style.dy, 2.5 / 75, 1e-5);
            assert_near(style.w, 40.0 / 60, 1e-5);
            assert_near(style.h, 40.0 / 75, 1e-5);
        }
        detection_free(&s);
    }
    struct detection_score none = { .iou = 0.5f, .restyle = true };
    struct box_style style;
    assert_ok(detection_restyle(&none, &style)); /* no picture at all */
    assert_near(style.w, 1, 0);
    detection_free(&none);
}

/* A face of HELEN's proportions upright, and the same lying on its side. */
static void inner_boxes(void **state)
{
    (void) state;
    struct face f = { .has = FACE_MARKED, .box = { 0, 0, 9, 9 }, .marks = { { 30, 40 }, { 70, 40 }, { 50, 60 }, { 35, 80 }, { 65, 80 } } };
    const struct box up = detection_inner(&f);
    assert_near(up.w, 1.789 * 40, 1e-3);
    assert_near(up.h, 1.653 * 40, 1e-3);
    assert_near(up.x + up.w / 2, 50, 1e-3);
    assert_near(up.y + up.h / 2, 60 - 0.098 * 40, 1e-3);
    for (int i = 0; i < FACE_MARKS; i++) {
        f.marks[i] = (struct point){ f.marks[i].y, f.marks[i].x };
    }
    const struct box aside = detection_inner(&f);
    assert_near(aside.w, up.w, 1e-3);
    assert_near(aside.x + aside.w / 2, 60 - 0.098 * 40, 1e-3);
    assert_near(aside.y + aside.h / 2, 50, 1e-3);
    f.has = 0;
    assert_near(detection_inner(&f).w, 9, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(average_precision_by_hand),
        cmocka_unit_test(a_false_box_in_ten_pictures_is_allowed),
        cmocka_unit_test(small_and_ignored_faces_count_neither_way),
        cmocka_unit_test(faces_are_counted_by_height),
        cmocka_unit_test(overlap_decides),
        cmocka_unit_test(pictures_are_counted_by_folder),
        cmocka_unit_test(nothing_found_is_zero),
        cmocka_unit_test(wider_text),
        cmocka_unit_test(packs),
        cmocka_unit_test(both_or_no_source_is_refused),
        cmocka_unit_test(curves_are_drawn),
        cmocka_unit_test(lists_of_boxes),
        cmocka_unit_test(peers_stand_on_the_same_plot),
        cmocka_unit_test(styles_of_labels),
        cmocka_unit_test(inner_boxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
