// SPDX-License-Identifier: ISC
// The last good octets of inputs: a certificate, host key or zone file that is missing or garbage now, and was good
// before, is used as it was (DESIGN, "Last good"), until it is good again. One log line says so, and one when it is
// over.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/inputs.h"
#include "dns/store.h"

struct lastgood {
    struct lastgood_swap *swaps; // inputs that have other octets than were read
    size_t swap_count, swap_cap;
    struct lastgood_word *words; // what was said about which path
    size_t word_count, word_cap;
};

void lastgood_done(struct lastgood *lastgood);

// Puts the last good octets in the place of what the inputs have under this path. False when there are none, or none
// but those that were found bad. `why` is logged when it was not said before.
bool lastgood_use(struct lastgood *lastgood, struct inputs *inputs, const char *path,
                  struct store_reader *state, const char *why);
// Puts back what was read: before inputs are compared or let go.
void lastgood_undo(struct lastgood *lastgood, struct inputs *inputs);
// What was said of paths that the inputs do not name any more is forgotten.
void lastgood_forget(struct lastgood *lastgood, const struct inputs *inputs);
// Is the path in use with its last good octets now?
bool lastgood_is_used(const struct lastgood *lastgood, const char *path);

// Is it, or was something said against it?
bool lastgood_is_bad(const struct lastgood *lastgood, const char *path);

// Says once that an input is bad and that there is nothing older to use.
void lastgood_complain(struct lastgood *lastgood, const char *path, const char *why);
// The input is good: takes back what was said about it.
void lastgood_is_good(struct lastgood *lastgood, const char *path);
// Is there an input that was complained about?
bool lastgood_has_complaints(const struct lastgood *lastgood);
// The index-th of them, or false.
bool lastgood_word(const struct lastgood *lastgood, size_t index, const char **ret_path,
                   const char **ret_text);

// Should these octets be written to state/, being good and other than what is there?
bool lastgood_is_news(const struct input_file *file, struct store_reader *state);
