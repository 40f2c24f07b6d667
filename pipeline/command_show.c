/* SPDX-License-Identifier: MIT
 * facetrail show: a weights file, a net by name, a gallery, the machine. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/kernels.h"
#include "base/memory.h"
#include "base/tensors.h"
#include "base/workers.h"
#include "nets/net.h"
#include "pipeline/command.h"
#include "recognizer/gallery.h"

#define USAGE "show WEIGHTS | NET | GALLERY | machine"

enum { PATH_ROOM = 4096 };

static enum status show_machine(void)
{
    unsigned f = cpu_features();
    const struct kernels *tables[8];
    int n = kernels_all(tables, 8);
    printf("processors   %d\n", workers_processors());
    printf("can do      %s%s%s%s%s%s\n", f & CPU_AVX2 ? " AVX2" : "", f & CPU_AVX512 ? " AVX-512" : "",
           f & CPU_VPOPCNT ? " VPOPCNTDQ" : "", f & CPU_BF16 ? " BF16" : "", f & CPU_AMX ? " AMX" : "", f ? "" : " no AVX2");
    printf("kernels      %s (there are:", kernels_best()->name);
    for (int i = 0; i < n; i++)
        printf(" %s", tables[i]->name);
    printf(")\nOpenBLAS     %s\n", nets_blas_name());
    char path[PATH_ROOM];
    if (gallery_default_path(path, sizeof path) == OK)
        printf("gallery      %s%s\n", path, file_exists(path) ? "" : " (not there yet)");
    for (int i = 0; i < model_count(); i++) {
        const char *name = model_at(i)->name;
        bool found = file_find_weights(path, sizeof path, name) == OK;
        printf("%-12s %s\n", name, found ? path : "no weights");
    }
    return OK;
}

static enum status print_net(struct net *n)
{
    const struct model *m = net_model(n);
    printf("%s: %s\n%zu weights", m->name, m->paper, net_weights(n));
    if (net_checksum(n))
        printf(", checksum %016llx", (unsigned long long)net_checksum(n));
    printf("\n\n");
    net_print(n, stdout);
    return OK;
}

static enum status show_model(const struct model *m)
{
    struct net *n;
    enum status s = net_create(&n, m, NULL, 1);
    if (s)
        return s;
    s = print_net(n);
    net_free(&n);
    return s;
}

static enum status print_notes(const char *path)
{
    struct tensors *t;
    const struct tensors_note *notes;
    enum status s = tensors_open(&t, path);
    if (s)
        return s;
    int n = tensors_notes(t, &notes);
    for (int i = 0; i < n; i++)
        printf("%-24s %.200s%s\n", notes[i].key, notes[i].value, strlen(notes[i].value) > 200 ? " ..." : "");
    printf("\n");
    tensors_close(&t);
    return OK;
}

static enum status show_weights(const char *path)
{
    struct net *n;
    enum status s = print_notes(path);
    if (s || (s = net_load(&n, path, NULL)))
        return s;
    s = print_net(n);
    net_free(&n);
    return s;
}

static enum status show_gallery(const char *path)
{
    struct gallery *g;
    enum status s = gallery_open(&g, path, GALLERY_READ, NULL);
    if (s)
        return s;
    printf("%s: %d people, %d samples\n", path, gallery_people(g), gallery_samples(g));
    for (int i = 0; i < gallery_people(g); i++)
        printf("%4d samples  %s\n", gallery_person(g, i)->samples, gallery_person(g, i)->name);
    gallery_close(&g);
    return OK;
}

static bool is_sqlite(const char *path)
{
    static const char start[] = "SQLite format 3";
    char found[sizeof start] = "";
    FILE *f = fopen(path, "rb");
    bool is = f && fread(found, 1, sizeof start, f) == sizeof start && memcmp(found, start, sizeof start) == 0;
    if (f)
        fclose(f);
    return is;
}

static enum status unknown(const char *thing)
{
    const char *names[32] = {"machine"};
    int n = 1;
    for (int i = 0; i < model_count() && n < 32; i++)
        names[n++] = model_at(i)->name;
    const char *near = option_nearest(thing, names, n);
    if (near)
        return fail(BAD_USAGE, "%s: no such file or net; did you mean %s?", thing, near);
    return fail(BAD_USAGE, "%s: no such file or net; usage: facetrail " USAGE, thing);
}

static enum status show(int n_words, char **words)
{
    struct arguments a = {0};
    enum status s = arguments_read(&a, n_words, words);
    if (s == OK && (s = arguments_count(&a, 1, 1, USAGE)) == OK) {
        const char *thing = a.words[0];
        const struct model *m = model_find(thing);
        if (strcmp(thing, "machine") == 0)
            s = show_machine();
        else if (m)
            s = show_model(m);
        else if (!file_exists(thing))
            s = unknown(thing);
        else
            s = is_sqlite(thing) ? show_gallery(thing) : show_weights(thing);
    }
    arguments_free(&a);
    return s;
}

const struct command command_show = {
    .name = "show",
    .usage = USAGE,
    .about = "a weights file, a net by name, a gallery, the machine",
    .run = show,
};
