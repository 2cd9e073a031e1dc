// SPDX-License-Identifier: ISC
// The values of options: text → checked value. Each fails with words of the form "what is wrong;
// what would be right", to which the caller adds where it stands. Out-params are left alone on
// failure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/status.h"
#include "config/config.h"

#define VALUE_QUOTE_MAX 200 // octets of value_quote's result, quotes and NUL included

// The text in double quotes as it may be shown to a person: cut when long, control characters
// (which a terminal would obey) escaped. Returns ret.
const char *value_quote(const char *text, char ret[VALUE_QUOTE_MAX]);

// Texts that are returned live in the arena.

bool value_is_alphanumeric(char c); // of ASCII
bool value_is_ascii(const char *text);
// A name with letters of other scripts as A-labels (IDNA2008, RFC 5891); one of ASCII as it is.
enum status value_to_ascii(struct arena *arena, const char *text, char **ret, struct error *err);
// A host name: at least two labels of letters, digits and hyphens (RFC 1123 §2.1), a last dot is
// taken off, at most 253 octets. *ret is in A-labels and lower case.
enum status value_host_name(struct arena *arena, const char *text, char **ret, struct error *err);
// The name of a zone: as a host name, and labels may have underscores.
enum status value_zone_name(struct arena *arena, const char *text, char **ret, struct error *err);
// A DKIM selector: labels as in host names, one is enough (RFC 6376 §3.1), at most 63 octets.
enum status value_selector(struct arena *arena, const char *text, char **ret, struct error *err);

// An IP address of this box or of another server, to be published: loopback, link-local,
// unspecified, multicast and reserved ones are refused. Private ones are taken: whoever writes one
// down means it.
enum status value_address(const char *text, struct address *ret, struct error *err);
// An address to listen on, with its port or the given one. Unspecified ones are refused (DESIGN.md: never a
// wildcard).
enum status value_listen(const char *text, uint16_t port, struct address *ret, struct error *err);
// The same, and loopback.
enum status value_listen_local(const char *text, struct address *ret, struct error *err);
// The same for the server's numbers, with the port written.
enum status value_listen_metrics(const char *text, struct address *ret, struct error *err);
// A resolver to ask: ADDRESS[@PORT][#NAME]. With the name, which its certificate must have, it is asked over TLS; port
// 853 then and 53 otherwise.
enum status value_forward(struct arena *arena, const char *text, struct config_forward *ret,
                          struct error *err);

enum status value_number(const char *text, uint32_t min, uint32_t max, uint32_t *ret,
                         struct error *err);
// As value_number, and "no", which is 0.
enum status value_limit(const char *text, uint32_t min, uint32_t max, uint32_t *ret,
                        struct error *err);
// "90s", "30m", "12h", "14d", "2w", or seconds without a unit. min and max are seconds.
enum status value_seconds(const char *text, uint32_t min, uint32_t max, uint32_t *ret,
                          struct error *err);
// As value_seconds, and "never", which is 0.
enum status value_lifetime(const char *text, uint32_t min, uint32_t max, uint32_t *ret,
                           struct error *err);
// As value_seconds, and "500ms" too; min, max and *ret are milliseconds.
enum status value_milliseconds(const char *text, uint32_t min, uint32_t max, uint32_t *ret,
                               struct error *err);

#define VALUE_DURATION_MAX 24
// "90s", "12h", "14d": in the largest unit up to a day that gives a whole number. Returns ret.
const char *value_duration(uint64_t ms, char ret[VALUE_DURATION_MAX]);

// yes, no, on, off, true, false. False for anything else, leaving *ret alone.
bool value_is_yes_no(const char *text, bool *ret);
// The place of text among the words, which end with NULL; on and true are "yes", off and false "no".
enum status value_word(const char *text, const char *const *words, unsigned *ret,
                       struct error *err);
#define VALUE_WORDS_MAX 200
// "a, b or c". Returns ret.
const char *value_words(const char *const *words, char ret[VALUE_WORDS_MAX]);

// A user or group: a name as in passwd(5), or a number, made plain ("007" is "7"); whether it exists is not asked. A
// user may not be root, whose rights are what the programs are to lose.
enum status value_user(struct arena *arena, const char *text, char **ret, struct error *err);
enum status value_group(struct arena *arena, const char *text, char **ret, struct error *err);

// For /bin/sh -c: anything but nothing, yes and no.
enum status value_command(struct arena *arena, const char *text, char **ret, struct error *err);

// What strangers are told of the server: up to CONFIG_TOLD_MAX printable characters of ASCII; `no` is NULL.
enum status value_told(struct arena *arena, const char *text, char **ret, struct error *err);

// A file or directory: absolute, or from directory (itself absolute); not yes or no, which nobody calls a file.
enum status value_path(struct arena *arena, const char *text, const char *directory, char **ret,
                       struct error *err);

// ── What mail and records need (value_mail.c, value_records.c) ───────────────────────────────────

// A mechanism of SPF without its qualifier (RFC 7208 §5); an address or prefix alone becomes ip4: or ip6:.
enum status value_relay(struct arena *arena, const char *text, char **ret, struct error *err);
// A URI with mailto:, https: or http:; a mail address alone becomes mailto:. What separates in the records that hold it
// (RFC 9989 §4.8, RFC 8460 §3: comma, semicolon, "!") must be written with %.
enum status value_report(struct arena *arena, const char *text, char **ret, struct error *err);
// The domain name of a CA (RFC 8659 §4.2); parameters are options of their own.
enum status value_issuer(struct arena *arena, const char *text, char **ret, struct error *err);
// accounturi and a name of validationmethods (RFC 8657 §3, §4).
enum status value_account(struct arena *arena, const char *text, char **ret, struct error *err);
enum status value_method(struct arena *arena, const char *text, char **ret, struct error *err);
// The name of a service as in SRV, without its underscore (RFC 6335 §5.1).
enum status value_service(struct arena *arena, const char *text, char **ret, struct error *err);
// Its usual port, 0 where there is none here.
uint32_t value_service_port(const char *name);

// Names in records: "@", relative or absolute, also with "*" and "_". Only the shape is checked.
enum status value_owner(struct arena *arena, const char *text, char **ret, struct error *err);
// "MX", "TYPE64": in upper case.
enum status value_record_type(struct arena *arena, const char *text, char **ret, struct error *err);
// A line or the data of a record as in a master file, with names in A-labels. Only the shape is checked.
enum status value_record_line(struct arena *arena, const char *text, char **ret, struct error *err);
enum status value_record_data(struct arena *arena, const char *text, char **ret, struct error *err);
