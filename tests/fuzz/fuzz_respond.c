// SPDX-License-Identifier: ISC
// Queries, as they come from the Internet: octets → respond() → octets, with a store of ugly zones behind it. The first
// octet chooses the form of the zones (unsigned, NSEC, NSEC3), the transport, and whether one message follows or a
// batch, each behind its length. Whatever comes, a reply keeps to its size, answers the question that was asked, is the
// one that its outcome tells of, and ldns can read it. And two replies to the same question agree:
//
//   over UDP and TCP     what was cut is the beginning of what is whole
//   without and with DO  the answer section is the same but for signatures
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ldns/ldns.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "dns/store.h"
#include "dns/wire.h"
#include "server/options.h"
#include "server/respond.h"
#include "server/slip.h"
#include "tests/support/zone_text.h"

#define HEAD "@ SOA ns1 hostmaster 1 14400 3600 604800 300\n@ NS ns1\n"

static const char zone_text[] = HEAD
    "@ NS ns.sub\n@ MX 10 www\n@ TXT text\n"
    "ns1 A 192.0.2.1\nwww A 192.0.2.2\nwww A 192.0.2.3\nwww AAAA 2001:db8::2\n"
    "a.b.c A 192.0.2.4\n*.b TXT wild\nx.b A 192.0.2.5\n*.w CNAME www\n*.l CNAME x.l\nx.*.e TXT x\n"
    "p CNAME q\nq CNAME p\nr CNAME www\no CNAME www.example.net.\nn CNAME no\ns CNAME x.sub\n"
    "sub NS ns.sub\nsub NS ns1\nns.sub A 192.0.2.6\nns.sub AAAA 2001:db8::6\n*.sub A 192.0.2.7\n"
    "ds NS ns.ds\nns.ds A 192.0.2.8\nchild NS ns.child\nns.child A 192.0.2.9\n"
    "ds DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
    "d DNAME b\nf DNAME x.f\ng DNAME example.net.\nh DNAME d\n";

#define LABELS_10 "a.b.c.d.e.f.g.h.i.j."
#define LABELS_60 LABELS_10 LABELS_10 LABELS_10 LABELS_10 LABELS_10 LABELS_10
#define LONG_63   "0123456789012345678901234567890123456789012345678901234567890ab"

static const char deep_text[] =
    HEAD LABELS_60 LABELS_60 "x A 192.0.2.1\n*." LABELS_60 "z TXT deep\n" LONG_63 "." LONG_63
                             "." LONG_63 ".long A 192.0.2.2\n"
                             "t DNAME " LONG_63 "." LONG_63 "." LONG_63 ".long\n";

enum { FORMS = 3, TRANSPORTS = 6, BATCH_MAX = 40 };

static struct cookies *cookies;
static struct responder responders[FORMS];
static struct address client;

// ── The zones ────────────────────────────────────────────────────────────────────────────────────

static void put_zone(struct store *store, unsigned form, const char *apex, const char *text)
{
    static const enum zone_text_denial denials[FORMS] = {0, ZONE_TEXT_NSEC, ZONE_TEXT_NSEC3};
    struct buf image = {0};
    struct store_txn *txn;
    struct name name;
    struct name_key key;
    char *signed_text = form == 0 ? NULL : zone_text_sign(apex, text, denials[form]);
    zone_text_image(apex, form == 0 ? text : signed_text, &image);
    image.data[image.len - 1] ^= strcmp(apex, "broken.") == 0 ? 1 : 0;
    MUST(name_from_text(apex, &name, NULL) == STATUS_OK);
    name_key(name.wire, &key);
    struct store_entry entry = {key.octets, key.len, image.data, image.len};
    MUST(store_begin(store, &txn, NULL) == STATUS_OK);
    MUST(store_put(txn, STORE_IMAGES, &entry, NULL) == STATUS_OK);
    MUST(store_commit(txn, NULL, NULL) == STATUS_OK);
    buf_done(&image);
    free(signed_text);
}

static void put_chains(struct store *store, unsigned form)
{
    struct buf text = {0};
    buf_put_text(&text, HEAD);
    for (unsigned i = 0; i < 14; i++)
        buf_printf(&text, "c%u CNAME c%u\nd%u DNAME d%u\n*.w%u CNAME x.w%u\n", i, i + 1, i, i + 1,
                   i, i + 1);
    buf_put_text(&text, "c14 A 192.0.2.1\nx.d14 A 192.0.2.2\nout CNAME www.example.\n");
    put_zone(store, form, "chain.", buf_text(&text));
    buf_done(&text);
}

static void put_large(struct store *store, unsigned form)
{
    struct buf text = {0};
    buf_put_text(&text, zone_text);
    // Beyond the reach of pointers with few records: ldns needs the square of their number to sign.
    for (unsigned i = 0; i < 180; i++)
        buf_printf(&text, "m MX %u %055u.%055u.%055u.example.net.\n", i / 90, i % 90, i % 90,
                   i % 90);
    put_zone(store, form, "example.", buf_text(&text));
    buf_done(&text);
}

// The files are gone as soon as they are mapped.
static void make_store(unsigned form)
{
    char directory[] = "/tmp/zonebox-fuzz-XXXXXX";
    struct store *store;
    MUST(mkdtemp(directory) != NULL);
    MUST(store_open_writer(directory, STORE_SERVE, &store, NULL) == STATUS_OK);
    put_large(store, form);
    put_chains(store, form);
    put_zone(store, form, "deep.", deep_text);
    put_zone(store, form, "child.example.", HEAD "* A 192.0.2.1\n");
    put_zone(store, form, "broken.", HEAD);
    if (cookies == NULL)
        MUST(cookies_new(&(struct secrets){.shared = 1}, &cookies, NULL) == STATUS_OK);
    responders[form] = (struct responder){
        .zones = zones_new(directory),
        .cookies = cookies,
        .identity = {"an nsid", "a name", "a version"},
        .tcp_idle_ms = 10000,
    };
    MUST(zones_attend(responders[form].zones));
    store_close(store);
    MUST(store_destroy(directory, NULL) == STATUS_OK && rmdir(directory) == 0);
}

// ── One reply ────────────────────────────────────────────────────────────────────────────────────

static size_t room_of(enum transport transport)
{
    return transport == TRANSPORT_UDP ? DNS_UDP_EDNS_MAX : DNS_MESSAGE_MAX;
}

static void check_reply(const struct exchange *exchange, const struct query *query)
{
    const uint8_t *reply = exchange->out;
    const struct outcome *outcome = &exchange->outcome;
    ldns_pkt *packet;
    MUST(exchange->out_len <= exchange->out_cap);
    MUST(memcmp(reply, exchange->octets, 2) == 0 && (reply[2] & 0x80) != 0);
    MUST(memcmp(reply + DNS_HEADER_LEN, exchange->octets + DNS_HEADER_LEN, query->question_len) ==
         0);
    MUST(ldns_wire2pkt(&packet, reply, exchange->out_len) == LDNS_STATUS_OK);
    MUST((outcome->rcode & 0xf) == ldns_pkt_get_rcode(packet));
    MUST(outcome->truncated == ldns_pkt_tc(packet) && outcome->edns == query->edns);
    MUST(ldns_pkt_edns(packet) == query->edns);
    ldns_pkt_free(packet);
}

// Octets and rooms of exactly their size: the sanitizer watches their ends.
static void prepare(struct exchange *exchange, const uint8_t *octets, size_t len,
                    enum transport transport)
{
    *exchange = (struct exchange){
        .octets = xmemdup(octets, len),
        .len = len,
        .client = &client,
        .out = xmalloc(room_of(transport)),
        .out_cap = room_of(transport),
    };
}

static void release(struct exchange *exchange)
{
    free((void *)(uintptr_t)exchange->octets);
    free(exchange->out);
}

static void answer(struct responder *responder, enum transport transport,
                   struct exchange *exchanges, unsigned count)
{
    respond_begin(responder);
    respond(responder, transport, exchanges, count);
    respond_end(responder);
    for (unsigned i = 0; i < count; i++) {
        struct query query;
        enum query_verdict verdict =
            options_read(responder, exchanges[i].octets, exchanges[i].len, &query);
        MUST((verdict == QUERY_DROP) == (exchanges[i].out_len == 0));
        MUST((exchanges[i].outcome.kind == OUTCOME_DROPPED) == (verdict == QUERY_DROP));
        if (verdict != QUERY_DROP)
            check_reply(&exchanges[i], &query);
    }
}

// ── Two replies ──────────────────────────────────────────────────────────────────────────────────

static ldns_pkt *ask(struct responder *responder, enum transport transport,
                     const struct buf *message)
{
    struct exchange exchange;
    ldns_pkt *packet;
    prepare(&exchange, message->data, message->len, transport);
    answer(responder, transport, &exchange, 1);
    MUST(ldns_wire2pkt(&packet, exchange.out, exchange.out_len) == LDNS_STATUS_OK);
    release(&exchange);
    return packet;
}

// The question alone, with an OPT of these flags.
static void put_question(const struct query *query, uint16_t udp_size, unsigned flags,
                         struct buf *ret)
{
    static const uint8_t header[DNS_HEADER_LEN] = {7, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1};
    uint8_t opt[11] = {0, 0, RR_TYPE_OPT};
    wire_set_u16(opt + 3, udp_size);
    wire_set_u16(opt + 7, (uint16_t)flags);
    buf_put(ret, header, sizeof(header));
    buf_put(ret, query->name.wire, query->name.len);
    uint8_t tail[4];
    wire_set_u16(tail, query->qtype);
    wire_set_u16(tail + 2, query->qclass);
    buf_put(ret, tail, sizeof(tail));
    buf_put(ret, opt, sizeof(opt));
}

// Is the one list the beginning of the other, up to records of that type, which only the other may have?
static bool begins(const ldns_rr_list *with, const ldns_rr_list *beginning, ldns_rr_type without,
                   bool whole)
{
    size_t at = 0;
    for (size_t i = 0; i < ldns_rr_list_rr_count(with); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(with, i);
        if (ldns_rr_get_type(rr) == without)
            continue;
        if (at == ldns_rr_list_rr_count(beginning))
            return !whole;
        if (ldns_rr_compare(rr, ldns_rr_list_rr(beginning, at++)) != 0)
            return false;
    }
    return at == ldns_rr_list_rr_count(beginning);
}

static void compare(struct responder *responder, const struct query *query)
{
    struct buf small = {0}, plain = {0}, secure = {0};
    put_question(query, 600, 0x8000, &small);
    put_question(query, 1232, 0x8000, &secure);
    put_question(query, 1232, 0, &plain);
    ldns_pkt *whole = ask(responder, TRANSPORT_TCP, &secure);
    ldns_pkt *cut = ask(responder, TRANSPORT_UDP, &small);
    ldns_pkt *unsigned_ = ask(responder, TRANSPORT_TCP, &plain);
    MUST(ldns_pkt_get_rcode(whole) == ldns_pkt_get_rcode(unsigned_) || ldns_pkt_tc(whole));
    MUST(ldns_pkt_aa(whole) == ldns_pkt_aa(cut) && ldns_pkt_aa(whole) == ldns_pkt_aa(unsigned_));
    MUST(begins(ldns_pkt_answer(whole), ldns_pkt_answer(cut), 0, !ldns_pkt_tc(cut)));
    MUST(begins(ldns_pkt_authority(whole), ldns_pkt_authority(cut), 0, !ldns_pkt_tc(cut)));
    bool sigs = query->qtype == RR_TYPE_RRSIG || query->qtype == LDNS_RR_TYPE_ANY;
    if (!sigs && !ldns_pkt_tc(whole))
        MUST(begins(ldns_pkt_answer(whole), ldns_pkt_answer(unsigned_), LDNS_RR_TYPE_RRSIG, true));
    ldns_pkt_free(whole);
    ldns_pkt_free(cut);
    ldns_pkt_free(unsigned_);
    buf_done(&small);
    buf_done(&plain);
    buf_done(&secure);
}

// What goes out in the place of a reply that is beyond the rate limit.
static void cut(const struct exchange *exchange, const struct query *query)
{
    const uint8_t *reply = exchange->out;
    bool cookie = exchange->outcome.cookie != COOKIE_NONE;
    size_t len = slip_make(exchange->out, exchange->out_len, cookie);
    ldns_pkt *packet;
    MUST(len <= exchange->out_len && memcmp(reply, exchange->octets, 2) == 0);
    MUST(memcmp(reply + DNS_HEADER_LEN, exchange->octets + DNS_HEADER_LEN, query->question_len) ==
         0);
    MUST(ldns_wire2pkt(&packet, reply, len) == LDNS_STATUS_OK);
    MUST(ldns_pkt_tc(packet) == !cookie && ldns_pkt_ancount(packet) == 0);
    MUST(!cookie || ldns_pkt_edns_extended_rcode(packet) == RCODE_BADCOOKIE >> 4);
    ldns_pkt_free(packet);
}

// ── Inputs ───────────────────────────────────────────────────────────────────────────────────────

static void try_one(struct responder *responder, enum transport transport, const uint8_t *octets,
                    size_t len)
{
    struct exchange exchange;
    struct query query;
    prepare(&exchange, octets, len, transport);
    answer(responder, transport, &exchange, 1);
    enum query_verdict verdict = options_read(responder, exchange.octets, len, &query);
    if (verdict == QUERY_LOOKUP)
        compare(responder, &query);
    if (verdict != QUERY_DROP)
        cut(&exchange, &query);
    release(&exchange);
}

static void try_batch(struct responder *responder, enum transport transport, const uint8_t *octets,
                      size_t len)
{
    struct exchange exchanges[BATCH_MAX];
    unsigned count = 0;
    while (len >= 2 && count < BATCH_MAX) {
        size_t message = wire_get_u16(octets);
        message = message < len - 2 ? message : len - 2;
        prepare(&exchanges[count++], octets + 2, message, transport);
        octets += 2 + message;
        len -= 2 + message;
    }
    answer(responder, transport, exchanges, count);
    for (unsigned i = 0; i < count; i++)
        release(&exchanges[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static const enum transport transports[TRANSPORTS] = {
        TRANSPORT_UDP, TRANSPORT_UDP, TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TCP, TRANSPORT_TLS};
    for (unsigned form = 0; form < FORMS && responders[form].zones == NULL; form++)
        make_store(form);
    if (client.any.sa_family == 0)
        MUST(address_parse("192.0.2.1@5353", 53, &client, NULL) == STATUS_OK);
    if (len < 1)
        return 0;
    struct responder *responder = &responders[octets[0] % FORMS];
    enum transport transport = transports[octets[0] / FORMS % TRANSPORTS];
    bool batch = octets[0] / (FORMS * TRANSPORTS) % 2 == 1;
    (batch ? try_batch : try_one)(responder, transport, octets + 1, len - 1);
    return 0;
}
