// SPDX-License-Identifier: ISC
// Custom records: what the admin writes into a generated zone, as lines of a master file, as YAML mappings, or in a
// records file (docs/man/zonebox.yaml.5, RECORDS). Internal to zonegen/.
//
// They come in before anything is generated (custom_read), so that each record that zonebox would make can be asked
// whether a custom one stands in its place (custom_replaces); custom_put appends them, and zone_check looks at the
// whole. Every refusal is said at its place and fails the zone, and no other one.
#pragma once

#include "dns/name.h"
#include "dns/tag_list.h"
#include "zonegen/maker.h"

struct custom_record {
    ldns_rr *rr; // owner in lower case
    bool handed; // custom_put has handed it on: the content's
    struct zone_place place;
    bool ttl_given;
    size_t next; // of the same hash of its owner, plus one; 0: the last
};

struct custom {
    struct custom_record *records; // in the order of configuration and files
    size_t count;
    size_t cap;
    size_t *heads; // by hash of the owner: index plus one
    size_t head_count;
    bool is_put;
    bool cuts;          // there are delegations or DNAMEs among them
    ldns_rr_list *tlsa; // those of ours that were replaced
};

// Reads those of the target into maker->custom. SYNTAX when one was refused: maker_refuse has told each.
enum status custom_read(struct zone_maker *maker);
// Does a custom record stand in the place of this one, which zonebox would make?
bool custom_replaces(const struct zone_maker *maker, const ldns_rr *default_rr);
// Is there one of this type at the owner (text without last dot), or an alias to one?
bool custom_has(const struct zone_maker *maker, const char *owner, const char *type);
// Appends them to the content. What is made later goes on to be asked whether one stands in its place.
void custom_put(struct zone_maker *maker);
void custom_free(struct custom *custom); // NULL is fine

// The texts that custom records are written in.
struct custom_source {
    struct name origin;           // where relative names start; $ORIGIN of a file changes it
    const char *file;             // of places
    const struct config_ttl *ttl; // of records that say none
    bool everywhere;              // for every zone: absolute names make no sense
};
// One record of the configuration.
void custom_read_record(struct zone_maker *maker, const struct custom_source *source,
                        const struct config_record *record);
// A records file: $ORIGIN and $TTL are followed, $INCLUDE is refused.
void custom_read_file(struct zone_maker *maker, const struct custom_source *source,
                      const void *text, size_t len);

// Why no custom record may have this type (signing makes it, messages only have it), or NULL.
const char *custom_refuse_type(uint16_t type);
// A record that was read: kept, or refused at its place for where it is (a name outside of the zone).
void custom_keep(struct zone_maker *maker, const struct name *owner, ldns_rr *rr,
                 const struct custom_record *written);

// Those at an owner (any case), in no order; NULL: none (more).
const struct custom_record *custom_first(const struct custom *custom, const ldns_rdf *owner);
const struct custom_record *custom_next(const struct custom *custom,
                                        const struct custom_record *record);

// Notes about custom TLSA that took the place of ours and fit no certificate.
void custom_note_tlsa(struct zone_maker *maker);

// The family that a TXT means to be, by its owner and its strings joined (txt_meant of dns/tag_list.h); *ret_text is
// the text, which is empty before.
enum txt_family custom_txt_family(const ldns_rr *rr, struct buf *ret_text);
