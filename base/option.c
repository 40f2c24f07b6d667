/* SPDX-License-Identifier: MIT
 * Options: setting them from text, from files, and saying which one was probably meant. */
#include "base/option.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"

enum { WORD_MAX = 64, NAME_MAX_BYTES = 128 };

/* One value being set: the option, its full name for messages, the text. */
struct setting {
    const struct option *option;
    const char *name, *value;
    void *field;
};

static enum status set_bool(const struct setting *s)
{
    static const char *const yes[] = {"yes", "on", "true", "1"}, *const no[] = {"no", "off", "false", "0"};
    bool *field = s->field;
    for (int i = 0; i < 4; i++) {
        if (strcmp(s->value, yes[i]) == 0 || strcmp(s->value, no[i]) == 0) {
            *field = strcmp(s->value, yes[i]) == 0;
            return OK;
        }
    }
    return fail(BAD_USAGE, "%s = %.100s: yes or no is wanted", s->name, s->value);
}

static enum status check_range(const struct setting *s, double value)
{
    const struct option *o = s->option;
    if (o->min != o->max && !(value >= o->min && value <= o->max))
        return fail(BAD_USAGE, "%s = %.100s: must be %g to %g", s->name, s->value, o->min, o->max);
    return OK;
}

/* The whole of the text must be the number; white space before it does not count as a part. */
static bool is_number_start(const char *text)
{
    return strchr("+-.0123456789", *text) && *text;
}

static enum status set_int(const struct setting *s)
{
    char *end;
    errno = 0;
    long value = strtol(s->value, &end, 10);
    if (!is_number_start(s->value) || *end || end == s->value)
        return fail(BAD_USAGE, "%s = %.100s: a whole number is wanted", s->name, s->value);
    if (errno || value < INT_MIN || value > INT_MAX)
        return fail(BAD_USAGE, "%s = %.100s: too large a number", s->name, s->value);
    enum status status = check_range(s, (double)value);
    if (!status)
        *(int *)s->field = (int)value;
    return status;
}

static enum status set_float(const struct setting *s)
{
    char *end;
    float value = strtof(s->value, &end);
    if (!is_number_start(s->value) || *end || end == s->value || !isfinite(value))
        return fail(BAD_USAGE, "%s = %.100s: a number is wanted", s->name, s->value);
    /* Compared as the user wrote it: 0.1f is not 0.1. */
    enum status status = check_range(s, strtod(s->value, NULL));
    if (!status)
        *(float *)s->field = value;
    return status;
}

static enum status set_text(const struct setting *s, struct arena *texts)
{
    const char *copy = texts ? arena_text(texts, s->value) : s->value;
    if (!copy)
        return fail(NO_RESOURCE, "%s: no memory", s->name);
    *(const char **)s->field = copy;
    return OK;
}

/* Copies the i-th word of `choices`; false: there are not so many. */
static bool choice_at(const char *choices, int i, char word[WORD_MAX])
{
    for (const char *at = choices; *at; i--) {
        size_t n = strcspn(at, " ");
        if (i == 0) {
            CHECK(n < WORD_MAX);
            memcpy(word, at, n);
            word[n] = '\0';
            return true;
        }
        at += n + strspn(at + n, " ");
    }
    return false;
}

static int distance(const char *a, const char *b);
static int tolerated(const char *given);

static enum status set_choice(const struct setting *s)
{
    char word[WORD_MAX], near[WORD_MAX] = "";
    int best = tolerated(s->value) + 1;
    for (int i = 0; choice_at(s->option->choices, i, word); i++) {
        if (strcmp(word, s->value) == 0) {
            *(int *)s->field = i;
            return OK;
        }
        int d = distance(s->value, word);
        if (d < best) {
            best = d;
            snprintf(near, sizeof near, "%s", word);
        }
    }
    if (*near)
        return fail(BAD_USAGE, "%s = %.100s: must be one of: %s; did you mean %s?", s->name, s->value, s->option->choices,
                    near);
    return fail(BAD_USAGE, "%s = %.100s: must be one of: %s", s->name, s->value, s->option->choices);
}

static enum status set(const struct setting *s, struct arena *texts)
{
    switch (s->option->type) {
    case OPTION_BOOL:
        return set_bool(s);
    case OPTION_INT:
        return set_int(s);
    case OPTION_FLOAT:
        return set_float(s);
    case OPTION_TEXT:
        return set_text(s, texts);
    case OPTION_CHOICE:
        return set_choice(s);
    }
    CHECK(!"an option type");
    return BAD_USAGE;
}

void option_defaults(const struct option *options, void *values)
{
    for (const struct option *o = options; o->name; o++) {
        struct setting s = {o, o->name, o->initial, (unsigned char *)values + o->offset};
        CHECK(set(&s, NULL) == OK);
    }
}

const struct option *option_find(const struct option_group *groups, int n_groups, const char *full_name,
                                 const struct option_group **group)
{
    for (int g = 0; g < n_groups; g++) {
        size_t n = strlen(groups[g].name);
        if (strncmp(full_name, groups[g].name, n) != 0 || full_name[n] != '.')
            continue;
        for (const struct option *o = groups[g].options; o->name; o++)
            if (strcmp(full_name + n + 1, o->name) == 0) {
                if (group)
                    *group = &groups[g];
                return o;
            }
    }
    return NULL;
}

/* The full name nearest to `given`, or "". */
static void nearest_option(char near[NAME_MAX_BYTES], const struct option_group *groups, int n_groups, const char *given)
{
    char name[NAME_MAX_BYTES];
    int best = tolerated(given) + 1;
    near[0] = '\0';
    for (int g = 0; g < n_groups; g++)
        for (const struct option *o = groups[g].options; o->name; o++) {
            snprintf(name, sizeof name, "%s.%s", groups[g].name, o->name);
            int d = distance(given, name);
            if (d < best) {
                best = d;
                memcpy(near, name, sizeof name);
            }
        }
}

enum status option_set(const struct option_group *groups, int n_groups, const char *full_name, const char *value,
                       struct arena *texts)
{
    const struct option_group *group;
    const struct option *o = option_find(groups, n_groups, full_name, &group);
    if (!o) {
        char near[NAME_MAX_BYTES];
        nearest_option(near, groups, n_groups, full_name);
        if (*near)
            return fail(BAD_USAGE, "%.100s: no such option; did you mean %s?", full_name, near);
        return fail(BAD_USAGE, "%.100s: no such option", full_name);
    }
    CHECK(group->values);
    struct setting s = {o, full_name, value, (unsigned char *)group->values + o->offset};
    return set(&s, texts);
}

int option_is_flag(const struct option *o)
{
    return o->type == OPTION_BOOL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char *trim(char *text)
{
    while (is_blank(*text))
        text++;
    size_t n = strlen(text);
    while (n > 0 && is_blank(text[n - 1]))
        n--;
    text[n] = '\0';
    return text;
}

/* Cuts at a # that starts a word: "a#b" is a value, "a #b" is a and a comment. Not within quotes. */
static void cut_comment(char *line)
{
    bool quoted = false;
    for (char *c = line; *c; c++) {
        if (*c == '"')
            quoted = !quoted;
        if (*c == '#' && !quoted && (c == line || is_blank(c[-1]))) {
            *c = '\0';
            return;
        }
    }
}

static char *unquote(char *value)
{
    size_t n = strlen(value);
    if (n < 2 || value[0] != '"' || value[n - 1] != '"')
        return value;
    value[n - 1] = '\0';
    return value + 1;
}

static enum status read_line(const struct option_group *groups, int n_groups, char *line, struct arena *texts)
{
    cut_comment(line);
    line = trim(line);
    if (!*line)
        return OK;
    char *equals = strchr(line, '=');
    if (!equals)
        return fail(BAD_USAGE, "%.100s: `group.name = value` is wanted", line);
    *equals = '\0';
    return option_set(groups, n_groups, trim(line), unquote(trim(equals + 1)), texts);
}

enum status option_read(const struct option_group *groups, int n_groups, const char *path, struct arena *texts)
{
    struct file_lines lines;
    enum status s = file_lines_open(&lines, path);
    if (s)
        return s;
    while ((s = file_lines_next(&lines)) == OK) {
        s = read_line(groups, n_groups, lines.line, texts);
        if (s) {
            s = fail_in(s, "%s:%d", path, lines.number);
            break;
        }
    }
    file_lines_close(&lines);
    return s == END ? OK : s;
}

static void format_float(char *out, size_t size, float value)
{
    /* The fewest digits that give the same number again. */
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(out, size, "%.*g", digits, (double)value);
        if (strtof(out, NULL) == value)
            return;
    }
}

void option_format(char *out, size_t size, const struct option *o, const void *values)
{
    const void *field = (const unsigned char *)values + o->offset;
    char word[WORD_MAX] = "";
    switch (o->type) {
    case OPTION_BOOL:
        snprintf(out, size, "%s", *(const bool *)field ? "yes" : "no");
        break;
    case OPTION_INT:
        snprintf(out, size, "%d", *(const int *)field);
        break;
    case OPTION_FLOAT:
        format_float(out, size, *(const float *)field);
        break;
    case OPTION_TEXT:
        snprintf(out, size, "%s", *(const char *const *)field ? *(const char *const *)field : "");
        break;
    case OPTION_CHOICE:
        choice_at(o->choices, *(const int *)field, word);
        snprintf(out, size, "%s", word);
        break;
    }
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Letters to insert, delete, change or swap with their neighbour; a beginning of at least three letters counts as
 * one. Long words are far from everything. */
static int distance(const char *a, const char *b)
{
    int row[3][NAME_MAX_BYTES];
    size_t n = strlen(a), m = strlen(b);
    if (n >= NAME_MAX_BYTES || m >= NAME_MAX_BYTES)
        return INT_MAX;
    if (n >= 3 && m > n && strncmp(a, b, n) == 0)
        return 1;
    for (size_t j = 0; j <= m; j++)
        row[0][j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int *now = row[i % 3], *before = row[(i + 2) % 3], *earlier = row[(i + 1) % 3];
        now[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = least(least(before[j], now[j - 1]) + 1, before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], earlier[j - 2] + 1);
        }
    }
    return row[n % 3][m];
}

/* How many mistakes a word may have: judged by what follows the dot, or the dashes. */
static int tolerated(const char *given)
{
    const char *dot = strrchr(given, '.');
    size_t n = strlen(dot ? dot + 1 : given + strspn(given, "-"));
    return 1 + (int)least((int)(n < 1000 ? n : 1000) / 4, 3);
}

const char *option_nearest(const char *given, const char *const *words, int n)
{
    const char *near = NULL;
    int best = tolerated(given) + 1;
    for (int i = 0; i < n; i++) {
        int d = distance(given, words[i]);
        if (d < best) {
            best = d;
            near = words[i];
        }
    }
    return near;
}
