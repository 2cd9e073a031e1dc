// SPDX-License-Identifier: ISC
#include "server/slip.h"

#include <string.h>

#include "dns/types.h"
#include "dns/wire.h"

#define OPT_RCODE_AT 5 // the upper bits, RFC 6891 §6.1.3

// Of the header, RFC 1035 §4.1.1.
#define FLAGS_AT      2
#define RCODE_BITS    0x000fU
#define QDCOUNT_AT    4
#define ANCOUNT_AT    6
#define NSCOUNT_AT    8
#define ARCOUNT_AT    10
#define QUESTION_REST 4 // type and class
#define RECORD_REST   8 // type, class and TTL

static void skip_record(struct wire_reader *reader)
{
    wire_skip_name(reader);
    wire_take(reader, RECORD_REST);
    wire_take(reader, wire_u16(reader));
}

size_t slip_make(uint8_t *reply, size_t len, bool cookie)
{
    struct wire_reader reader = wire_reader(reply, len);
    wire_take(&reader, DNS_HEADER_LEN);
    for (unsigned i = wire_get_u16(reply + QDCOUNT_AT); i > 0; i--) {
        wire_skip_name(&reader);
        wire_take(&reader, QUESTION_REST);
    }
    size_t kept = len - wire_left(&reader);
    unsigned records = (unsigned)wire_get_u16(reply + ANCOUNT_AT) +
                       wire_get_u16(reply + NSCOUNT_AT) + wire_get_u16(reply + ARCOUNT_AT);
    for (; records > 1; records--)
        skip_record(&reader);
    // The last one, if its name is the root and its type OPT (RFC 6891 §6.1.2).
    size_t left = wire_left(&reader);
    bool opt = left > 2 && reader.at[0] == 0 && wire_get_u16(reader.at + 1) == RR_TYPE_OPT;
    if (opt)
        memmove(reply + kept, reader.at, left);
    unsigned flags = wire_get_u16(reply + FLAGS_AT) & ~RCODE_BITS;
    if (cookie && opt) {
        flags = (flags & ~(unsigned)(HEADER_AA | HEADER_TC)) | (RCODE_BADCOOKIE & RCODE_BITS);
        reply[kept + OPT_RCODE_AT] = RCODE_BADCOOKIE >> 4;
    } else {
        flags |= HEADER_TC;
    }
    wire_set_u16(reply + FLAGS_AT, (uint16_t)flags);
    memset(reply + ANCOUNT_AT, 0, DNS_HEADER_LEN - ANCOUNT_AT);
    wire_set_u16(reply + ARCOUNT_AT, opt);
    return opt ? kept + left : kept;
}
