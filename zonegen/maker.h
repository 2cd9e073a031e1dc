// SPDX-License-Identifier: ISC
// One zone while it is being made: what it is made from, and the only ways by which records, gaps and notes get into
// it. Internal to zonegen/.
#pragma once

#include "zonegen/gaps.h"
#include "zonegen/owners.h"
#include "zonegen/zonegen.h"

#define REPORT_DOMAIN_MAX 256

struct zone_maker {
    const struct inputs *inputs;
    const struct config *config;
    const struct zonegen_keys *keys;
    const struct zone_target *target;
    // Whose records are being made: the target's own domain, then each of those inside of it. In the zone of the host
    // name `domain` is NULL and `name` the host name.
    const struct config_domain *domain;
    const char *name;
    const struct config_ttl *ttl; // that domain's
    struct zone_content *content;
    size_t record_cap;
    size_t note_cap;
    struct record_index *index; // of content's records, so that one that is there is found at once
    struct gaps gaps;           // of content's records likewise
    struct owners owners;       // of content's records, as far as somebody asked (owners_follow)
    struct custom *custom;      // zonegen/custom.h; NULL: none
    size_t refused;             // maker_refuse was called so often
    struct error refusal;       // the first one's words
    size_t remarks;             // maker_remark likewise
};

struct zone_maker zone_maker(const struct inputs *inputs, const struct zonegen_keys *keys,
                             const struct zone_target *target);
// Releases what making needs; the content stays.
void maker_done(struct zone_maker *maker);

// Adds a record, unless a custom one stands in its place (zonegen/custom.h); owner is a name without last dot, rdata
// is as in a master file, the TTL is the type's. An owner that does not belong to the zone is left out: another zone
// of ours has it, or it is not ours. The same record twice is one, with the first reason. What cannot be written (a
// name that gets too long) becomes a gap with the reason.
void maker_add(struct zone_maker *maker, const char *owner, const char *type, const char *why,
               const char *rdata_format, ...) __attribute__((format(printf, 5, 6)));
// A TXT with a text of any length, cut into strings that its readers join again (RFC 1035 §3.3, RFC 6376 §3.6.2.2).
void maker_add_text(struct zone_maker *maker, const char *owner, const char *why,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));
// The same as maker_add for what stands at or below a zone cut of this zone: NS, DS and glue of a delegation.
void maker_add_cut(struct zone_maker *maker, const char *owner, const char *type, const char *why,
                   const char *rdata_format, ...) __attribute__((format(printf, 5, 6)));
// Takes rr over as it is, without merging.
void maker_take(struct zone_maker *maker, ldns_rr *rr, const char *why);
// Takes it over unless it is there already. False: it is, and rr stays the caller's.
bool maker_take_new(struct zone_maker *maker, ldns_rr *rr, const char *why);
// A gap: the record that should be there, and what is lacking. Left out when owner does not belong to the zone, or when
// a custom record stands there.
void maker_missing(struct zone_maker *maker, const char *owner, const char *type,
                   const char *why_format, ...) __attribute__((format(printf, 4, 5)));
// The note is returned so that times can be set.
struct zone_note *maker_note(struct zone_maker *maker, bool error, const char *input,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

// Something written at this place cannot be: the zone fails with the words "file:line:col: …" (a note with error
// set, so that all are told, up to a number that nobody reads to its end).
void maker_refuse(struct zone_maker *maker, const struct zone_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// The same for what is odd but works: a note.
void maker_remark(struct zone_maker *maker, const struct zone_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// An input that the configuration names there (no line: a default that was found) could not be used: an error note.
void maker_note_input(struct zone_maker *maker, const struct config_place *place, const char *path,
                      const char *words);
// The same place, as messages have it.
struct zone_place config_zone_place(const struct config *config, const struct config_place *place);
// "file:line:col: words", with as much of the place as there is.
struct error zone_place_words(const struct zone_place *place, const char *words);
// "owner TYPE" for messages; the caller frees.
char *record_title(const ldns_rr *rr);

// Does the name lie in this zone, and not in another one of ours below it?
bool target_holds(const struct zone_target *target, const char *name);
// Is name the ancestor or below it? Both without last dot, lower case.
bool name_text_under(const char *name, const char *ancestor);
// The path as the admin would write it: relative to the configuration where it lies beside or below it.
const char *display_path(const struct config *config, const char *path);

// The addresses that the box publishes: those of the configuration, else the global ones that were found. Returns how
// many; *ret is a new array.
size_t box_addresses(const struct inputs *inputs, struct address **ret);
// Copies what the configuration lists.
size_t copy_addresses(const struct config_address *addresses, size_t count, struct address **ret);
// The name servers of a zone: those of its domain, else the box's. Borrowed.
size_t target_nameservers(const struct config *config, const struct zone_target *target,
                          const struct config_nameserver **ret);
// The addresses of a name server: its own, else the box's where its name lies in a zone of ours, else none.
size_t nameserver_addresses(const struct inputs *inputs, const struct zone_target *target,
                            const struct config_nameserver *server, struct address **ret);
// The zone of ours that the name belongs to, or NULL. Any target will do: each knows all.
const struct zone_target *target_of(const struct zone_target *any, const char *name);
// The name server as it is written with its addresses, wherever that is, or NULL: nowhere.
const struct config_nameserver *target_server(const struct zone_target *any, const char *name);
// The domain behind the @ of a mailto: URI, lower case; false when it is another URI. RFC 6068 §2.
bool report_domain(const char *uri, char ret[REPORT_DOMAIN_MAX]);
// Do receivers of reports ask whether they are welcome (RFC 9990 §4)? Not where both names are the same organisation's,
// which here are those below one zone of ours.
bool report_is_foreign(const struct zone_target *any, const char *name, const char *report_domain);
// The topmost zone of ours above the target, or itself.
const struct zone_target *target_top(const struct zone_target *target);
// Of zone_target.digest: its part that all zones share, and the whole. any is one of the targets.
uint64_t servers_digest(const struct zone_target *any,
                        const struct config_nameserver *const *servers, size_t count);
uint64_t target_digest(const struct config *config, const struct zone_target *target,
                       uint64_t servers);

// Adds the box's addresses at owner, a gap where there are none.
void make_box_addresses(struct zone_maker *maker, const char *owner, const char *why);
// Makes `domain` (NULL: the host name) the one whose records come next.
void maker_turn_to(struct zone_maker *maker, const struct config_domain *domain);

// Makers of records, one topic a file. Those of the zone run once,
void make_soa(struct zone_maker *maker);
void make_ns(struct zone_maker *maker);
void make_nameserver_addresses(struct zone_maker *maker);
void make_tlsa(struct zone_maker *maker);
void make_sshfp(struct zone_maker *maker);
// NS, glue and DS of the zones of ours below this one. In a zone that comes from a file, only what the file lacks.
void make_delegations(struct zone_maker *maker);
void note_addresses(struct zone_maker *maker);
void make_report_authorisation(struct zone_maker *maker);
// those of the host name in its zone,
void make_host_addresses(struct zone_maker *maker);
void make_host_spf(struct zone_maker *maker);
void make_host_dmarc(struct zone_maker *maker);
void make_host_tls_rpt(struct zone_maker *maker);
void make_host_caa(struct zone_maker *maker);
// the others for each maker->name in it.
void make_addresses(struct zone_maker *maker);
void make_mx(struct zone_maker *maker);
void make_spf(struct zone_maker *maker);
void make_dkim(struct zone_maker *maker);
void make_dmarc(struct zone_maker *maker);
void make_tls_rpt(struct zone_maker *maker);
void make_mta_sts_addresses(struct zone_maker *maker);
void make_services(struct zone_maker *maker);
void make_autoconfig(struct zone_maker *maker);
void make_caa(struct zone_maker *maker);
void make_ptr(struct zone_maker *maker);
// When all is there that the configuration asks for: what follows from it.
void make_mta_sts(struct zone_maker *maker); // for each name
void make_silent(struct zone_maker *maker);  // once

// Refuses at its place what the configuration says about mail and is not fit to be published.
void check_mail(struct zone_maker *maker);
// Is it a zone of addresses' names?
bool target_is_reverse(const struct zone_target *target);

// Reads the target's zone file into a maker. The records' order is the file's, SOA first.
enum status zone_file_make(struct zone_maker *maker, struct error *err);
// Reads the records of a master file: parse only. The array and its records go to *ret; SYNTAX with
// "path:line:column: …".
struct zone_file_record {
    ldns_rr *rr;
    struct zone_place place; // of its first word
};
enum status zone_file_parse(const struct input_file *file, const char *apex, uint32_t ttl,
                            struct zone_file_record **ret, size_t *ret_count, struct error *err);
// Reads a file that can be read in one way only, and is right (zonefile_plain.c). False: it is not, and nothing is
// returned.
bool zone_file_plain(const struct input_file *file, const char *apex, uint32_t ttl,
                     struct zone_file_record **ret, size_t *ret_count);
// Goes over what ldns has read and lets the data be what is written: ldns makes 0 of 65536, and leaves out what it does
// not expect. SYNTAX with "path:line:column: …", of the word where there is one, for what cannot be meant.
enum status zone_file_reread(const struct input_file *file, const char *apex,
                             struct zone_file_record *records, size_t count, struct error *err);
// What is wrong with the record at this line, which ldns cannot read, in the words of the second look and with the
// place of the word; false when that finds nothing wrong.
bool zone_file_explain(const struct input_file *file, const char *apex, unsigned line,
                       struct error *err);
void zone_file_records_free(struct zone_file_record *records, size_t count);
// What a zone must keep whoever serves it; the error has the place. Takes out of records what a zone that is signed
// here must not bring along (*count shrinks), and repeated ones (their rr becomes NULL). What is odd but works is a
// note.
enum status zone_file_check(struct zone_maker *maker, const char *path,
                            struct zone_file_record *records, size_t *count, struct error *err);
