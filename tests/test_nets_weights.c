/* SPDX-License-Identifier: MIT
 * Nets and files: what is saved is loaded, each way a file can misfit gets its message, folded nets compute the same,
 * a resumed solver goes on as if it had never stopped. */
#include "tests/kit.h"

#include <math.h>

#include "base/workers.h"
#include "nets/internal.h"
#include "nets/models/models.h"

static struct net *small(int people, bool normalize)
{
    struct deepid2_options o;
    struct net *n = NULL;
    option_defaults(model_deepid2.options, &o);
    o.maps = 4;
    o.code = 16;
    o.people = people;
    o.normalize = normalize;
    assert_ok(net_create(&n, &model_deepid2, &o, 11));
    return n;
}

static void fill(struct net_run *run, uint64_t seed)
{
    for (int i = 0; i < run->net->n_nodes; i++) {
        if (run->net->nodes[i].kind || !run->nodes[i].out.at)
            continue;
        struct tensor t = net_run_at(run, i);
        kit_random(t.at, shape_count(t.shape), seed + (uint64_t)i);
        for (size_t k = 0; strcmp(run->net->nodes[i].name, "who") == 0 && k < shape_count(t.shape); k++)
            t.at[k] = (float)(k / 3);
    }
}

static void codes_near(const struct net *a, const struct net *b, double tolerance)
{
    const struct net *nets[2] = { a, b };
    float code[2][16];
    for (int i = 0; i < 2; i++) {
        struct net_run *run = NULL;
        int layer;
        assert_ok(net_run_create(&run, nets[i], 2, NET_INFER));
        assert_ok(net_find(nets[i], "code", &layer));
        fill(run, 4);
        net_run_forward(run, 2);
        memcpy(code[i], net_run_at(run, layer).at, sizeof code[i]);
        net_run_free(&run);
    }
    double most = 0;
    for (int k = 0; k < 16; k++) {
        assert_near(code[0][k], code[1][k], tolerance);
        most = fmax(most, fabs(code[0][k]));
    }
    assert_true(most > 0.01); /* not all zero */
}

static void saved_is_loaded(void **state)
{
    (void)state;
    struct net *n = small(10, false), *back = NULL;
    const struct tensors_note notes[] = { { "score", "0.5" } };
    assert_ok(net_save(n, kit_path("a.safetensors"), notes, 1));
    assert_ok(net_load(&back, kit_path("a.safetensors"), "deepid2"));
    assert_string_equal(net_note(back, "score"), "0.5");
    assert_true(net_checksum(back) != 0);
    assert_int_equal(((const struct deepid2_options *)net_options(back))->maps, 4);
    assert_int_equal(back->n_weights, n->n_weights);
    assert_memory_equal(n->weights, back->weights, n->n_weights * sizeof(float));
    net_free(&n);
    net_free(&back);
}

static void shipped_leaves_the_classes_out(void **state)
{
    (void)state;
    struct net *n = small(10, false), *back = NULL;
    float extra[3] = { 1, 2, 3 };
    struct tensors_array more = { "matcher.numbers", TENSORS_F32, 1, { 3 }, 3, extra };
    assert_ok(net_ship(n, kit_path("b.safetensors"), &more, 1, NULL, 0));
    assert_ok(net_load(&back, kit_path("b.safetensors"), NULL));
    assert_null(tensors_find(net_file(back), "people.weight"));
    assert_non_null(tensors_find(net_file(back), "matcher.numbers"));
    codes_near(n, back, 0);
    net_free(&n);
    net_free(&back);
}

static void misfits_are_named(void **state)
{
    (void)state;
    struct net *n = small(0, false), *back = NULL;
    char *bytes;
    size_t size;
    assert_fails(net_load(&back, kit_path("none.safetensors"), NULL), NO_RESOURCE, "none.safetensors");
    kit_write_text(kit_path("text.safetensors"), "this is no weights file at all, only words");
    assert_fails(net_load(&back, kit_path("text.safetensors"), NULL), BAD_DATA, "text.safetensors");
    assert_ok(net_save(n, kit_path("c.safetensors"), NULL, 0));
    assert_fails(net_load(&back, kit_path("c.safetensors"), "lnet"), BAD_MATCH, "lnet is wanted");
    bytes = kit_read(kit_path("c.safetensors"), &size);
    bytes[size - 5] ^= 0x40; /* one bit of one weight */
    kit_write(kit_path("flipped.safetensors"), bytes, size);
    assert_fails(net_load(&back, kit_path("flipped.safetensors"), NULL), BAD_DATA, "checksum");
    kit_write(kit_path("cut.safetensors"), bytes, size - 100);
    assert_fails(net_load(&back, kit_path("cut.safetensors"), NULL), BAD_DATA, "cut.safetensors");
    memory_free(&bytes);
    /* other sizes than the notes say: written by a net that calls itself another */
    struct tensors_note lie = { "model.maps", "5" };
    struct tensors_array one = { "conv1.weight", TENSORS_F32, 4, { 4, 3, 4, 4 }, 192, n->weights };
    struct tensors_note notes[] = { { "model", "deepid2" }, lie };
    assert_ok(tensors_write(kit_path("lie.safetensors"), &one, 1, notes, 2));
    assert_fails(net_load(&back, kit_path("lie.safetensors"), NULL), BAD_MATCH, "conv1.weight is 4x3x4x4, deepid2 wants 5x3x4x4");
    notes[0].value = "resnet";
    assert_ok(tensors_write(kit_path("lie.safetensors"), &one, 1, notes, 2));
    assert_fails(net_load(&back, kit_path("lie.safetensors"), NULL), BAD_MATCH, "resnet");
    n->weights[3] = NAN;
    assert_ok(net_save(n, kit_path("nan.safetensors"), NULL, 0));
    assert_fails(net_load(&back, kit_path("nan.safetensors"), NULL), BAD_DATA, "not finite");
    assert_null(back);
    net_free(&n);
}

static void folded_computes_the_same(void **state)
{
    (void)state;
    struct net *n = small(7, true), *folded = NULL;
    uint64_t random = 3;
    for (int i = 0; i < n->n_params; i++) /* statistics and scales that are not 0 and 1 */
        for (size_t k = 0; n->params[i].as.role != PARAM_WEIGHT && k < n->params[i].n; k++)
            n->weights[n->params[i].at + k] = 0.5f + random_unit(&random);
    assert_ok(net_fold(&folded, n));
    for (int i = 0; i < folded->n_nodes; i++)
        assert_true(!folded->nodes[i].kind || strcmp(folded->nodes[i].kind->name, "normalize"));
    codes_near(n, folded, 2e-4);
    net_free(&n);
    net_free(&folded);
}

/* What layer `name` says of the batch that fill() makes, as the net learns: with the batch's statistics. */
static void say(const struct net *n, const char *name, float *out, size_t count)
{
    struct net_run *run = NULL;
    int layer;
    assert_ok(net_run_create(&run, n, 2, NET_LEARN));
    assert_ok(net_find(n, name, &layer));
    fill(run, 4);
    net_run_learn(run);
    memcpy(out, net_run_at(run, layer).at, count * sizeof *out);
    net_run_free(&run);
}

/* A net that normalises goes on from one whose normalisation is folded away. */
static void goes_on_unfolded(const struct model *model, const void *with, const void *without, const char *name, int layers)
{
    enum { COUNT = 32 };
    struct net *finished = NULL, *next = NULL;
    struct net_run *run = NULL;
    float wanted[COUNT], got[COUNT];
    int taken, unfolded;
    assert_ok(net_create(&finished, model, without, 5));
    for (int i = 0; i < finished->n_params; i++) /* biases that matter */
        for (size_t k = 0; finished->params[i].as.role == PARAM_BIAS && k < finished->params[i].n; k++)
            finished->weights[finished->params[i].at + k] += 0.05f * (float)(k % 3);
    assert_ok(net_save(finished, kit_path("finished.safetensors"), NULL, 0));
    assert_ok(net_create(&next, model, with, 6));
    assert_ok(net_borrow(next, kit_path("finished.safetensors"), &taken));
    assert_ok(net_run_create(&run, next, 2, NET_LEARN));
    fill(run, 4);
    assert_ok(net_unfold(next, run, kit_path("finished.safetensors"), &unfolded));
    assert_int_equal(unfolded, layers);
    for (size_t i = 0; i < next->n_weights; i++)
        assert_true(run->gradients[i] == 0);
    say(finished, name, wanted, COUNT);
    say(next, name, got, COUNT);
    assert_true(fabsf(wanted[0] - wanted[COUNT - 1]) > 1e-4f);
    for (int i = 0; i < COUNT; i++)
        assert_near(got[i], wanted[i], 1e-3 * (1 + fabs((double)wanted[i])));
    /* once more: nothing is left to do */
    assert_ok(net_save(next, kit_path("next.safetensors"), NULL, 0));
    assert_ok(net_unfold(next, run, kit_path("next.safetensors"), &unfolded));
    assert_int_equal(unfolded, 0);
    /* nothing of it lies in a file of other layers: what begins at random keeps its normalisation */
    float one = 1;
    const struct tensors_array other = { "other.weight", TENSORS_F32, 1, { 1 }, 1, &one };
    assert_ok(tensors_write(kit_path("other.safetensors"), &other, 1, NULL, 0));
    assert_ok(net_unfold(next, run, kit_path("other.safetensors"), &unfolded));
    assert_int_equal(unfolded, 0);
    net_run_free(&run);
    net_free(&finished);
    net_free(&next);
}

static void unfolded_computes_the_same(void **state)
{
    (void)state;
    struct deepid2_options code;
    struct lnet_options locate;
    option_defaults(model_deepid2.options, &code);
    code.maps = 4;
    code.code = 16;
    code.people = 7;
    struct deepid2_options plain_code = code;
    code.normalize = true;
    plain_code.normalize = false;
    goes_on_unfolded(&model_deepid2, &code, &plain_code, "code", 5);
    option_defaults(model_lnet.options, &locate); /* its convolutions have a bias only where nothing normalises */
    locate.maps = 4;
    locate.size = 64;
    struct lnet_options plain_locate = locate;
    plain_locate.normalize = false;
    goes_on_unfolded(&model_lnet, &locate, &plain_locate, "response8", 30);
    locate.deeper = plain_locate.deeper = 1; /* two more pairs */
    goes_on_unfolded(&model_lnet, &locate, &plain_locate, "response8", 34);
}

/* A net that grows by pairs of layers says at first nearly what it said without them. */
static void says_nearly_the_same(int deeper, int finer)
{
    enum { COUNT = 32 };
    struct lnet_options options;
    struct net *shallow = NULL, *grown = NULL;
    float said[COUNT], says[COUNT], most = 0, apart = 0;
    int taken;
    option_defaults(model_lnet.options, &options);
    options.maps = 4;
    options.size = 64;
    options.normalize = false;
    assert_ok(net_create(&shallow, &model_lnet, &options, 5));
    assert_ok(net_save(shallow, kit_path("shallow.safetensors"), NULL, 0));
    options.normalize = true;
    options.deeper = deeper;
    options.finer = finer;
    assert_ok(net_create(&grown, &model_lnet, &options, 6));
    assert_ok(net_borrow(grown, kit_path("shallow.safetensors"), &taken));
    struct net_run *run = NULL;
    int unfolded;
    assert_ok(net_run_create(&run, grown, 2, NET_LEARN));
    fill(run, 4);
    assert_ok(net_unfold(grown, run, kit_path("shallow.safetensors"), &unfolded));
    assert_int_equal(unfolded, 30);
    say(shallow, "response8", said, COUNT);
    say(grown, "response8", says, COUNT);
    for (int i = 0; i < COUNT; i++) {
        most = fmaxf(most, fabsf(said[i] - said[0]));
        apart = fmaxf(apart, fabsf(says[i] - said[i]));
    }
    assert_true(apart > 0 && apart < 0.05f * most);
    net_run_free(&run);
    net_free(&shallow);
    net_free(&grown);
}

static void grown_says_nearly_the_same(void **state)
{
    (void)state;
    says_nearly_the_same(2, 0);
    says_nearly_the_same(0, 1);
}

static void learn(struct net *n, struct solver *s, int from, int to, struct workers *w)
{
    struct net_run *runs[2] = { NULL, NULL };
    for (int i = 0; i < 2; i++)
        assert_ok(net_run_create(&runs[i], n, 6, NET_LEARN));
    for (int step = from; step < to; step++) {
        for (int i = 0; i < 2; i++) {
            fill(runs[i], (uint64_t)(step * 2 + i));
            net_run_learn(runs[i]);
        }
        solver_step(s, runs, 2, w);
    }
    for (int i = 0; i < 2; i++)
        net_run_free(&runs[i]);
}

/* Steps that workers share are the steps of one, bit for bit; some weights make several parts. */
static void workers_step_as_one(void **state)
{
    (void)state;
    const struct solver_options o = { 0.01f, 0.9f, 1e-4f, 0.5f, 0.9f };
    struct deepid2_options options;
    option_defaults(model_deepid2.options, &options);
    options.maps = 4;
    options.people = 9000;
    options.code = 16;
    struct net *nets[2] = { NULL, NULL };
    struct solver *solvers[2] = { NULL, NULL };
    struct workers *w = NULL;
    assert_ok(workers_create(&w, 3));
    for (int i = 0; i < 2; i++) {
        assert_ok(net_create(&nets[i], &model_deepid2, &options, 5));
        assert_ok(solver_create(&solvers[i], nets[i], &o));
        learn(nets[i], solvers[i], 0, 3, i ? w : NULL);
    }
    assert_true(nets[0]->n_weights > 2 * 65536);
    assert_true(solver_gradient_norm(solvers[0]) > 0.5); /* longer than the limit */
    assert_memory_equal(nets[0]->weights, nets[1]->weights, nets[0]->n_weights * sizeof(float));
    for (int i = 0; i < 2; i++) {
        solver_swap_average(solvers[i]);
    }
    assert_memory_equal(nets[0]->weights, nets[1]->weights, nets[0]->n_weights * sizeof(float));
    for (int i = 0; i < 2; i++) {
        solver_free(&solvers[i]);
        net_free(&nets[i]);
    }
    workers_free(&w);
}

static void resume_equals_straight(void **state)
{
    (void)state;
    struct solver_options o = { 0.01f, 0.9f, 1e-4f, 5, 0.9f };
    struct net *a = small(5, true), *b = small(5, true);
    struct solver *sa = NULL, *sb = NULL;
    assert_ok(solver_create(&sa, a, &o));
    learn(a, sa, 0, 6, NULL);
    assert_ok(solver_create(&sb, b, &o));
    learn(b, sb, 0, 3, NULL);
    assert_ok(solver_save(sb, kit_path("check.safetensors"), NULL, 0));
    solver_free(&sb);
    net_free(&b);
    b = small(5, true);
    assert_ok(solver_create(&sb, b, &o));
    assert_ok(solver_load(sb, kit_path("check.safetensors"), NULL));
    learn(b, sb, 3, 6, NULL);
    assert_memory_equal(a->weights, b->weights, a->n_weights * sizeof(float));
    solver_swap_average(sa);
    solver_swap_average(sb);
    assert_memory_equal(a->weights, b->weights, a->n_weights * sizeof(float));
    struct net *other = small(6, true);
    struct solver *so = NULL;
    assert_ok(solver_create(&so, other, &o));
    assert_fails(solver_load(so, kit_path("check.safetensors"), NULL), BAD_MATCH, "check.safetensors");
    solver_free(&sa);
    solver_free(&sb);
    solver_free(&so);
    net_free(&a);
    net_free(&b);
    net_free(&other);
}

/* Every allocation of net_create and net_run_create fails once: a status each time, nothing leaks or crashes. */
static void survives_failing_memory(void **state)
{
    (void)state;
    struct net *n = NULL;
    struct net_run *run = NULL;
    int failures = 0;
    for (uint64_t at = 1; at < 10000; at++) {
        memory_fail_at(at);
        enum status s = net_create(&n, &model_deepid2, NULL, 1);
        if (!s)
            s = net_run_create(&run, n, 1, NET_LEARN);
        memory_fail_at(0);
        if (s) {
            failures++;
            assert_int_equal(s, NO_RESOURCE);
        }
        net_run_free(&run);
        net_free(&n);
        if (!s)
            break;
    }
    assert_true(failures > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_is_loaded),          cmocka_unit_test(shipped_leaves_the_classes_out),
        cmocka_unit_test(misfits_are_named),        cmocka_unit_test(folded_computes_the_same),
        cmocka_unit_test(unfolded_computes_the_same), cmocka_unit_test(grown_says_nearly_the_same),
        cmocka_unit_test(workers_step_as_one),
        cmocka_unit_test(resume_equals_straight),   cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests_name("nets weights", tests, NULL, NULL);
}
