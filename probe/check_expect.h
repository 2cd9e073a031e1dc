// SPDX-License-Identifier: ISC
// What a zone should be: one zone of the JSON of `zonegen --dump --json` (zonegen(1) has the format), as structs for
// the judges. It comes from the admin's own configuration, but is checked like anything that is read.
#pragma once

#include <jansson.h>
#include <ldns/ldns.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/status.h"

enum expect_mode { EXPECT_AUTHORITATIVE, EXPECT_HIDDEN_PRIMARY, EXPECT_EXTERNAL };

struct expect_server {
    const char *name;
    struct address *addresses; // port 53; none: whatever the world says
    size_t address_count;
};

struct expect_ds {
    uint16_t tag;
    uint8_t algorithm;
    uint8_t digest_type;
    const char *digest; // hex
};

struct expect_rrset {
    const char *name;
    ldns_rr_type type;
    ldns_rr_list *records;
};

struct expect_mail { // a mail domain in the zone
    const char *name;
    const char **selectors; // DKIM
    size_t selector_count;
    const char *policy; // text of the MTA-STS policy, or NULL: none
};

struct expect_missing { // a record that could not be made
    const char *name;
    const char *type;
    const char *why;
};

// The host whose mail server it is: its name is known for every zone, since SPF must let it send; the rest where `all`
// has the zone that holds it.
struct expect_host {
    const char *name;
    struct address *addresses; // port 53; none: as the world says
    size_t address_count;
    uint16_t *ports; // those with TLSA records
    size_t port_count;
};

struct expect_zone {
    const char *name;
    const char *error; // it cannot be made, for this reason, and nothing below is known; or NULL
    enum expect_mode mode;
    bool is_signed; // here: a DS belongs at the parent
    struct expect_server *servers;
    size_t server_count;
    struct expect_ds *ds;
    size_t ds_count;
    struct expect_rrset *rrsets;
    size_t rrset_count;
    struct expect_mail *mails;
    size_t mail_count;
    struct expect_missing *missing;
    size_t missing_count;
    struct expect_host host;
    bool has_host; // its records lie in this zone
    struct arena arena;
};

// The whole of the JSON; SYNTAX with words when it is none, or of another format. The caller releases *ret with
// json_decref.
enum status expect_parse(const char *octets, size_t len, json_t **ret, struct error *err);
size_t expect_count(const json_t *all);
// The zone at index, with texts that live as long as `all`. SYNTAX with words that name the member. The caller frees.
enum status expect_zone_read(const json_t *all, size_t index, struct expect_zone **ret,
                             struct error *err);
void expect_zone_free(struct expect_zone *zone); // NULL is fine
// Can all zones be read? What is no zone is to be said before anybody is asked.
enum status expect_all_read(const json_t *all, struct error *err);

// The RRset that should be at name (without the last dot, any case), or NULL.
const struct expect_rrset *expect_find(const struct expect_zone *zone, const char *name,
                                       ldns_rr_type type);
