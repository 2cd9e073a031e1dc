// SPDX-License-Identifier: ISC
// Everything that zones are made of, gathered in one place: the configuration and the public parts of the files and
// facts that it names. What zonegen makes of the inputs is a pure function of them and of the public keys.
//
//   zonegen       reads the inputs itself, once
//   zone-signer   run alone: reads them, watches their directories, reads again
//   zoned         does the same as root and hands a snapshot of the *public octets* to zone-signer through a
//                 descriptor, since certificates and host keys are often not readable for others
//
// A snapshot is whole: a configuration never meets the files of another. Of a PEM file only the CERTIFICATE blocks
// are kept, so that a private key in the same file never leaves the program that read it. A file that is missing or
// unreadable does not fail the snapshot: the words are kept in its place and whoever needs the file decides.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/buf.h"
#include "base/status.h"
#include "config/config.h"

enum input_kind {
    INPUT_CERTIFICATE,
    INPUT_TLS_NEXT, // public keys
    INPUT_SSH_KEY,
    INPUT_RECORDS_FILE,
    INPUT_ZONE_FILE,
};

struct input_file {
    enum input_kind kind;
    char *path;
    // NULL when it could not be read; an empty file has zero octets and no error. Of config/shared.h
    uint8_t *octets;
    size_t len;
    // The reason then: "path: …"; also for a private key in the place of a public one
    struct error error;
};

struct inputs {
    char *config_path;
    struct config *config;    // shared by all inputs that have the same texts of it
    struct input_file *files; // sorted by path, each path once
    size_t file_count;
    // Lasting addresses of the box, private ones too (config/interfaces.h); sorted, port 0
    struct address *found;
    size_t found_count;
};

#define INPUT_CERTIFICATE_MAX (1U << 20)
#define INPUT_TLS_NEXT_MAX    (64U << 10)
#define INPUT_SSH_KEY_MAX     (64U << 10)
#define INPUT_ZONE_FILE_MAX   (256U << 20) // records files, too
#define INPUTS_FILES_MAX      (896U << 20) // all of them; what is over has an error in its place
#define INPUTS_SNAPSHOT_MAX   (1U << 30)   // files, paths, configuration

// Reads all of it. Fails only when the configuration cannot be read or is wrong (errors says why).
enum status inputs_read(const char *config_path, struct inputs **ret, struct config_errors *errors);
// The same with the configuration's texts as given (zoned's last good ones): files[0] is the configuration, whose path
// is not opened, but names the file in messages and is where relative paths start; the others are what it includes.
enum status inputs_read_texts(const struct config_file *files, size_t count, struct inputs **ret,
                              struct config_errors *errors);
// Reads again what was seen to be touched, and takes all else from the inputs that are in force: `old`, read before the
// watch was set to them. What is equal is shared with them. Reads all where that does not do, and when old is NULL.
struct inputs_seen;
enum status inputs_read_seen(const char *config_path, const struct inputs *old,
                             const struct inputs_seen *seen, struct inputs **ret,
                             struct config_errors *errors);
// Another one of the same content, which is shared.
struct inputs *inputs_share(const struct inputs *inputs);
void inputs_free(struct inputs *inputs); // NULL is fine
// The file of that path, or NULL.
const struct input_file *inputs_file(const struct inputs *inputs, const char *path);
// The same, for who has a file of other inputs: mostly it has the same place here.
const struct input_file *inputs_file_near(const struct inputs *inputs, size_t place,
                                          const char *path);
// Are both of the same path and kind, with the same octets or error?
bool input_file_equal(const struct input_file *a, const struct input_file *b);
// Do both hold the same octets, errors and addresses? The texts of included files among them.
bool inputs_equal(const struct inputs *a, const struct inputs *b);

// A snapshot for the way between processes: appends to ret; reads back (SYNTAX when it is not one). Both ends are of
// the same build. What is equal to known, other inputs or NULL, is shared with them: octets of files, and the
// configuration where no text of it has changed.
void inputs_encode(const struct inputs *inputs, struct buf *ret);
enum status inputs_decode(const uint8_t *octets, size_t len, const struct inputs *known,
                          struct inputs **ret, struct config_errors *errors);

// ── Watching ─────────────────────────────────────────────────────────────────────────────────────
// Directories are watched, not files: editors and certbot replace files by renaming, and certbot's are symbolic links
// (the directories of link and target are watched both).

// Most changes are one step: a file is renamed into its place, or written and closed, and whole then. It is read after
// INPUTS_SETTLE_MS, since a second one often comes right behind it. Where somebody is seen to be at it still (a file is
// made, emptied, removed), or what is read takes something away or does not hold up, it is read once it has been quiet
// for INPUTS_QUIET_MS; INPUTS_LATEST_MS after the first step in any case. And every INPUTS_PATROL_MS all is read, for
// what cannot be watched (network file systems).
#define INPUTS_SETTLE_MS 10
#define INPUTS_QUIET_MS  100 // a zone must follow within a second
#define INPUTS_LATEST_MS 300
#define INPUTS_PATROL_MS 60000

// What there was to see.
enum inputs_news {
    INPUTS_NO_NEWS,
    INPUTS_WHOLE,  // what was touched is whole again
    INPUTS_PARTLY, // or not
};
// How many milliseconds to wait after a step seen at now_ms. *first_ms is the time of the first step, kept by the
// caller and set to 0 by it when the files are read.
uint64_t inputs_wait_ms(uint64_t *first_ms, uint64_t now_ms, enum inputs_news news);

// What was touched since the last reading.
struct inputs_seen {
    bool
        everything; // it may be more than single files: links, directories, names that a pattern matches
    char **paths; // as the inputs name them; "" is the configuration itself
    size_t count, cap;
};
#define INPUTS_SEEN_MAX 64 // more than these are everything

struct inputs_watch;

// An inotify descriptor over all directories that the inputs live in, and those that lead there: a link that is
// swapped, a directory that is moved or made later counts too. Events of other names in them do not. Never fails: what
// cannot be watched is left to the caller's periodic look, and so are addresses.
struct inputs_watch *inputs_watch_new(void);
void inputs_watch_free(struct inputs_watch *watch); // NULL is fine
// Sets what is watched to what these inputs name (inputs NULL: only config_path), to the directories of what is
// included, and to those of the default certificate, host keys and keys to come while none are written. To be called
// after each reading, also one that changed nothing: a link may lead elsewhere. True when something is watched now that
// was not: what changed there since the reading was missed, so read once more.
bool inputs_watch_set(struct inputs_watch *watch, const char *config_path,
                      const struct inputs *inputs);
// The descriptor to poll for reading, -1 when there is no inotify.
int inputs_watch_fd(const struct inputs_watch *watch);
// Takes all waiting events, for inputs_wait_ms and inputs_watch_seen.
enum inputs_news inputs_watch_drain(struct inputs_watch *watch);
// What they were about; the watch's own.
struct inputs_seen *inputs_watch_seen(struct inputs_watch *watch);
// Are all that were touched plain files still, none of them a link now? Then what is watched can stay.
bool inputs_watch_is_plain(const struct inputs_watch *watch);
// All that was seen is dealt with.
void inputs_watch_forget(struct inputs_watch *watch);
