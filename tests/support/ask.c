// SPDX-License-Identifier: ISC
#include "tests/support/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>
#include <ldns/ldns.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "dns/name.h"
#include "dns/wire.h"

static void give_up(const char *what, const char *which)
{
    fprintf(stderr, "ask: %s: %s\n", what, which);
    exit(1);
}

size_t ask_query(const char *question, uint8_t octets[ASK_MAX])
{
    char text[NAME_TEXT_MAX + 100];
    snprintf(text, sizeof(text), "%s", question);
    char *save;
    const char *name_text = strtok_r(text, " ", &save);
    const char *type = strtok_r(NULL, " ", &save);
    struct name name;
    struct error err = {0};
    if (type == NULL || name_from_text(name_text, &name, &err) != STATUS_OK)
        give_up("not a question", question);
    memcpy(octets, "\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
    memcpy(octets + 12, name.wire, name.len);
    size_t at = 12 + (size_t)name.len;
    wire_set_u16(octets + at, (uint16_t)ldns_get_rr_type_by_name(type));
    wire_set_u16(octets + at + 2, 1);
    at += 4;
    bool edns = false;
    bool dnssec = false;
    unsigned size = 1232;
    for (const char *word; (word = strtok_r(NULL, " ", &save)) != NULL;) {
        edns = true;
        dnssec = dnssec || strcmp(word, "+do") == 0;
        sscanf(word, "+size=%u", &size);
    }
    if (!edns)
        return at;
    octets[11] = 1;
    memcpy(octets + at, "\x00\x00\x29\x00\x00\x00\x00\x00\x00\x00\x00", 11);
    wire_set_u16(octets + at + 3, (uint16_t)size);
    octets[at + 7] = dnssec ? 0x80 : 0;
    return at + 11;
}

// The rdata fields that are worth comparing.
static void put_rdata(struct buf *text, const ldns_rr *rr)
{
    ldns_rr_type type = ldns_rr_get_type(rr);
    if (type == LDNS_RR_TYPE_DNSKEY || type == LDNS_RR_TYPE_DS || type == LDNS_RR_TYPE_NSEC3)
        return;
    size_t count = type == LDNS_RR_TYPE_RRSIG ? 1 : ldns_rr_rd_count(rr);
    for (size_t i = 0; i < count; i++) {
        char *field = ldns_rdf2str(ldns_rr_rdf(rr, i));
        size_t len = strlen(field);
        while (len > 0 && field[len - 1] == ' ')
            len--;
        buf_printf(text, " %.*s", (int)len, field);
        free(field);
    }
}

static void put_section(struct buf *text, const char *section, const ldns_rr_list *list)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        char *owner = ldns_rdf2str(ldns_rr_owner(rr));
        char *type = ldns_rr_type2str(ldns_rr_get_type(rr));
        buf_printf(text, "%s %s %s", section, owner, type);
        if (ldns_rr_ttl(rr) != 3600)
            buf_printf(text, "/%u", ldns_rr_ttl(rr));
        put_rdata(text, rr);
        buf_put_text(text, "\n");
        free(owner);
        free(type);
    }
}

static const char *rcode_text(unsigned rcode, char room[16])
{
    static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                        "NOTIMP",  "REFUSED", "YXDOMAIN"};
    if (rcode < sizeof(names) / sizeof(names[0]))
        return names[rcode];
    snprintf(room, 16, "RCODE%u", rcode);
    return room;
}

static void put_opt(struct buf *text, const ldns_pkt *packet)
{
    if (!ldns_pkt_edns(packet))
        return;
    buf_printf(text, "opt");
    const ldns_rdf *data = ldns_pkt_edns_data(packet);
    if (data != NULL && ldns_rdf_size(data) >= 6 && wire_get_u16(ldns_rdf_data(data)) == 15)
        buf_printf(text, " ede %u", wire_get_u16(ldns_rdf_data(data) + 4));
    buf_put_text(text, "\n");
}

static ldns_pkt *read_packet(const uint8_t *reply, size_t len)
{
    ldns_pkt *packet;
    ldns_status status = ldns_wire2pkt(&packet, reply, len);
    if (status != LDNS_STATUS_OK)
        give_up("unreadable reply", ldns_get_errorstr_by_id(status));
    return packet;
}

char *ask_text(const uint8_t *reply, size_t len)
{
    ldns_pkt *packet = read_packet(reply, len);
    struct buf text = {0};
    char room[16];
    unsigned rcode = (unsigned)ldns_pkt_get_rcode(packet);
    if (ldns_pkt_edns(packet))
        rcode |= (unsigned)ldns_pkt_edns_extended_rcode(packet) << 4;
    buf_put_text(&text, rcode_text(rcode, room));
    buf_put_text(&text, ldns_pkt_aa(packet) ? " aa" : "");
    buf_put_text(&text, ldns_pkt_tc(packet) ? " tc" : "");
    buf_put_text(&text, ldns_pkt_rd(packet) ? " rd" : "");
    buf_put_text(&text, ldns_pkt_ra(packet) ? " ra" : "");
    buf_put_text(&text, ldns_pkt_ad(packet) ? " ad" : "");
    buf_put_text(&text, ldns_pkt_cd(packet) ? " cd" : "");
    buf_put_text(&text, "\n");
    put_section(&text, "answer", ldns_pkt_answer(packet));
    put_section(&text, "authority", ldns_pkt_authority(packet));
    put_section(&text, "additional", ldns_pkt_additional(packet));
    put_opt(&text, packet);
    char *ret = xstrdup(buf_text(&text));
    buf_done(&text);
    ldns_pkt_free(packet);
    return ret;
}

char *ask_hash(const char *name_text)
{
    ldns_rdf *name = ldns_dname_new_frm_str(name_text);
    uint8_t salt[] = {0xab, 0xcd};
    ldns_rdf *hash = ldns_nsec3_hash_name(name, LDNS_SHA1, 1, sizeof(salt), salt);
    char *text = ldns_rdf2str(hash);
    text[strcspn(text, ".")] = '\0';
    ldns_rdf_deep_free(name);
    ldns_rdf_deep_free(hash);
    return text;
}

static bool proves(const ldns_rr *nsec3, const char *hash, bool matches)
{
    char *owner = ldns_rdf2str(ldns_rr_owner(nsec3));
    char *next = ldns_rdf2str(ldns_nsec3_next_owner(nsec3));
    owner[strcspn(owner, ".")] = '\0';
    int after_owner = strcasecmp(hash, owner);
    int before_next = strcasecmp(next, hash);
    bool last = strcasecmp(next, owner) <= 0;
    bool covers = last ? after_owner > 0 || before_next > 0 : after_owner > 0 && before_next > 0;
    free(owner);
    free(next);
    return matches ? after_owner == 0 : covers;
}

bool ask_nsec3(const uint8_t *reply, size_t len, const char *proof)
{
    ldns_pkt *packet = read_packet(reply, len);
    const ldns_rr_list *list = ldns_pkt_authority(packet);
    char *hash = ask_hash(proof + 1);
    bool found = false;
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_NSEC3)
            found = found || proves(rr, hash, *proof == '=');
    }
    free(hash);
    ldns_pkt_free(packet);
    return found;
}

void ask_verdicts(ask_reader *reader, const struct ask_verdict *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t octets[ASK_MAX];
        struct query query;
        size_t len = ask_query("www.example. A", octets);
        wire_set_u16(octets + 2, rows[i].flags);
        wire_set_u16(octets + len - 4, rows[i].type);
        wire_set_u16(octets + len - 2, rows[i].class);
        enum query_verdict verdict = reader(octets, len, &query);
        bool good = verdict == rows[i].verdict;
        if (verdict == QUERY_REPLY)
            good = good && query.rcode == rows[i].rcode && query.ede == rows[i].ede;
        if (!good)
            fail_msg("%s: verdict %d, rcode %u, ede %u", rows[i].what, (int)verdict, query.rcode,
                     query.ede);
    }
}
