// SPDX-License-Identifier: ISC
// The text of an SPF record (RFC 7208) as terms. Syntax only: nobody is asked. What a verifier would call a permanent
// error because of the text alone is an error here, with words; a record with such a mistake makes all mail of its
// domain fail, so that none is ever published.
//
// A text is the record's strings joined (RFC 7208 §3.3). It may come from anybody. Nothing is allocated: terms point
// into the text.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define SPF_LOOKUPS_MAX 10 // RFC 7208 §4.6.4: more terms that cost a look-up are a permanent error
#define SPF_TERMS_MAX   256 // a record of 65,535 octets could have 20,000; none that works has these

enum spf_kind {
    // Mechanisms (§5)
    SPF_ALL,
    SPF_INCLUDE,
    SPF_A,
    SPF_MX,
    SPF_PTR,
    SPF_IP4,
    SPF_IP6,
    SPF_EXISTS,
    // Modifiers (§6)
    SPF_REDIRECT,
    SPF_EXP,
    SPF_OTHER, // one that nobody knows, which is passed over
};

struct spf_term {
    enum spf_kind kind;
    char qualifier;   // '+', '-', '~' or '?'; '+' for a modifier
    const char *text; // the whole term
    size_t text_len;
    const char *
        domain; // the domain-spec behind ':' or '=', of ip4 and ip6 the address; len 0: none, the domain itself
    size_t domain_len;
    bool has_macro;      // the domain is known only when mail comes (§7)
    uint8_t address[16]; // of ip4 (4 octets) and ip6, network order
    unsigned prefix4;    // 32 and 128 unless written
    unsigned prefix6;
};

struct spf {
    struct spf_term terms[SPF_TERMS_MAX]; // in the order of the text
    size_t count;
    // Terms that make a verifier ask: include, a, mx, ptr, exists, redirect, as far as one can be reached (none is
    // behind all). What the included records ask comes on top.
    unsigned lookups;
    char all; // qualifier of the first `all`, or NUL: there is none
};

// Does the text say that it is an SPF record (§4.5)? It may have mistakes.
bool spf_is(const char *text, size_t len);
// SYNTAX with words: "\"ip4:1.2.3\": not an IPv4 address". *ret is defined in any case. That there are more look-ups
// than SPF_LOOKUPS_MAX is not a matter of syntax: whoever needs it compares.
enum status spf_parse(const char *text, size_t len, struct spf *ret, struct error *err);
// A single term, as it would stand in a record: for what the configuration lists one by one.
enum status spf_parse_term(const char *text, size_t len, struct spf_term *ret, struct error *err);
// Does the term cost a look-up (§4.6.4)?
bool spf_costs_lookup(const struct spf_term *term);
