// SPDX-License-Identifier: ISC
// The values of options: text → checked value. Each fails with words of the form "what is wrong;
// what would be right", to which the caller adds where it stands. Out-params are left alone on
// failure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/status.h"
#include "config/config.h"

#define VALUE_QUOTE_MAX 200 // octets of value_quote's result, quotes and NUL included

// The text in double quotes as it may be shown to a person: cut when long, control characters
// (which a terminal would obey) escaped. Returns ret.
const char *value_quote(const char *text, char ret[VALUE_QUOTE_MAX]);

// A host name: at least two labels of letters, digits and hyphens (RFC 1123 §2.1), a last dot is
// taken off, at most 253 octets. *ret is in lower case; the caller frees.
enum status value_host_name(const char *text, char **ret, struct error *err);
// The name of a zone: as a host name, and labels may have underscores.
enum status value_zone_name(const char *text, char **ret, struct error *err);
// A DKIM selector: labels as in host names, one is enough (RFC 6376 §3.1), at most 63 octets. The
// caller frees.
enum status value_selector(const char *text, char **ret, struct error *err);

// An IP address of this box or of another server, to be published: loopback, link-local,
// unspecified, multicast and reserved ones are refused. Private ones are taken: whoever writes one
// down means it.
enum status value_address(const char *text, struct address *ret, struct error *err);
// An address to listen on, with its port or @53. Unspecified ones are refused (DESIGN.md: never a
// wildcard).
enum status value_listen(const char *text, struct address *ret, struct error *err);
// The same, and loopback.
enum status value_listen_local(const char *text, struct address *ret, struct error *err);
// A resolver to ask: ADDRESS[@PORT][#NAME]. With the name, which its certificate must have, it is asked over TLS; port
// 853 then and 53 otherwise. The caller frees ret->tls_name.
enum status value_forward(const char *text, struct config_forward *ret, struct error *err);

enum status value_number(const char *text, uint32_t min, uint32_t max, uint32_t *ret,
                         struct error *err);
// "90s", "30m", "12h", "14d", "2w", or seconds without a unit. min and max are seconds.
enum status value_seconds(const char *text, uint32_t min, uint32_t max, uint32_t *ret,
                          struct error *err);
// As value_seconds, and "500ms" too; min, max and *ret are milliseconds.
enum status value_milliseconds(const char *text, uint32_t min, uint32_t max, uint32_t *ret,
                               struct error *err);

#define VALUE_DURATION_MAX 24
// "90s", "12h", "14d": in the largest unit up to a day that gives a whole number. Returns ret.
const char *value_duration(uint64_t ms, char ret[VALUE_DURATION_MAX]);

// yes, no, on, off, true, false. False for anything else, leaving *ret alone.
bool value_is_yes_no(const char *text, bool *ret);
// yes (on, true), no (off, false) or presigned.
enum status value_dnssec(const char *text, enum config_dnssec *ret, struct error *err);

// A user or group: a name as in passwd(5), or a number, made plain ("007" is "7"); whether it exists is not asked. A
// user may not be root, whose rights are what the programs are to lose. The caller frees.
enum status value_user(const char *text, char **ret, struct error *err);
enum status value_group(const char *text, char **ret, struct error *err);

// For /bin/sh -c: anything but nothing, yes and no. The caller frees.
enum status value_command(const char *text, char **ret, struct error *err);

enum status value_log_target(const char *text, enum config_log_target *ret, struct error *err);
enum status value_log_level(const char *text, enum log_level *ret, struct error *err);

// A file or directory: absolute, or from directory (itself absolute). The caller frees.
enum status value_path(const char *text, const char *directory, char **ret, struct error *err);
