/* SPDX-License-Identifier: MIT
 * The words of a command line. Files named by -c are read first, so that the command line wins. */
#include "pipeline/arguments.h"

#include <stdbool.h>
#include <string.h>

#include "base/log.h"

enum { NAME_ROOM = 128, WORDS_MAX = 128 };

static const struct argument common_table[] = {
    {"-c", "--config", NULL, NULL, "FILE", "options from a file; may be repeated; the command line wins"},
    {"-q", "--quiet", NULL, NULL, NULL, "only warnings and errors"},
    {"-v", "--verbose", NULL, NULL, NULL, "more messages; twice: still more"},
    {NULL, "--help", NULL, NULL, NULL, "this text"},
    {0},
};

enum common { COMMON_NONE, COMMON_CONFIG, COMMON_QUIET, COMMON_VERBOSE };

static bool is_option_word(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* Does `word`, up to an '=', equal `name`? */
static bool word_is(const char *word, const char *name)
{
    size_t n = strlen(name);
    return strncmp(word, name, n) == 0 && (word[n] == '\0' || (word[n] == '=' && name[1] == '-'));
}

static enum common common_find(const char *word)
{
    for (int i = 0; i < 3; i++)
        if (word_is(word, common_table[i].word) || word_is(word, common_table[i].brief))
            return (enum common)(i + 1);
    return COMMON_NONE;
}

static const struct argument *table_find(const struct argument *table, const char *word)
{
    for (const struct argument *t = table; t && t->word; t++)
        if (word_is(word, t->word) || (t->brief && word_is(word, t->brief)))
            return t;
    return NULL;
}

static bool says_yes_or_no(const char *word)
{
    static const char *const said[] = {"yes", "no", "on", "off", "true", "false"};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (strcmp(word, said[i]) == 0)
            return true;
    return false;
}

/* All long words that would have been understood, for the nearest one. */
static const char *nearest(const struct arguments *a, const char *word)
{
    const char *known[WORDS_MAX];
    int n = 0;
    for (const struct argument *t = a->table; t && t->word && n < WORDS_MAX; t++)
        known[n++] = t->word;
    for (const struct argument *t = common_table; t->word && n < WORDS_MAX; t++)
        known[n++] = t->word;
    return option_nearest(word, known, n);
}

static enum status unknown(const struct arguments *a, const char *word)
{
    char name[NAME_ROOM];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    const char *near = nearest(a, name);
    if (near)
        return fail(BAD_USAGE, "%s: no such option; did you mean %s?", name, near);
    return fail(BAD_USAGE, "%s: no such option; `facetrail help` lists them", name);
}

/* One reading of the words: which option word we are at, and its value when it has one. */
struct walk {
    struct arguments *a;
    int n_given, i;
    char **given;
};

/* The value that follows the word at w->i: behind '=' or the next word; moves on. NULL: there is none. */
static const char *value_of(struct walk *w)
{
    const char *behind = strchr(w->given[w->i], '=');
    if (behind && w->given[w->i][1] == '-')
        return behind + 1;
    if (w->i + 1 >= w->n_given)
        return NULL;
    return w->given[++w->i];
}

/* A flag may stand without a value: only yes, no, ... or '=' belong to it. */
static const char *flag_value_of(struct walk *w)
{
    if (strchr(w->given[w->i], '=') ||
        (w->i + 1 < w->n_given && says_yes_or_no(w->given[w->i + 1])))
        return value_of(w);
    return "yes";
}

static enum status set(struct walk *w, const char *full_name, const char *fixed)
{
    struct arguments *a = w->a;
    const char *word = w->given[w->i];
    const struct option_group *group;
    const struct option *o = option_find(a->groups, a->n_groups, full_name, &group);
    const char *value = fixed;
    if (!value)
        value = o && option_is_flag(o) ? flag_value_of(w) : value_of(w);
    if (!value && o)
        return fail(BAD_USAGE, "%s: a value must follow", word);
    enum status s = option_set(a->groups, a->n_groups, full_name, value ? value : "", a->texts);
    return s && strchr(word, '.') == NULL ? fail_in(s, "%s", word) : s;
}

static enum status set_dotted(struct walk *w)
{
    char name[NAME_ROOM];
    const char *word = w->given[w->i] + 2;
    size_t n = strcspn(word, "=");
    if (n >= sizeof name)
        return fail(BAD_USAGE, "--%.40s...: no such option", word);
    memcpy(name, word, n);
    name[n] = '\0';
    enum status s;
    const struct option_group *group;
    if (!option_find(w->a->groups, w->a->n_groups, name, &group))
        s = option_set(w->a->groups, w->a->n_groups, name, "", w->a->texts); /* says what is near */
    else
        s = set(w, name, NULL);
    return s;
}

static enum status read_common(struct walk *w, enum common c, bool files)
{
    const char *path;
    switch (c) {
    case COMMON_CONFIG:
        if (!(path = value_of(w)))
            return fail(BAD_USAGE, "-c: a file must follow");
        return files ? option_read(w->a->groups, w->a->n_groups, path, w->a->texts) : OK;
    case COMMON_QUIET:
        if (!files)
            log_set_level(LOG_WARN);
        return OK;
    default:
        if (!files && log_get_level() < LOG_TRACE)
            log_set_level(log_get_level() < LOG_DEBUG ? LOG_DEBUG : LOG_TRACE);
        return OK;
    }
}

/* One option word. With `files`, only -c is obeyed (the others are skipped with their values). */
static enum status read_word(struct walk *w, bool files)
{
    const char *word = w->given[w->i];
    enum common c = common_find(word);
    if (c)
        return read_common(w, c, files);
    const struct argument *t = table_find(w->a->table, word);
    if (t && t->value && strchr(word, '='))
        return fail(BAD_USAGE, "%s: takes no value", word);
    if (t)
        return set(w, t->option, t->value);
    if (strncmp(word, "--", 2) == 0 && strchr(word, '.') && strcspn(word, ".") < strcspn(word, "="))
        return set_dotted(w);
    return unknown(w->a, word);
}

static enum status walk_words(struct arguments *a, int n_given, char **given, bool files)
{
    struct walk w = {.a = a, .n_given = n_given, .given = given};
    a->n_words = 0;
    for (bool plain = false; w.i < n_given; w.i++) {
        if (!plain && strcmp(given[w.i], "--") == 0) {
            plain = true;
            continue;
        }
        if (plain || !is_option_word(given[w.i])) {
            a->words[a->n_words++] = given[w.i];
            continue;
        }
        enum status s = read_word(&w, files);
        if (s)
            return s;
    }
    return OK;
}

enum status arguments_read(struct arguments *a, int n_given, char **given)
{
    enum status s;
    a->texts = arena_create();
    a->words = arena_alloc(a->texts, (size_t)n_given + 1, sizeof *a->words);
    if (!a->words)
        return fail(NO_RESOURCE, "no memory for the command line");
    for (int i = 0; i < a->n_groups; i++)
        option_defaults(a->groups[i].options, a->groups[i].values);
    /* Twice: what the files set in the first reading, the command line sets again in the second. */
    if ((s = walk_words(a, n_given, given, true)) || (s = walk_words(a, n_given, given, false)))
        return s;
    return OK;
}

void arguments_free(struct arguments *a)
{
    arena_free(&a->texts);
    a->words = NULL;
    a->n_words = 0;
}

enum status arguments_count(const struct arguments *a, int least, int most, const char *usage)
{
    if (a->n_words < least)
        return fail(BAD_USAGE, "something is missing; usage: facetrail %s", usage);
    if (most >= 0 && a->n_words > most)
        return fail(BAD_USAGE, "%s: one word too many; usage: facetrail %s", a->words[most], usage);
    return OK;
}

static void print_table(FILE *to, const struct argument *table)
{
    for (const struct argument *t = table; t && t->word; t++) {
        char left[NAME_ROOM];
        snprintf(left, sizeof left, "%s%s%s%s%s", t->brief ? t->brief : "", t->brief ? ", " : "    ", t->word,
                 t->means ? " " : "", t->means ? t->means : "");
        fprintf(to, "  %-26s %s\n", left, t->help);
    }
}

void arguments_print_help(FILE *to, const struct argument *table)
{
    print_table(to, table);
    print_table(to, common_table);
}
