/* SPDX-License-Identifier: MIT
 * The training loop on a toy: four kinds of coloured blobs, a DeepID2 of two maps. It learns in seconds, and a resumed
 * run equals a straight one bit for bit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kit.h"

#include "base/log.h"
#include "base/random.h"
#include "base/tensors.h"
#include "nets/gpu/learner.h"
#include "nets/models/models.h"
#include "train/loop.h"

enum { KINDS = 4, W = 47, H = 55 };
struct toy { int face, who; int64_t steps; };

static enum status toy_open(void *state, struct task_setting *setting)
{
    (void)state;
    struct deepid2_options *o = setting->model_options;
    o->people = KINDS;
    setting->epoch = 64;
    return OK;
}

static enum status toy_begin(void *state, struct net *n)
{
    struct toy *t = state;
    enum status s = net_find(n, "face", &t->face);
    return s ? s : net_find(n, "who", &t->who);
}

/* A blob in one of four corners, over noise. */
static void toy_batch(void *state, struct net_run *run, int worker, uint64_t *random)
{
    (void)worker;
    struct toy *t = state;
    struct tensor face = net_run_at(run, t->face), who = net_run_at(run, t->who);
    for (int i = 0; i < face.shape.n; i++) {
        int kind = i % 4 < 2 ? i / 4 % KINDS : random_below(random, KINDS);
        float *at = face.at + (size_t)i * 3 * W * H;
        int cx = kind % 2 ? 34 : 12, cy = kind / 2 ? 40 : 14;
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                for (int c = 0; c < 3; c++)
                    at[(c * H + y) * W + x] = 0.2f * random_unit(random) +
                                              (abs(x - cx) < 8 && abs(y - cy) < 8 ? 0.8f : -0.3f);
        who.at[i] = (float)kind;
    }
}

static void toy_stepped(void *state, struct net *n, struct net_run *const *runs, int n_runs, int64_t step)
{
    (void)n;
    (void)runs;
    (void)n_runs;
    struct toy *t = state;
    t->steps = step;
}

static const struct task toy = { .name = "toy", .about = "blobs", .score_name = "none", .state_size = sizeof(struct toy),
                                 .open = toy_open, .begin = toy_begin, .batch = toy_batch, .stepped = toy_stepped };

static struct loop_result run_on(const char *device, int steps, int workers, bool resume, const char *checkpoint, const char *weights)
{
    const char *recipe = kit_path("toy.conf");
    kit_write_text(recipe, "train.task = identity\ntrain.model = deepid2\ntrain.batch = 16\nmodel.maps = 2\nmodel.code = 16\n"
                       "model.normalize = yes\nsolver.rate = 0.05\nsolver.schedule = constant\nsolver.warm_up = 0\n");
    char step_text[16], worker_text[16];
    snprintf(step_text, sizeof step_text, "%d", steps);
    snprintf(worker_text, sizeof worker_text, "%d", workers);
    char *words[] = { "--train.steps", step_text, "--train.workers", worker_text, "--train.checkpoint",
                      (char *)checkpoint, "--train.weights", (char *)weights, "--train.device", (char *)device };
    struct recipe *r;
    assert_ok(recipe_open(&r, recipe, 10, words));
    r->task = &toy;
    struct loop_result result;
    assert_ok(loop_run(r, resume, NULL, &result));
    recipe_close(&r);
    return result;
}

static struct loop_result run(int steps, int workers, bool resume, const char *checkpoint, const char *weights)
{
    return run_on("cpu", steps, workers, resume, checkpoint, weights);
}

static void assert_same_weights(const char *a, const char *b)
{
    struct tensors *x, *y;
    assert_ok(tensors_open(&x, a));
    assert_ok(tensors_open(&y, b));
    assert_int_equal(tensors_count(x), tensors_count(y));
    assert_true(tensors_count(x) > 8);
    for (int i = 0; i < tensors_count(x); i++) {
        const struct tensors_array *p = tensors_at(x, i), *q = tensors_find(y, p->name);
        assert_non_null(q);
        assert_int_equal(p->n, q->n);
        assert_memory_equal(p->at, q->at, p->n * sizeof(float));
    }
    tensors_close(&x);
    tensors_close(&y);
}

static void test_learns(void **state)
{
    (void)state;
    double first = run(2, 1, false, "", "").loss;
    struct loop_result last = run(60, 1, false, "", "");
    assert_int_equal(last.steps, 60);
    assert_true(first > 1.0);
    /* the mean of all 60 steps, with the bad first ones in it */
    assert_true(last.loss < 0.6 * first);
}

static void test_resume_equals_straight_run(void **state)
{
    (void)state;
    for (int workers = 1; workers <= 2; workers++) {
        run(12, workers, false, kit_path("straight.ckpt"), "");
        run(5, workers, false, kit_path("broken.ckpt"), "");
        struct loop_result r = run(12, workers, true, kit_path("broken.ckpt"), "");
        assert_int_equal(r.steps, 12);
        assert_same_weights(kit_path("straight.ckpt"), kit_path("broken.ckpt"));
    }
}

/* The accelerator's code, on this processor; samples are made a step ahead, which a resume must not see. */
static void test_learns_on_the_twin(void **state)
{
    (void)state;
    if (!learner_is_twin())
        skip();
    struct loop_result here = run(12, 2, false, "", ""), there = run_on("twin", 12, 2, false, kit_path("straight.ckpt"), "");
    assert_true(fabs(here.loss - there.loss) < 0.1 * here.loss); /* statistics of 16 samples, not of 8 */
    run_on("twin", 5, 2, false, kit_path("broken.ckpt"), "");
    run_on("twin", 12, 2, true, kit_path("broken.ckpt"), "");
    assert_same_weights(kit_path("straight.ckpt"), kit_path("broken.ckpt"));
    kit_write_text(kit_path("toy.conf"), "train.task = identity\ntrain.model = deepid2\ntrain.device = cuda\n");
    struct recipe *r;
    assert_ok(recipe_open(&r, kit_path("toy.conf"), 0, NULL));
    r->task = &toy;
    assert_int_equal(loop_run(r, false, NULL, NULL), BAD_USAGE);
    assert_has(fail_message(), "CUDA=1");
    recipe_close(&r);
}

static void test_finished_net_loads(void **state)
{
    (void)state;
    run(3, 1, false, "", kit_path("toy.safetensors"));
    struct net *n;
    assert_ok(net_load(&n, kit_path("toy.safetensors"), "deepid2"));
    assert_string_equal(net_note(n, "steps"), "3");
    const struct deepid2_options *o = net_options(n);
    assert_false(o->normalize); /* folded away */
    assert_int_equal(o->maps, 2);
    net_free(&n);
}

static void test_resume_wants_a_checkpoint(void **state)
{
    (void)state;
    kit_write_text(kit_path("toy.conf"), "train.task = identity\ntrain.model = deepid2\n");
    struct recipe *r;
    assert_ok(recipe_open(&r, kit_path("toy.conf"), 0, NULL));
    r->task = &toy;
    assert_int_equal(loop_run(r, true, NULL, NULL), BAD_USAGE);
    assert_has(fail_message(), "train.checkpoint");
    recipe_close(&r);
}

static void test_recipe_errors(void **state)
{
    (void)state;
    struct recipe *r;
    const char *path = kit_path("bad.conf");
    kit_write_text(path, "train.task = identity\ntrain.model = deepid2\nmodel.mops = 3\n");
    assert_true(recipe_open(&r, path, 0, NULL) < 0);
    assert_has(fail_message(), "bad.conf:3");
    assert_has(fail_message(), "model.maps"); /* the nearest name */
    kit_write_text(path, "train.task = identity\n\ntrain.model = deepid2\ntrain.batch = many\n");
    assert_true(recipe_open(&r, path, 0, NULL) < 0);
    assert_has(fail_message(), "bad.conf:4");
    kit_write_text(path, "train.task = juggling\ntrain.model = deepid2\n");
    assert_true(recipe_open(&r, path, 0, NULL) < 0);
    assert_has(fail_message(), "juggling");
    assert_true(recipe_open(&r, kit_path("absent.conf"), 0, NULL) < 0);
    assert_has(fail_message(), "absent.conf");
    assert_null(r);
}

static void test_command_line_wins(void **state)
{
    (void)state;
    struct recipe *r;
    kit_write_text(kit_path("a.conf"), "train.task = locate # a comment\ntrain.model = lnet\ntrain.batch = 8\n");
    char *words[] = { "--train.task=identity", "--train.model", "deepid2", "--train.batch", "10", "--model.unit" };
    assert_ok(recipe_open(&r, kit_path("a.conf"), 6, words));
    assert_string_equal(r->model->name, "deepid2");
    assert_int_equal(r->train.batch, 10);
    const struct deepid2_options *o = r->model_options;
    assert_true(o->unit);
    char text[1024];
    recipe_format(r, text, sizeof text);
    assert_non_null(strstr(text, "train.batch=10"));
    assert_null(strstr(text, "solver.momentum")); /* at its default */
    recipe_close(&r);
}

static void recipes_open(void **state)
{
    (void)state;
    static const char *const names[] = { "deepid2", "deepid2plus", "lnet" };
    for (int i = 0; i < 3; i++) {
        char name[64];
        struct recipe *r;
        snprintf(name, sizeof name, "configs/train/%s.conf", names[i]);
        assert_ok(recipe_open(&r, kit_source(name), 0, NULL));
        assert_string_equal(r->model->name, names[i]);
        assert_int_equal(r->train.batch % r->train.workers, 0);
        recipe_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recipes_open),
        cmocka_unit_test(test_recipe_errors), cmocka_unit_test(test_command_line_wins), cmocka_unit_test(test_learns),
        cmocka_unit_test(test_resume_equals_straight_run),
        cmocka_unit_test(test_learns_on_the_twin), cmocka_unit_test(test_finished_net_loads),
        cmocka_unit_test(test_resume_wants_a_checkpoint),
    };
    log_set_level(LOG_WARN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
