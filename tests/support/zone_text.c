// SPDX-License-Identifier: ISC
#include "tests/support/zone_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ldns/ldns.h>

#include "base/alloc.h"
#include "base/file.h"
#include "dns/image_build.h"
#include "dns/name.h"

#define ZONE_FILE_MAX (1u << 28)

static void die(const char *what, const char *why)
{
    fprintf(stderr, "zone_text: %s: %s\n", what, why);
    abort();
}

static void expect(ldns_status status, const char *what)
{
    if (status != LDNS_STATUS_OK)
        die(what, ldns_get_errorstr_by_id(status));
}

static ldns_rdf *name_rdf(const char *text)
{
    ldns_rdf *name = ldns_dname_new_frm_str(text);
    if (name == NULL)
        die(text, "not a name");
    return name;
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────

static ldns_rr_list *read_text(const char *apex, const char *text)
{
    ldns_rr_list *list = ldns_rr_list_new();
    ldns_rdf *origin = name_rdf(apex);
    ldns_rdf *owner = NULL;
    uint32_t ttl = 3600;
    int line = 0;
    char *copy = xasprintf("%s\n", text);
    FILE *file = fmemopen(copy, strlen(copy), "r");
    while (!feof(file)) {
        ldns_rr *rr = NULL;
        ldns_status status = ldns_rr_new_frm_fp_l(&rr, file, &ttl, &origin, &owner, &line);
        if (status == LDNS_STATUS_OK) {
            ldns_rr_list_push_rr(list, rr);
        } else if (status != LDNS_STATUS_SYNTAX_EMPTY && status != LDNS_STATUS_SYNTAX_TTL &&
                   status != LDNS_STATUS_SYNTAX_ORIGIN) {
            fprintf(stderr, "zone_text: %s: line %d\n", apex, line);
            expect(status, apex);
        }
    }
    fclose(file);
    free(copy);
    ldns_rdf_deep_free(origin);
    ldns_rdf_deep_free(owner);
    return list;
}

static void give_rr(const ldns_rr *rr, zone_text_fn *fn, void *arg)
{
    uint8_t *octets = NULL;
    size_t len = 0;
    expect(ldns_rr2wire(&octets, rr, LDNS_SECTION_ANSWER, &len), "an RR");
    size_t head = name_wire_len(octets) + 10; // type, class, TTL, rdlength
    struct image_rr given = {
        .owner = octets,
        .type = (uint16_t)ldns_rr_get_type(rr),
        .ttl = ldns_rr_ttl(rr),
        .rdata = octets + head,
        .rdata_len = (uint16_t)(len - head),
    };
    fn(&given, arg);
    free(octets);
}

void zone_text_each(const char *apex, const char *text, zone_text_fn *fn, void *arg)
{
    ldns_rr_list *list = read_text(apex, text);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
        give_rr(ldns_rr_list_rr(list, i), fn, arg);
    ldns_rr_list_deep_free(list);
}

// ── Signing ──────────────────────────────────────────────────────────────────────────────────────

static ldns_key *make_key(const char *apex)
{
    ldns_key *key = ldns_key_new_frm_algorithm(LDNS_SIGN_ECDSAP256SHA256, 256);
    if (key == NULL)
        die(apex, "no key");
    time_t now = time(NULL);
    ldns_key_set_pubkey_owner(key, name_rdf(apex));
    ldns_key_set_flags(key, LDNS_KEY_ZONE_KEY | LDNS_KEY_SEP_KEY);
    ldns_key_set_inception(key, (uint32_t)(now - 3600));
    ldns_key_set_expiration(key, (uint32_t)(now + 14 * 86400));
    return key;
}

static void sign_zone(ldns_dnssec_zone *zone, ldns_rr_list *made, ldns_key_list *keys,
                      enum zone_text_denial denial)
{
    if (denial == ZONE_TEXT_NSEC) {
        expect(
            ldns_dnssec_zone_sign(zone, made, keys, ldns_dnssec_default_replace_signatures, NULL),
            "signing");
        return;
    }
    uint8_t salt[] = {0xab, 0xcd};
    expect(ldns_dnssec_zone_sign_nsec3(zone, made, keys, ldns_dnssec_default_replace_signatures,
                                       NULL, LDNS_SHA1, denial == ZONE_TEXT_NSEC3_OPTOUT ? 1 : 0, 1,
                                       sizeof(salt), salt),
           "signing");
}

char *zone_text_sign(const char *apex, const char *text, enum zone_text_denial denial)
{
    ldns_rr_list *list = read_text(apex, text);
    ldns_key *key = make_key(apex);
    ldns_rr *dnskey = ldns_key2rr(key);
    ldns_rr_set_ttl(dnskey, 3600);
    ldns_key_set_keytag(key, ldns_calc_keytag(dnskey));
    ldns_rr_list_push_rr(list, dnskey);
    ldns_key_list *keys = ldns_key_list_new();
    ldns_key_list_push_key(keys, key);
    ldns_dnssec_zone *zone = ldns_dnssec_zone_new();
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
        expect(ldns_dnssec_zone_add_rr(zone, ldns_rr_list_rr(list, i)), apex);
    ldns_rr_list *made = ldns_rr_list_new();
    sign_zone(zone, made, keys, denial);
    char *ret = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&ret, &len);
    ldns_dnssec_zone_print(out, zone);
    fclose(out);
    ldns_dnssec_zone_deep_free(zone);
    ldns_rr_list_free(made); // its RRs are the zone's
    ldns_rr_list_free(list);
    ldns_key_list_free(keys);
    return ret;
}

// ── Images ───────────────────────────────────────────────────────────────────────────────────────

static void add_rr(const struct image_rr *rr, void *arg)
{
    struct error err = {0};
    if (image_builder_add(arg, rr, &err) != STATUS_OK)
        die("image", err.text);
}

void zone_text_image(const char *apex, const char *text, struct buf *ret_image)
{
    struct name name;
    struct error err = {0};
    if (name_from_text(apex, &name, &err) != STATUS_OK)
        die(apex, err.text);
    struct image_builder *builder = image_builder_new(name.wire);
    zone_text_each(apex, text, add_rr, builder);
    if (image_builder_finish(builder, &(struct image_meta){0}, ret_image, &err) != STATUS_OK)
        die(apex, err.text);
    image_builder_free(builder);
}

void zone_file_image(const char *apex, const char *path, struct buf *ret_image)
{
    struct buf text = {0};
    struct error err = {0};
    if (file_read(path, ZONE_FILE_MAX, &text, &err) != STATUS_OK)
        die(path, err.text);
    zone_text_image(apex, buf_text(&text), ret_image);
    buf_done(&text);
}
