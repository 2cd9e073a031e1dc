// SPDX-License-Identifier: ISC
// Queries: query → answer → reply on a zone with wildcards, cuts, chains, DNAMEs and large RRsets,
// unsigned, with NSEC and with NSEC3. The first octet chooses the form of the zone, the size of the
// reply and the transport, the rest is the message. Whatever comes, the reply keeps to its size, answers the
// question that was asked, and ldns can read it; also when the rate limit cuts it.
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/buf.h"
#include "server/answer.h"
#include "server/options.h"
#include "server/reply.h"
#include "server/slip.h"
#include "tests/support/zone_text.h"

static const char zone_head[] =
    "@ SOA ns1 hostmaster 1 14400 3600 604800 300\n"
    "@ NS ns1\n@ NS ns.sub\n@ MX 10 www\n@ TXT text\n"
    "ns1 A 192.0.2.1\nwww A 192.0.2.2\nwww A 192.0.2.3\nwww AAAA 2001:db8::2\n"
    "a.b.c A 192.0.2.4\n*.b TXT wild\nx.b A 192.0.2.5\n*.w CNAME www\n*.l CNAME x.l\nx.*.e TXT x\n"
    "p CNAME q\nq CNAME p\nr CNAME www\no CNAME www.example.net.\nn CNAME no\ns CNAME x.sub\n"
    "sub NS ns.sub\nsub NS ns1\nns.sub A 192.0.2.6\nns.sub AAAA 2001:db8::6\n*.sub A 192.0.2.7\n"
    "ds NS ns.ds\nns.ds A 192.0.2.8\n"
    "ds DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
    "d DNAME b\nf DNAME x.f\ng DNAME example.net.\nh DNAME d\n";

enum { FORMS = 3, LIMITS = 6, TRANSPORTS = 3 };

static struct cookies cookies = {.count = 1};
static const struct responder responder = {
    .cookies = &cookies,
    .identity = {"an nsid", "a name", "a version"},
    .tcp_idle_ms = 10000,
    .now = 1700000000,
};

static struct image images[FORMS];

static void make_images(void)
{
    static struct buf octets[FORMS];
    struct buf text = {0};
    buf_put_text(&text, zone_head);
    // Beyond the reach of pointers with few records: ldns needs the square of their number to sign.
    for (unsigned i = 0; i < 180; i++)
        buf_printf(&text, "m MX %u %055u.%055u.%055u.example.net.\n", i / 90, i % 90, i % 90,
                   i % 90);
    for (unsigned form = 0; form < FORMS; form++) {
        static const enum zone_text_denial denials[FORMS] = {0, ZONE_TEXT_NSEC, ZONE_TEXT_NSEC3};
        char *signed_text =
            form == 0 ? NULL : zone_text_sign("example.", buf_text(&text), denials[form]);
        zone_text_image("example.", form == 0 ? buf_text(&text) : signed_text, &octets[form]);
        free(signed_text);
        struct error err = {0};
        MUST(image_open(octets[form].data, octets[form].len, &images[form], &err) == STATUS_OK);
    }
    buf_done(&text);
}

// What zones_find sees to: that the name lies in the zone.
static bool is_inside(const struct image *image, const struct query *query)
{
    size_t len = image->header->apex_key_len;
    return query->name.key.len >= len && memcmp(query->name.key.octets, "example", len) == 0;
}

static void check_reply(const struct query *query, const uint8_t *message, const uint8_t *reply,
                        size_t len)
{
    MUST(memcmp(reply, message, 2) == 0 && (reply[2] & 0x80) != 0);
    MUST(memcmp(reply + DNS_HEADER_LEN, message + DNS_HEADER_LEN, query->question_len) == 0);
    ldns_pkt *packet;
    MUST(ldns_wire2pkt(&packet, reply, len) == LDNS_STATUS_OK);
    ldns_pkt_free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static const size_t limits[LIMITS] = {512, 513, 600, DNS_UDP_EDNS_MAX, 16500, DNS_MESSAGE_MAX};
    if (images[0].header == NULL)
        make_images();
    if (len < 1)
        return 0;
    const struct image *image = &images[octets[0] % FORMS];
    size_t limit = limits[octets[0] / FORMS % LIMITS];
    const uint8_t *message = octets + 1;
    struct query query;
    enum query_verdict verdict = options_read(&responder, message, len - 1, &query);
    if (verdict == QUERY_DROP)
        return 0;
    enum transport transport = octets[0] / FORMS / LIMITS % TRANSPORTS;
    const struct address client = {.v4 = {.sin_family = AF_INET}};
    struct opt opt;
    options_answer(&responder, transport, &client, &query, &opt);

    uint8_t *reply = malloc(limit); // the sanitizer watches its end
    MUST(reply != NULL);
    size_t reply_len;
    const char *text = verdict == QUERY_REPLY ? identity_answer(&responder.identity, &query) : NULL;
    if (text != NULL) {
        reply_len = reply_write_text(&query, text, &opt, reply, limit);
    } else if (verdict == QUERY_REPLY) {
        reply_len = reply_write_error(&query, query.rcode, query.ede, &opt, reply, limit);
    } else if (!is_inside(image, &query)) {
        reply_len =
            reply_write_error(&query, RCODE_REFUSED, EDE_NOT_AUTHORITATIVE, &opt, reply, limit);
    } else {
        struct answer_link links[ANSWER_LINKS_MAX + 1];
        struct answer answer = {.links = links};
        answer_make(image, &query, &answer);
        reply_len = reply_write(image, &query, &answer, &opt, reply, limit);
    }
    MUST(reply_len <= limit);
    check_reply(&query, message, reply, reply_len);
    size_t slip_len = slip_make(reply, reply_len);
    MUST(slip_len <= reply_len);
    check_reply(&query, message, reply, slip_len);
    free(reply);
    return 0;
}
