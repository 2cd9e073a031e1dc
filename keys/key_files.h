// SPDX-License-Identifier: ISC
// Names and texts of key files, shared by loading and making. Internal to keys/.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "keys/dnskey.h"
#include "keys/private_key.h"

#define KEY_FILE_MAX (16U << 10) // octets; an RSA-4096 .private has 3.5 KiB

struct key_name { // K<zone>.+<algorithm>+<tag>
    uint8_t algorithm;
    uint16_t tag;
    bool private; // ends in .private, not .key
};

// "K<zone>.+" as file names have it: lower case, octets that a file name should not have as %XX
// (BIND's way). The caller frees.
char *key_file_prefix(const char *zone);
// Is name prefix + "AAA+TTTTT.key" or ".private"?
bool key_file_is(const char *name, const char *prefix, struct key_name *ret);

// Is it one of these keys? Of NULL everyone is.
bool key_name_is_in(const struct key_name *name, const struct dnskey_ids *known);

// Goes through the files of one zone; the listing may get more on the way.
//   struct key_walk walk = key_walk_begin(listing, zone);
//   while ((file = key_walk_next(&walk, &name)) != NULL) …
//   key_walk_end(&walk);
struct key_walk {
    const struct dnskey_listing *listing;
    char *prefix;
    size_t next;
};
struct key_walk key_walk_begin(const struct dnskey_listing *listing, const char *zone);
const char *key_walk_next(struct key_walk *walk, struct key_name *ret);
void key_walk_end(struct key_walk *walk);

// Puts a name into the sorted listing, unless it is there.
void key_listing_add(struct dnskey_listing *listing, const char *name);
bool key_listing_has(const struct dnskey_listing *listing, const char *name);

// Reads DIRECTORY/….key into a key that is all zeros; the error names the file.
enum status key_file_public(const char *path, const char *zone, const struct key_name *name,
                            struct dnskey *key, struct error *err);
// Reads DIRECTORY/….private and makes the key; the error names the file.
enum status key_file_private(const char *path, uint8_t algorithm, EVP_PKEY **ret_key,
                             struct dnskey_times *ret_times, struct buf *ret_public,
                             struct error *err);

// The DNSKEY record of a zone's key (class IN, protocol 3, TTL 0). NULL when zone is no name.
ldns_rr *key_record(const char *zone, uint16_t flags, uint8_t algorithm, const struct buf *public);

// What stands behind "name:" and blanks, or NULL when the line does not begin so.
const char *key_line_value(const char *line, const char *name);
// Reads YYYYMMDDHHMMSS, UTC; what follows is left alone.
enum status key_time_read(const char *text, int64_t *ret, struct error *err);
// Takes "Publish: 20261122064500 (…)" into the field it names. Other lines are left alone; SYNTAX for a broken time.
enum status key_times_line(struct dnskey_times *times, const char *line, struct error *err);
// Appends the lines of the times that are given, as BIND writes them; in a .key file they are comments.
void key_times_put(struct buf *text, const struct dnskey_times *times, bool comment);

// K<zone>.+AAA+TTTTT in the directory, without ".key" or ".private". The caller frees.
char *key_file_base(const char *directory, const char *zone, struct dnskey_id id);
// Fills in a key whose files are base + ".key" and ".private"; rr and private are its own from now on.
void key_set(struct dnskey *key, ldns_rr *rr, EVP_PKEY *private, const char *base,
             const struct dnskey_times *times);
// Creates the .key file. EXISTS when there is one.
enum status key_file_create_public(const struct dnskey *key, struct error *err);
// Creates the .private file, 0600, then the .key file. Both or none: EXISTS when there is either.
enum status key_files_create(const struct dnskey *key, struct error *err);
// Removes both, as far as they are there.
void key_files_remove(const struct dnskey *key);
