// SPDX-License-Identifier: ISC
// What each zone should say: inputs and public keys → records with reasons.
//
// Generation is a pure function of the inputs (config/inputs.h) and of the public key files: no clock, no network,
// nothing written. The command `zonegen` prints its result; zone-signer signs it. Both see the same.
//
// One zone per domain of the configuration; the host name gets a zone of its own unless a domain encloses it. A name
// belongs to the zone whose apex is the longest that encloses it. A zone of ours below another zone of ours is
// delegated there, with DS where its key exists.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ldns/ldns.h>

#include "base/buf.h"
#include "base/status.h"
#include "config/inputs.h"
#include "keys/dkim.h"
#include "keys/dnskey.h"
#include "keys/offer.h"
#include "keys/tls_plan.h"

// Where a record was written.
struct zone_place {
    const char
        *file; // path as it is shown, borrowed from the inputs; NULL: the record is generated
    unsigned line;
    unsigned column;
};

// One record, and why it is there. Or, when rr is NULL, a record that should be there but cannot be yet: `missing` says
// owner and type ("mail._domainkey.example.com. TXT"), `why` what is lacking and what to do. A record that stands in
// for an input that could not be used is missing in this sense.
struct zone_record {
    ldns_rr *rr;
    char *missing;
    char *why; // one line, with the RFC
    struct zone_place place;
    bool ttl_given; // the admin wrote the TTL: others of its set follow
};

// What should be said about a zone that is not a record: a certificate that is expired, one address for all servers …
struct zone_note {
    bool error; // an input could not be used: what was published from its last good state must stay
    char *input; // path of the input concerned, or NULL
    char *text;  // one line
    int64_t
        from; // true from this time on (Unix seconds), 0: always. Generation reads no clock, so a certificate has
    int64_t
        until; // a note for the time behind its end. Until (excluded), 0: for ever. See zone_note_holds.
};

struct owners;

struct zone_content {
    char *name;                         // apex, text without the last dot, lower case
    const struct config_domain *domain; // NULL: the zone of the host name itself
    enum config_dnssec dnssec;
    const struct config_dnssec_policy *policy;
    const struct offer *offer; // what zone-signer says of its DS, NULL: nothing; of zonegen_keys
    struct zone_record
        *records; // SOA first, then in the order of the dump; for a zone file the file's order
    size_t record_count;
    struct zone_note *notes;
    size_t note_count;
};

// A name whose DMARC reports go to an address in another zone of ours.
struct zone_reporter {
    const char *name;
    const struct config_mail *mail; // with the addresses
};

// The zones that the configuration asks for, each once, in the order of the file, the host name's own zone (when it has
// one) first. Names are borrowed from the config. The caller frees the array, one block with all that it points to but
// the names.
struct zone_target {
    const char *name;
    const struct config_domain *domain; // NULL: host name's own
    enum config_dnssec dnssec;
    const struct config_dnssec_policy *policy; // never NULL, as is ttl: the domain's, or the box's
    const struct config_ttl *ttl;
    const struct config_domain *
        *inside; // domains with `zone: parent` whose records are in this zone
    size_t inside_count;
    struct zone_reporter *reporters; // whose reports come to addresses in this zone
    size_t reporter_count;
    // Name servers of any zone of ours whose names lie in this one, each once
    const struct config_nameserver **servers;
    size_t server_count;
    const struct zone_index *index;      // of all zones; internal
    const struct zone_target **children; // the nearest zones of ours below this one
    size_t child_count;
    const struct zone_target *parent; // the nearest zone of ours above it, or NULL
    // Of all that the configuration says about this zone: where it is the same, the zone is, but for what the files and
    // the addresses of the box say.
    uint64_t digest;
};
size_t zonegen_targets(const struct config *config, struct zone_target **ret);
// The target whose apex is the name, or NULL. With and without the last dot, any case.
const struct zone_target *zonegen_target_find(const struct zone_target *targets, size_t count,
                                              const char *name);

// What generation reads of the world, besides inputs: where public key files lie.
struct zonegen_keys {
    const char *dnssec_directory; // state/keys
    const char *dkim_directory;   // state/dkim
    // Keys of domains that were read from there a moment ago; those of others are read
    const struct dkim_domain *dkim;
    size_t dkim_count;
    // Which keys the TLSA records name besides those of the files: the signer's plan, or NULL; then that of
    // public_directory/tls.keys, NULL: none. Where there is none, keys of certificates and next keys are published.
    const struct tls_plan *tls;
    const char *public_directory; // state/public
    const struct dnskey_listing
        *listing; // of dnssec_directory, for many zones in a row; NULL: listed when needed
    // What the parents should have as DS, as the signer has written it; NULL, or not known: of all keys.
    const struct offers *offers;
    // For the signer, which knows better: should the parent have the DS of this DNSKEY of the child now? A DS that
    // comes too early would make it bogus. NULL: by `offers`.
    bool (*is_offered)(void *context, const struct zone_target *child, const ldns_rr *dnskey);
    void *context;
};

// Makes one zone, all or nothing: what is wrong with one record (a place, the record, what would be right) fails the
// zone. Then the words are of the first such record, with the number of the others. The SOA's serial is 1 in a
// generated zone (the signer sets it) and the file's own in a zone file. Fails only when there can be no zone at all:
// a zone file or custom record that does not hold up ("file:line: …").
enum status zonegen_make(const struct inputs *inputs, const struct zonegen_keys *keys,
                         const struct zone_target *target, struct zone_content **ret,
                         struct error *err);
// The same for who shows all that is wrong: the content is there in any case, with what is wrong among its notes, and
// not to be served when the status says so.
enum status zonegen_examine(const struct inputs *inputs, const struct zonegen_keys *keys,
                            const struct zone_target *target, struct zone_content **ret,
                            struct error *err);
void zone_content_free(struct zone_content *content); // NULL is fine
// Is the note true at this time?
bool zone_note_holds(const struct zone_note *note, int64_t now);
// Is the same said by a note before it?
bool zone_note_repeats(const struct zone_content *content, size_t index);

// The text of a domain's MTA-STS policy (RFC 8461 §3.2), for the web server of mta-sts.DOMAIN: with the exchangers that
// the zone has. owners (zonegen/owners.h) knows the content's records. False when the domain has none.
bool zonegen_mta_sts_policy(const struct zone_content *content, const struct owners *owners,
                            const struct config_domain *domain, struct buf *ret);

// Prints the zone as a master file, a comment on every record.
void zone_content_dump(const struct zone_content *content, struct buf *ret);

// Prints what must be told elsewhere (zonegen/elsewhere.h): DS, its fields, the DNSKEY and the glue as registrars ask
// for them, reverse names (docs/man/zonegen.1). NOT_FOUND with words when there is no key yet or the zone is unsigned:
// ret then has the rest.
enum status zonegen_ds(const struct inputs *inputs, const struct zonegen_keys *keys,
                       const struct zone_target *target, struct buf *ret, struct error *err);
