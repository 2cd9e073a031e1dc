// SPDX-License-Identifier: ISC
#include "signer/lastgood.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "config/shared.h"
#include "signer/state.h"

struct lastgood_swap {
    char *path;
    uint8_t *octets; // what was read
    size_t len;
    struct error error;
};

struct lastgood_word {
    char *path;
    char *text;
};

static void drop_word(struct lastgood *lastgood, size_t index)
{
    free(lastgood->words[index].path);
    free(lastgood->words[index].text);
    lastgood->words[index] = lastgood->words[--lastgood->word_count];
}

void lastgood_done(struct lastgood *lastgood)
{
    for (size_t i = 0; i < lastgood->word_count; i++) {
        free(lastgood->words[i].path);
        free(lastgood->words[i].text);
    }
    for (size_t i = 0; i < lastgood->swap_count; i++) {
        free(lastgood->swaps[i].path);
        shared_free(lastgood->swaps[i].octets);
    }
    free(lastgood->words);
    free(lastgood->swaps);
    *lastgood = (struct lastgood){0};
}

static struct lastgood_word *find_word(const struct lastgood *lastgood, const char *path)
{
    for (size_t i = 0; i < lastgood->word_count; i++)
        if (strcmp(lastgood->words[i].path, path) == 0)
            return &lastgood->words[i];
    return NULL;
}

// Notes the words. False when they were said before.
static bool say(struct lastgood *lastgood, const char *path, const char *text)
{
    struct lastgood_word *word = find_word(lastgood, path);
    if (word != NULL && strcmp(word->text, text) == 0)
        return false;
    if (word != NULL) {
        free(word->text);
        word->text = xstrdup(text);
        return true;
    }
    lastgood->words = array_grow(lastgood->words, &lastgood->word_cap, lastgood->word_count,
                                 sizeof(*lastgood->words));
    lastgood->words[lastgood->word_count++] = (struct lastgood_word){xstrdup(path), xstrdup(text)};
    return true;
}

void lastgood_complain(struct lastgood *lastgood, const char *path, const char *why)
{
    if (say(lastgood, path, why))
        log_event(LOG_LEVEL_ERROR, "input-bad", "path", path, "reason", why, NULL);
}

void lastgood_is_good(struct lastgood *lastgood, const char *path)
{
    struct lastgood_word *word = find_word(lastgood, path);
    if (word == NULL)
        return;
    log_event(LOG_LEVEL_NOTICE, "input-good-again", "path", path, NULL);
    drop_word(lastgood, (size_t)(word - lastgood->words));
}

bool lastgood_has_complaints(const struct lastgood *lastgood)
{
    return lastgood->word_count > 0;
}

bool lastgood_word(const struct lastgood *lastgood, size_t index, const char **ret_path,
                   const char **ret_text)
{
    if (index >= lastgood->word_count)
        return false;
    *ret_path = lastgood->words[index].path;
    *ret_text = lastgood->words[index].text;
    return true;
}

// inputs_file hands out what may not be written; the inputs are ours.
static struct input_file *find_input(struct inputs *inputs, const char *path)
{
    for (size_t i = 0; i < inputs->file_count; i++)
        if (strcmp(inputs->files[i].path, path) == 0)
            return &inputs->files[i];
    return NULL;
}

static bool is_same(const struct input_file *file, const uint8_t *octets, size_t len)
{
    return file->octets != NULL && file->len == len &&
           (len == 0 || memcmp(file->octets, octets, len) == 0);
}

bool lastgood_is_used(const struct lastgood *lastgood, const char *path)
{
    for (size_t i = 0; i < lastgood->swap_count; i++)
        if (strcmp(lastgood->swaps[i].path, path) == 0)
            return true;
    return false;
}

bool lastgood_is_bad(const struct lastgood *lastgood, const char *path)
{
    return lastgood_is_used(lastgood, path) || find_word(lastgood, path) != NULL;
}

bool lastgood_use(struct lastgood *lastgood, struct inputs *inputs, const char *path,
                  struct store_reader *state, const char *why)
{
    struct input_file *file = find_input(inputs, path);
    const uint8_t *octets;
    size_t len;
    if (file == NULL || lastgood_is_used(lastgood, path) ||
        state_input_get(state, path, &octets, &len) != STATUS_OK || is_same(file, octets, len))
        return false;
    if (say(lastgood, path, why))
        log_event(LOG_LEVEL_ERROR, "input-bad", "path", path, "reason", why, "using",
                  "what it was when it was last good", NULL);
    lastgood->swaps = array_grow(lastgood->swaps, &lastgood->swap_cap, lastgood->swap_count,
                                 sizeof(*lastgood->swaps));
    lastgood->swaps[lastgood->swap_count++] =
        (struct lastgood_swap){xstrdup(path), file->octets, file->len, file->error};
    file->octets = shared_make(octets, len);
    file->len = len;
    file->error = (struct error){0};
    return true;
}

void lastgood_undo(struct lastgood *lastgood, struct inputs *inputs)
{
    for (size_t i = 0; i < lastgood->swap_count; i++) {
        struct lastgood_swap *swap = &lastgood->swaps[i];
        struct input_file *file = find_input(inputs, swap->path);
        if (file != NULL) {
            shared_free(file->octets);
            file->octets = swap->octets;
            file->len = swap->len;
            file->error = swap->error;
        } else {
            shared_free(swap->octets);
        }
        free(swap->path);
    }
    lastgood->swap_count = 0;
}

void lastgood_forget(struct lastgood *lastgood, const struct inputs *inputs)
{
    for (size_t i = lastgood->word_count; i > 0; i--)
        if (inputs_file(inputs, lastgood->words[i - 1].path) == NULL)
            drop_word(lastgood, i - 1);
}

bool lastgood_is_news(const struct input_file *file, struct store_reader *state)
{
    const uint8_t *octets;
    size_t len;
    if (file->octets == NULL)
        return false;
    return state_input_get(state, file->path, &octets, &len) != STATUS_OK ||
           !is_same(file, octets, len);
}
