/* SPDX-License-Identifier: MIT
 * Words to options, for the measurements. */
#include "train/eval_words.h"

#include <stdio.h>
#include <string.h>

enum status eval_words(const struct option_group *groups, int n_groups, int n_words, char **words,
                       struct arena *texts)
{
    for (int i = 0; i < n_words; i++) {
        char name[128];
        if (strncmp(words[i], "--", 2) != 0) {
            return fail(BAD_USAGE, "eval %s: \"%s\" is not an option", groups[0].name, words[i]);
        }
        const char *word = words[i] + 2;
        const size_t length = strcspn(word, "=");
        const char *dot = memchr(word, '.', length);
        snprintf(name, sizeof name, "%s%s%.*s", dot ? "" : groups[0].name, dot ? "" : ".", (int) length, word);
        for (char *at = name; *at; at++) {
            *at = *at == '-' ? '_' : *at;
        }
        const char *value = word[length] == '=' ? word + length + 1 : NULL;
        const struct option *o = option_find(groups, n_groups, name, NULL);
        if (!value && o && option_is_flag(o)) {
            value = "yes";
        } else if (!value && i + 1 < n_words) {
            value = words[++i];
        } else if (!value) {
            return fail(BAD_USAGE, "eval %s: %s wants a value", groups[0].name, words[i]);
        }
        const enum status s = option_set(groups, n_groups, name, value, texts);
        if (s) {
            return fail_in(s, "eval");
        }
    }
    return OK;
}
