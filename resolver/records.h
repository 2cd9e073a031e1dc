// SPDX-License-Identifier: ISC
// DNSKEY and DS records out of a master file (RFC 1035 §5.1), as anchor files of Unbound, BIND's tools, Debian's
// dns-root-data and zone-signer's zones.key have them: one or more lines a record (brackets), comments, owners written
// out. Other directives and types are refused, and so is everything that is not well-formed: what is trusted is exactly
// what was understood. Pure.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "dns/name.h"

#define RECORDS_MAX 1000000 // in a file; 100,000 zones with three keys have a third of it

struct record {
    struct name owner; // in lower case
    uint16_t type;     // RR_TYPE_DNSKEY or RR_TYPE_DS
    uint16_t flags;    // of a DNSKEY
    uint16_t tag;      // RFC 4034 appendix B
    uint8_t algorithm;
    uint8_t digest; // type of a DS's digest
    char *text;     // rdata in one line: no character in it but letters, digits, "+/=" and blanks
    char *
        remark; // the comment behind it, where its last line has one, without ";" and blanks before; or NULL
};

struct records {
    struct record *list;
    size_t count;
    size_t cap;
};

// Appends the records to ret. comment (or NULL) is called for each line that begins with ";", with its text without the
// ";" and blanks in front. SYNTAX with "name:line: words"; RANGE when there are too many. What was read before stays in
// ret.
struct records_comment {
    enum status (*call)(void *data, const char *text, struct error *err);
    void *data;
};
enum status records_read(const char *name, const struct buf *text,
                         const struct records_comment *comment, struct records *ret,
                         struct error *err);

// Canonical order of owners, then of type and text; equal ones once.
void records_sort(struct records *records);
bool record_equal(const struct record *a, const struct record *b);
void records_add(struct records *records, const struct record *record); // copies it
void records_done(struct records *records);

// Appends "owner IN DNSKEY rdata" (no end of line), the owner with all but letters, digits, "-" and "_" as \DDD, so
// that it may stand between quotes in libunbound's configuration.
void record_print(const struct record *record, struct buf *ret);
void owner_print(const uint8_t *wire, struct buf *ret);
