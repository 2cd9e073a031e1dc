// SPDX-License-Identifier: ISC
// The resolver's front: a client's query and the engine's packet → the reply. The first octet chooses size, security
// and what happened, the second is the length of the query; the query and the packet follow. Whatever comes, the reply
// keeps to its size, echoes the question, has as many records as it says, and AD only where it may.
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dns/wire.h"
#include "resolver/names.h"
#include "resolver/policy.h"
#include "resolver/reply.h"

static bool is_readable(const uint8_t *message, size_t len)
{
    struct names_reader reader = {message, len, DNS_HEADER_LEN};
    struct name name;
    size_t records = 0;
    for (size_t i = 6; i < DNS_HEADER_LEN; i += 2)
        records += wire_get_u16(message + i);
    if (wire_get_u16(message + 4) == 1) {
        if (!names_read(&reader, &name))
            return false;
        reader.at += 4;
    }
    for (size_t i = 0; i < records; i++) {
        if (!names_read(&reader, &name) || len - reader.at < 10)
            return false;
        reader.at += 10U + wire_get_u16(message + reader.at + 8);
    }
    return reader.at == len;
}

static void check(const struct asked *asked, const struct engine_result *result,
                  const uint8_t *reply, size_t len)
{
    uint16_t flags = wire_get_u16(reply + 2);
    MUST(wire_get_u16(reply) == asked->id);
    MUST((flags & (HEADER_QR | HEADER_RA | HEADER_AA)) == (HEADER_QR | HEADER_RA));
    MUST(((flags ^ asked->flags) & (HEADER_RD | HEADER_CD)) == 0);
    MUST(memcmp(reply + DNS_HEADER_LEN, asked->question, asked->question_len) == 0);
    MUST(is_readable(reply, len));
    if ((flags & HEADER_AD) != 0)
        MUST(result->security == ENGINE_SECURE &&
             (asked->dnssec_ok || (asked->flags & HEADER_AD) != 0));
    if (result->security == ENGINE_BOGUS && (asked->flags & HEADER_CD) == 0)
        MUST(wire_get_u16(reply + 6) == 0 && (flags & 15U) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static const size_t limits[] = {512, 700, DNS_UDP_EDNS_MAX, DNS_MESSAGE_MAX};
    if (len < 2 || len - 2 < octets[1])
        return 0;
    size_t limit = limits[octets[0] % 4];
    struct query query;
    struct asked asked;
    enum query_verdict verdict = policy_read(octets + 2, octets[1], &query);
    if (verdict == QUERY_DROP)
        return 0;
    asked_keep(&query, &asked);
    struct engine_result result = {
        .packet = octets + 2 + octets[1],
        .packet_len = len - 2 - octets[1],
        .security = (enum engine_security)(octets[0] / 4 % 3),
        .why_bogus = octets[0] / 16 % 2 == 0 ? NULL : "validation failure <a. A IN>: no signatures",
        .rcode = octets[0] / 32 % 4 == 3 ? RCODE_SERVFAIL : RCODE_NOERROR,
    };
    uint8_t *reply = malloc(limit); // the sanitizer watches its end
    MUST(reply != NULL);
    size_t reply_len;
    if (verdict == QUERY_REPLY) {
        struct reply_error error = {query.rcode, query.ede, NULL};
        result.security = ENGINE_INSECURE;
        reply_len = reply_write_error(&asked, &error, reply);
    } else {
        reply_len = reply_write(&asked, &result, reply, limit);
    }
    MUST(reply_len <= limit);
    check(&asked, &result, reply, reply_len);
    free(reply);
    return 0;
}
