// SPDX-License-Identifier: ISC
// What a zone must keep whoever serves it: the same rules for zone files and for zones with custom records. Internal to
// zonegen/.
//
// What breaks a zone is refused in both. What resolvers, mail servers or checkers trip over is refused in custom
// records, which were written for this zone and can be put right, and a note in a zone file, which was served
// elsewhere before.
#pragma once

#include "zonegen/zone_view.h"

struct zone_check {
    struct zone_maker *maker;
    const struct zone_view *view;
    bool is_file; // a zone file, not a zone with custom records
};

// Looks at all of a sorted view; what is wrong goes to maker_refuse, what is odd to the notes.
void zone_check_rules(const struct zone_check *check);
// The content of a generated zone. Records of a set have one TTL afterwards: the written one.
void zone_check(struct zone_maker *maker);

// The host that the record sends others to, who will not follow an alias (RFC 2181 §10.3, RFC 2782), or NULL.
const ldns_rdf *zone_check_host_of(const ldns_rr *rr);
// Where `services:` of the zone's domains names the host (without last dot), or NULL: the box's own, which has
// addresses.
const struct config_service *zone_check_service(const struct config *config,
                                                const struct zone_target *target, const char *host);

// For the files of rules: this record is wrong. `odd`: a note suffices in a zone file.
enum severity { RULE_WRONG, RULE_ODD };
void zone_check_tell(const struct zone_check *check, const struct view_record *record,
                     enum severity severity, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
// As a note, whoever wrote it.
void zone_check_note(const struct zone_check *check, const struct view_record *record,
                     const char *format, ...) __attribute__((format(printf, 3, 4)));
// Among records[from, to) those that say something about mail (SPF, DMARC, DKIM …).
void zone_check_texts(const struct zone_check *check, size_t from, size_t to);
// Which of two records should be complained about: one that was written comes before one that was made.
const struct view_record *zone_check_culprit(const struct view_record *a,
                                             const struct view_record *b);
