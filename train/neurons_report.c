/* SPDX-License-Identifier: MIT
 * The results of `eval neurons`, printed and drawn. */
#include "train/neurons_report.h"

#include <stdio.h>
#include <string.h>

#include "base/face.h"
#include "train/plot.h"

enum { PERSONS_SHOWN = 5, NAME = 32 };

static void print_activity(const struct neurons_report *r, const struct study *s)
{
    printf("%-6s %8s %10s %24s %24s\n", "layer", "neurons", "active", "a neuron, of pictures", "a picture, of neurons");
    for (int k = 0; k < s->n_layers; k++) {
        const struct neurons_activity *a = &r->activity[k];
        printf("%-6s %8d %10.4f %14.4f +- %.4f %14.4f +- %.4f\n", s->layers[k].title, s->layers[k].size, a->mean, a->mean,
               a->neuron_deviation, a->mean, a->image_deviation);
    }
}

static void print_class(const struct class_result *c, const char *name)
{
    printf("%-22s %6d %8d %-10s %7.4f %7.4f %12.4f %7d %7d\n", name, c->n, c->code.neuron,
           c->code.excitatory ? "above" : "below", c->code.learnt, c->code.tested, c->lbp.tested, c->excitatory,
           c->inhibitory);
}

static void print_classes(const struct neurons_report *r)
{
    char name[NAME];
    bool shown[4096] = { false };
    printf("%-22s %6s %8s %-10s %7s %7s %12s %7s %7s\n", "one number tells", "faces", "neuron", "class is", "learnt",
           "tested", "LBP tested", "excit.", "inhib.");
    for (int k = 0; k < PERSONS_SHOWN; k++) { /* those with the most faces */
        int best = -1;
        for (int i = 0; i < r->persons.n && i < 4096; i++)
            if (!shown[i] && (best < 0 || r->persons.results[i].n > r->persons.results[best].n))
                best = i;
        if (best < 0)
            break;
        shown[best] = true;
        snprintf(name, sizeof name, "person %d", r->persons.results[best].label);
        print_class(&r->persons.results[best], name);
    }
    for (int i = 0; i < r->attributes.n; i++)
        print_class(&r->attributes.results[i], face_attribute_names[r->attributes.results[i].label]);
    printf("mean of %d persons: neuron %.4f, LBP bin %.4f; of %d attributes: neuron %.4f, LBP bin %.4f\n", r->persons.n,
           r->persons.code, r->persons.lbp, r->attributes.n, r->attributes.code, r->attributes.lbp);
}

static const char *way_name(const struct study *s, int way)
{
    return way < STUDY_LAYERS ? s->layers[way].title : way == STUDY_LBP_CHI ? "LBP chi2" : "LBP cosine";
}

static void print_covers(const char *what, const double rows[STUDY_LEVELS][STUDY_WAYS], const struct study *s)
{
    printf("%-10s", what);
    for (int i = 0; i < STUDY_LEVELS; i++)
        printf(" %6d%%", 10 * i);
    printf("\n");
    for (int way = 0; way < STUDY_WAYS; way++) {
        if (way < STUDY_LAYERS && way >= s->n_layers)
            continue;
        printf("%-10s", way_name(s, way));
        for (int i = 0; i < STUDY_LEVELS; i++)
            printf(" %7.4f", rows[i][way]);
        printf("\n");
    }
}

void neurons_print(const struct neurons_report *r, const struct study *s)
{
    printf("%d faces of %d persons, %d with attributes; %d pairs\n", s->n_faces, data_people(s->data), r->n_described,
           r->n_pairs);
    print_activity(r, s);
    print_classes(r);
    if (r->n_pairs) {
        print_covers("band", r->bands, s);
        print_covers("block", r->blocks, s);
    }
    printf("active=%.4f best_identity=%.4f best_attribute=%.4f lbp_identity=%.4f lbp_attribute=%.4f excitatory=%.1f "
           "inhibitory=%.1f accuracy=%.4f lbp=%.4f band50=%.4f lbp_band50=%.4f block50=%.4f lbp_block50=%.4f "
           "identities=%d images=%d pairs=%d\n",
           r->activity[0].mean, r->persons.code, r->attributes.code, r->persons.lbp, r->attributes.lbp,
           r->attributes.excitatory, r->attributes.inhibitory, r->bands[0][0], r->bands[0][STUDY_LBP_CHI],
           r->bands[5][0], r->bands[5][STUDY_LBP_CHI], r->blocks[5][0], r->blocks[5][STUDY_LBP_CHI], r->persons.n,
           s->n_faces, r->n_pairs);
}

/* "a.png", "-bands" -> "a-bands.png". */
static const char *named(char *out, size_t size, const char *path, const char *what)
{
    size_t n = strlen(path);
    if (n > 4 && !strcmp(path + n - 4, ".png"))
        n -= 4;
    snprintf(out, size, "%.*s%s.png", (int)n, path, what);
    return out;
}

static enum status draw_covers(const char *path, const char *title, const char *x_name,
                               const double rows[STUDY_LEVELS][STUDY_WAYS], const struct study *s)
{
    double x[STUDY_LEVELS], y[STUDY_WAYS][STUDY_LEVELS];
    struct plot p = { .title = title, .x_name = x_name, .y_name = "accuracy", .x_low = 0, .x_high = 0.7, .y_low = 0.5,
                      .y_high = 1 };
    for (int way = 0; way < STUDY_WAYS; way++) {
        if (way < STUDY_LAYERS && way >= s->n_layers)
            continue;
        for (int i = 0; i < STUDY_LEVELS; i++) {
            x[i] = i / 10.0;
            y[way][i] = rows[i][way];
        }
        p.series[p.n++] = (struct plot_series){ way_name(s, way), x, y[way], STUDY_LEVELS };
    }
    return plot_curves(path, &p);
}

static enum status draw_single(const char *path, const struct neurons_report *r)
{
    double x[CLASSES_POINTS];
    for (int i = 0; i < CLASSES_POINTS; i++)
        x[i] = 100.0 * i / (CLASSES_POINTS - 1);
    struct plot p = { .title = "Accuracy of single neurons and single LBP bins", .n = 4,
                      .x_name = "% of the neurons or bins, best first", .y_name = "balanced accuracy", .x_low = 0,
                      .x_high = 100 };
    p.series[0] = (struct plot_series){ "neurons, persons", x, r->persons.curve[0], CLASSES_POINTS };
    p.series[1] = (struct plot_series){ "LBP bins, persons", x, r->persons.curve[1], CLASSES_POINTS };
    p.series[2] = (struct plot_series){ "neurons, attributes", x, r->attributes.curve[0], CLASSES_POINTS };
    p.series[3] = (struct plot_series){ "LBP bins, attributes", x, r->attributes.curve[1], CLASSES_POINTS };
    return plot_curves(path, &p);
}

enum status neurons_draw(const struct neurons_report *r, const struct study *s, const char *path)
{
    char name[1024];
    struct plot p = { .title = "Active neurons", .x_name = "part that is active", .y_name = "how often", .n = 2,
                      .x_low = 0, .x_high = 1 };
    p.series[0] = (struct plot_series){ "pictures, of each neuron", r->by_neuron, NULL, s->layers[0].size };
    p.series[1] = (struct plot_series){ "neurons, of each picture", r->by_image, NULL, s->n_faces };
    enum status e = plot_histogram(named(name, sizeof name, path, ""), &p);
    if (e || (e = draw_single(named(name, sizeof name, path, "-single"), r)))
        return e;
    if (r->attributes.n) {
        p = (struct plot){ .title = "Neurons for 40 attributes", .x_name = "tested balanced accuracy",
                           .y_name = "how often", .n = 2, .x_low = 0.3, .x_high = 1 };
        p.series[0] = (struct plot_series){ "inhibitory", r->attributes.sides[0], NULL, r->attributes.n_sides[0] };
        p.series[1] = (struct plot_series){ "excitatory", r->attributes.sides[1], NULL, r->attributes.n_sides[1] };
        e = plot_histogram(named(name, sizeof name, path, "-sides"), &p);
    }
    if (e || !r->n_pairs)
        return e;
    e = draw_covers(named(name, sizeof name, path, "-bands"), "Faces covered from below", "covered part of the height",
                    r->bands, s);
    return e ? e : draw_covers(named(name, sizeof name, path, "-blocks"), "Faces covered by a block",
                               "side of the block over the face's width", r->blocks, s);
}
