/* SPDX-License-Identifier: MIT
 * facetrail train RECIPE --fit: what a task fits to its finished net (matchers, calibration), done again. */
#include "base/memory.h"
#include "base/workers.h"
#include "nets/net.h"
#include "train/fit.h"
#include "train/recipe.h"

enum status fit_recipe(const struct recipe *r)
{
    struct task_setting setting = {.options = r->task_options, .model = r->model, .model_options = r->model_options,
                                   .batch = r->train.batch / r->train.workers, .seed = (uint64_t)r->train.seed};
    void *state = NULL;
    if (!r->task->finish)
        return fail(BAD_USAGE, "%s: there is nothing to fit after task %s", r->path, r->task->name);
    enum status s = workers_create(&setting.workers, r->train.workers);
    if (!s && !(state = memory_alloc(1, r->task->state_size)))
        s = fail(NO_RESOURCE, "%s: no memory", r->path);
    if (!s)
        s = r->task->open(state, &setting);
    if (!s)
        s = r->task->finish(state, r->train.weights);
    if (state && r->task->close)
        r->task->close(state);
    memory_free(&state);
    workers_free(&setting.workers);
    return s;
}
