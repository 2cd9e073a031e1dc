// SPDX-License-Identifier: ISC
// The judges: what a zone should be (probe/check_expect.h) and what was seen (probe/check_facts.h) → verdicts. Pure: no
// clock, no network, and the same verdicts whatever the order in which facts came.
//
// A judge whose facts are not all there yet says nothing or too little; that is of no harm, since verdicts count only
// once nothing is wanted any more. One file for each part of the matter; judge_zone() calls them in order:
//
//     judge_parent    parent's servers → delegation, glue
//     judge_servers   each server at each address → answers, authority, TCP, EDNS, recursion, NS set, serial
//     judge_dnssec    signatures and their time left, proof of what does not exist
//     judge_ds        the parent's DS against the keys that are served
//     judge_records   each RRset at each server
//     judge_host      addresses, PTR, TLSA and what the ports present
//     judge_mail      MX, SPF, DKIM, TLS-RPT, CAA; judge_dmarc; judge_sts
//
// For a zone that others serve (mode external) its servers are not judged, only what they say.
#pragma once

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "probe/check_expect.h"
#include "probe/check_facts.h"
#include "probe/check_verdict.h"

// Names of servers, and addresses of one name, that strangers' records may lead to: the root has 13 names, of two
// addresses each.
#define JUDGE_NAMES_MAX     32
#define JUDGE_ADDRESSES_MAX 16

// A name server at one address.
struct judge_server {
    const char *name;
    struct address address;
    const char *label; // "ns1.example.com (192.0.2.1)"
    bool ours;         // the configuration names it
    // What judge_servers found out; `serves`, of the parent's, judge_parent:
    bool udp, tcp; // answers so
    bool
        serves; // answers for the zone from authority; the parent's: says who does, or that nobody does
    bool stale;            // has an older version of it than another
    const ldns_pkt *reply; // to the question for SOA, by UDP or else TCP; NULL unless it serves
    const ldns_rr *soa;    // from there
    // From judge_dnssec:
    ldns_rr_list *keys;       // DNSKEY; NULL: not known
    ldns_rr_list *signatures; // of the keys
    bool validates;           // by them, as far as it was looked at
    int64_t until;            // when the first of the signatures that were looked at expires
};

struct judge_servers {
    struct judge_server *list;
    size_t count;
};

struct judge {
    const struct expect_zone *zone;
    struct facts *facts;
    int64_t now;
    struct verdicts *verdicts;
    struct arena arena;   // texts and arrays of this run
    ldns_rr_list **lists; // of this run, too; the records in them are the facts'
    size_t list_count, list_cap;
    // From judge_parent; NULL as long as they are not known:
    const char *parent; // the zone above
    struct judge_servers parents;
    const char **delegated; // names of the NS set there, sorted
    size_t delegated_count;
    bool is_lost; // no server of the parent knows the zone, so that nobody finds what is in it
    // From judge_servers:
    struct judge_servers servers;
};

// Judges once; wanted facts may have been added. *ret_open: some were missing, and the verdicts are void.
void judge_zone(const struct expect_zone *zone, struct facts *facts, int64_t now,
                struct verdicts *verdicts, bool *ret_open);

void judge_parent(struct judge *judge);
void judge_servers(struct judge *judge);
void judge_dnssec(struct judge *judge);
void judge_ds(struct judge *judge);
void judge_records(struct judge *judge);
// Of what judge_records compared, the signatures. Nothing is asked for, and verifying is not done for verdicts that are
// void: to be called when all facts are there.
void judge_record_signatures(struct judge *judge);
void judge_host(struct judge *judge);
void judge_mail(struct judge *judge);
void judge_dmarc(struct judge *judge, const char *domain);
void judge_sts(struct judge *judge, const struct expect_mail *mail);
// Is the RRset signed, now, by one of the keys? NULL, or why not.
const char *judge_signed(struct judge *judge, const ldns_rr_list *rrset,
                         const ldns_rr_list *signatures, const ldns_rr_list *keys);
// Of an RRset of a server that validates so far: once it does not, that is said, naming what it was, and no more.
void judge_signature(struct judge *judge, struct judge_server *server, const ldns_pkt *reply,
                     const ldns_rr_list *rrset, const char *what);
// Who validates after all that.
void judge_valid(struct judge *judge);

// ── What they share (judge_common.c) ─────────────────────────────────────────────────────────────

// A text that lives as long as this run.
const char *judge_text(struct judge *judge, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// "ns1.example.com (192.0.2.1)"
const char *judge_label(struct judge *judge, const char *name, const struct address *address);

// A name as text, lower case, without the last dot; lives as long as this run.
const char *judge_name(struct judge *judge, const ldns_rdf *name);
// Behind the first label: "." for a name of one, NULL for the root.
const char *name_above(const char *name);
bool name_is(const char *a, const char *b);              // any case, with or without the last dot
bool name_is_inside(const char *name, const char *zone); // or the zone itself

// How a DNS fact turned out: READY when there is a reply whose rcode speaks of the name (NOERROR, NXDOMAIN).
enum judge_reply { REPLY_OPEN, REPLY_READY, REPLY_UNKNOWN };
enum judge_reply judge_reply(const struct fact *fact);
// Why it is UNKNOWN: "no answer", "SERVFAIL" …
const char *judge_why(struct judge *judge, const struct fact *fact);

// The records of that name and type in a section; the list lives as long as this run, the records as the facts.
ldns_rr_list *judge_rrset(struct judge *judge, const ldns_pkt *reply, ldns_pkt_section section,
                          const char *name, ldns_rr_type type);
// An empty list of that kind.
ldns_rr_list *judge_list(struct judge *judge);
// The same RRset, whatever the order, TTL and case of names?
bool judge_same(const ldns_rr_list *a, const ldns_rr_list *b);
// Its data as one line for people, records apart by ", "; cut to some length.
const char *judge_data(struct judge *judge, const ldns_rr_list *records);
// The strings of a TXT record joined; *ret_len octets and a NUL behind.
const char *judge_txt(struct judge *judge, const ldns_rr *rr, size_t *ret_len);

// What the resolver says of a name: its answer, behind aliases. The list is empty when there is nothing. *ret_why is
// set when it is UNKNOWN.
enum judge_reply judge_resolve(struct judge *judge, const char *name, ldns_rr_type type,
                               ldns_rr_list **ret, const char **ret_why);
// The same, but of a name in the zone a server of the zone is asked, not a cache.
enum judge_reply judge_look(struct judge *judge, const char *name, ldns_rr_type type,
                            ldns_rr_list **ret, const char **ret_why);
// The first server that serves the zone as it is now, over UDP; NULL: none.
const struct judge_server *judge_witness(const struct judge *judge);
// The addresses of a host by the resolver, both families, at most JUDGE_ADDRESSES_MAX, those that the world can reach.
// UNKNOWN when one family is not known: the list has what is known of the other.
enum judge_reply judge_addresses(struct judge *judge, const char *name, uint16_t port,
                                 struct address **ret, size_t *ret_count);

// The address of an A or AAAA record; family AF_UNSPEC when its data is none.
void judge_address(const ldns_rr *rr, uint16_t port, struct address *ret);

// "1.2.0.192.in-addr.arpa"
const char *judge_reverse_name(struct judge *judge, const struct address *address);

// ── Servers, and who says the same (judge_common.c) ───────────────────────────────────────────────────────────

// Servers are asked one by one and agree, as a rule: what they say is put together by content.
struct saying {
    const char *content;
    const char *who; // "ns1.example.com (192.0.2.1), ns2.example.com (192.0.2.2)"
    size_t count;
};

struct sayings {
    struct saying *list;
    size_t count;
};

// Appends a server, unless it is there already. name lives as long as this run.
void judge_add_server(struct judge *judge, struct judge_servers *servers, const char *name,
                      const struct address *address, bool ours);
// Names in alphabetical order, apart by blanks: equal sets are equal texts.
const char *judge_join(struct judge *judge, const char **names, size_t count);
// The names in the data of NS records.
const char **judge_names(struct judge *judge, const ldns_rr_list *records, size_t *ret_count);

void sayings_add(struct judge *judge, struct sayings *sayings, const char *content,
                 const char *who);
