// SPDX-License-Identifier: ISC
#include "probe/ask_message.h"

#include <stdio.h>
#include <string.h>

#include "dns/wire.h"

#define OPT_DO 0x8000 // RFC 3225 §3, RFC 6891 §6.1.4

static unsigned flags_of(const struct ask_question *question)
{
    if (question->notify)
        return OPCODE_NOTIFY << 11 | HEADER_AA; // RFC 1996 §3.2, §4.5
    if (!question->recursive)
        return 0;
    return question->validated ? HEADER_RD : HEADER_RD | HEADER_CD;
}

size_t ask_message_write(const struct ask_question *question, uint16_t id,
                         uint8_t ret[ASK_MESSAGE_MAX])
{
    size_t name_len = name_wire_len(question->name);
    uint8_t *at = ret + DNS_HEADER_LEN;
    memset(ret, 0, DNS_HEADER_LEN);
    wire_set_u16(ret, id);
    wire_set_u16(ret + 2, (uint16_t)flags_of(question));
    wire_set_u16(ret + 4, 1);
    wire_set_u16(ret + 10, !question->notify);
    memcpy(at, question->name, name_len);
    at += name_len;
    wire_set_u16(at, question->type);
    wire_set_u16(at + 2, RR_CLASS_IN);
    at += 4;
    if (question->notify)
        return (size_t)(at - ret);
    memset(at, 0, 11);
    wire_set_u16(at + 1, RR_TYPE_OPT);
    wire_set_u16(at + 3, DNS_UDP_EDNS_MAX);
    wire_set_u16(at + 7, OPT_DO);
    return (size_t)(at + 11 - ret);
}

// An error may come without the question: from servers that do not know EDNS, for example (RFC 6891 §7).
static bool is_answer(const struct ask_question *question, uint16_t id, const uint8_t *octets,
                      size_t len)
{
    struct name name;
    if (len < DNS_HEADER_LEN || wire_get_u16(octets) != id)
        return false;
    uint16_t flags = wire_get_u16(octets + 2);
    unsigned opcode = question->notify ? OPCODE_NOTIFY : OPCODE_QUERY;
    if ((flags & HEADER_QR) == 0 || (flags >> 11 & 0xf) != opcode)
        return false;
    if (wire_get_u16(octets + 4) == 0)
        return (flags & 0xf) != RCODE_NOERROR;
    octets += DNS_HEADER_LEN;
    len -= DNS_HEADER_LEN;
    return name_from_wire(octets, len, &name) == STATUS_OK &&
           name_equal(name.wire, question->name) && len >= name.len + 4U &&
           wire_get_u16(octets + name.len) == question->type &&
           wire_get_u16(octets + name.len + 2) == RR_CLASS_IN;
}

enum ask_reading ask_message_read(const struct ask_question *question, uint16_t id,
                                  const uint8_t *octets, size_t len, ldns_pkt **ret_packet,
                                  char text[ASK_TEXT_MAX])
{
    *ret_packet = NULL;
    if (!is_answer(question, id, octets, len))
        return ASK_READ_STRAY;
    unsigned records = 0;
    for (size_t at = 4; at < DNS_HEADER_LEN; at += 2)
        records += wire_get_u16(octets + at);
    ldns_status status = LDNS_STATUS_OK;
    if (records > ASK_RECORDS_MAX)
        snprintf(text, ASK_TEXT_MAX, "an answer with %u records, more than %d", records,
                 ASK_RECORDS_MAX);
    else if ((status = ldns_wire2pkt(ret_packet, octets, len)) != LDNS_STATUS_OK)
        snprintf(text, ASK_TEXT_MAX, "an answer that cannot be read: %s",
                 ldns_get_errorstr_by_id(status));
    if (status != LDNS_STATUS_OK)
        *ret_packet = NULL; // ldns has released what there was
    if ((wire_get_u16(octets + 2) & HEADER_TC) != 0)
        return ASK_READ_TRUNCATED;
    return *ret_packet != NULL ? ASK_READ_ANSWER : ASK_READ_BROKEN;
}
