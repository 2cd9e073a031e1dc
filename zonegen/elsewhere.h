// SPDX-License-Identifier: ISC
// What must be entered elsewhere, since no zone of ours can say it: keys and name servers at the registrar, names of
// addresses at their provider, records in zones of others, policies on a web server. Facts only; ds.c puts
// them into words, json.c into JSON.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "zonegen/zonegen.h"

struct elsewhere_server {
    char *name;                // without the last dot
    bool inside;               // lies in the zone: its addresses are glue, and it needs one
    struct address *addresses; // those known here; none of a machine of others
    size_t address_count;
};

struct elsewhere_address {
    struct address address;
    char *reverse;    // its name below in-addr.arpa or ip6.arpa, without the last dot
    const char *zone; // the zone of ours that this lies in, or NULL: the provider's
};

// A record that a zone of others must have before reports about a domain of ours are sent there (RFC 9990 §4).
struct elsewhere_report {
    char *owner;  // without the last dot; its TXT is REPORT_WELCOME
    char *domain; // who gets the reports
};

#define REPORT_WELCOME "v=DMARC1;"

// The policy of a domain, for the web server of mta-sts.DOMAIN (RFC 8461 §3.3).
struct elsewhere_policy {
    const char *domain;
    char *text; // lines, each with its end
};

struct elsewhere {
    const struct inputs *inputs;
    const struct zone_target *target;
    const struct zone_content *content;
    const struct offer *offer; // what the signer says of it, or NULL
    ldns_rr **keys;            // DNSKEY records that a DS may name
    size_t key_count;
    struct elsewhere_server *servers; // in the order of the zone; none in mode external
    size_t server_count;
    bool together;                     // all of them are known to have the same addresses
    struct elsewhere_address *reverse; // the box's, in the zone that holds the host name
    size_t reverse_count;
    struct elsewhere_report *reports;
    size_t report_count;
    size_t report_cap;
    struct elsewhere_policy *policies; // in the order of target->domain, target->inside
    size_t policy_count;
    size_t policy_cap;
};

enum config_mode target_mode(const struct zone_target *target);

// content is the zone as zonegen_make has it; it, inputs and target must outlive *ret, which is filled in any case:
// NOT_FOUND when there is no key yet or the zone is unsigned, or what dnskey_load says, is about `keys` alone.
enum status elsewhere_gather(const struct inputs *inputs, const struct zonegen_keys *keys,
                             const struct zone_target *target, const struct zone_content *content,
                             struct elsewhere *ret, struct error *err);
// The digest of the DS of a key, in upper case hexadecimal as registrars want it. The caller frees.
char *elsewhere_digest(const ldns_rr *dnskey, ldns_hash hash);
void elsewhere_done(struct elsewhere *elsewhere);
