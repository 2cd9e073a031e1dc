// SPDX-License-Identifier: ISC
// The command `zonebox`: a file per command, and what they share. It asks the programs that run on their control
// sockets (base/control.h) and reads the configuration; only `init` makes anything.
//
// What programs say is data: one that was taken over must not speak to the admin's terminal, so control characters
// are taken out of every reply as soon as it is there.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/status.h"
#include "config/config.h"

enum { ZONEBOX_FINE = 0, ZONEBOX_WRONG = 1, ZONEBOX_USAGE = 2 }; // exit status

struct zonebox {
    const char *config_path;
    bool config_given;
    const char *control;  // directory of the sockets, or NULL: to be found
    const char *hostname; // of `init`, or NULL
    bool json;
    bool all;
    const char *algorithm; // of `tls-next` and `roll`, or NULL
    const char *directory;
    const char *forget;
    bool force;
    bool quiet;                 // of `check`
    bool ksk, zsk, compromised; // of `roll`
    bool undo;                  // of `retire` and `move`
    bool yes;                   // of all three
    bool dry_run;               // of these and `import`
    char **words;               // behind the command
    size_t word_count;
};

// The commands. Each prints what it has to say and returns the exit status.
int zonebox_status(const struct zonebox *zonebox);
int zonebox_reload(const struct zonebox *zonebox);
int zonebox_flush(const struct zonebox *zonebox);
int zonebox_init(const struct zonebox *zonebox);
int zonebox_setup(const struct zonebox *zonebox);
int zonebox_tls_next(const struct zonebox *zonebox);
// Of init: makes a first next key in the directory that zonebox.yaml(5) has as the default, unless the configuration
// names others or has some, or wants no TLSA records. False, and said, when it cannot be made.
bool zonebox_first_tls_key(const struct config *config);
int zonebox_check(const struct zonebox *zonebox);
int zonebox_import(const struct zonebox *zonebox);
int zonebox_roll(const struct zonebox *zonebox);
int zonebox_retire(const struct zonebox *zonebox);
int zonebox_move(const struct zonebox *zonebox);

// ── What they share (zonebox_ask.c) ──────────────────────────────────────────────────────────────

// "zonebox: words" to standard error.
void zonebox_complain(const char *words);
// Loads the configuration, or prints its errors and returns NULL.
struct config *zonebox_load(const struct zonebox *zonebox);

// The directory of the sockets: as told, else as configured, else where zoned.sock is. The caller frees.
char *zonebox_sockets(const struct zonebox *zonebox);
// Asks the program of that name; request is released. The error is one line and says what to do. The caller releases
// *ret with json_decref.
enum status zonebox_ask(const char *sockets, const char *program, json_t *request, json_t **ret,
                        struct error *err);

// Runs a one-shot of zone-signer with these arguments (NULL at the end), and appends what it prints. What it complains
// about goes to standard error; then STATE.
enum status zonebox_run_signer(const char *const *arguments, struct buf *ret, struct error *err);

// Takes control characters out of all texts in it, in place.
void zonebox_tame(json_t *value);
// Members of a reply, whatever it is: "" and 0 for what is missing or of another type.
const char *zonebox_text(const json_t *object, const char *key);
int64_t zonebox_number(const json_t *object, const char *key);

// ── Words (zonebox_words.c) ──────────────────────────────────────────────────────────────────────

// "3 d 4 h", the two largest units. Returns text.
#define ZONEBOX_SPAN_MAX 40
const char *zonebox_span(int64_t seconds, char text[ZONEBOX_SPAN_MAX]);
// "2026-12-06 10:00", and "2026-12-06 10:00 (in 13 d 4 h)", by the clock on the wall. Return text.
#define ZONEBOX_MOMENT_MAX 80
const char *zonebox_date(int64_t when, char text[ZONEBOX_MOMENT_MAX]);
const char *zonebox_moment(int64_t when, int64_t now, char text[ZONEBOX_MOMENT_MAX]);
// Words that begin in that column, with line breaks before the 80th and the lines behind the first indented.
void zonebox_wrap(const char *words, size_t column, struct buf *ret);
// As many columns as characters: all that is printed here is of one width.
size_t zonebox_columns(const char *text, size_t len);
// Is it a terminal that shows UTF-8?
bool zonebox_has_marks(FILE *out);

// ── Status in two halves ─────────────────────────────────────────────────────────────────────────

// {"ok":bool,"problems":[text…],"zoned":{…}|null,"programs":{name:reply…},"statistics":{…}|null}: all replies in one,
// judged; the numbers are those of all processes of the name server, whichever of them told.
json_t *zonebox_gather(const char *sockets, const char *zones);
// The TLSA keys, of the signer's reply (zonebox_show_tls.c).
void zonebox_show_tls(const json_t *signer, int64_t now, struct buf *ret);
// What the name server counted (zonebox_show_queries.c).
void zonebox_show_queries(const json_t *statistics, int64_t since, int64_t now, struct buf *ret);
// How the status is shown to people.
struct zonebox_view {
    int64_t now;
    bool list_zones; // zonebox_gather's `zones` was not "open"
    bool is_one;     // it was the name of a zone: all that is known of it
    bool has_marks;  // zonebox_has_marks
};
void zonebox_show(const json_t *status, const struct zonebox_view *view, struct buf *ret);
// Parts of it (zonebox_show_zone.c): a zone of the signer's reply; its DKIM keys; its DS at the parent in words without
// an end, true: something has to be done there.
void zonebox_show_zone(const json_t *zone, const struct zonebox_view *view, struct buf *ret);
void zonebox_show_dkim(const json_t *zone, struct buf *ret);
bool zonebox_ds_words(const json_t *zone, int64_t now, struct buf *ret);
// The life of a key of the signer's reply as a line without its end, 72 columns at most (zonebox_timeline.c).
void zonebox_timeline(const json_t *key, int64_t now, bool has_marks, struct buf *ret);
