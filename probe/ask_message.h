// SPDX-License-Identifier: ISC
// The octets of a question, and whether octets are an answer to it. Pure.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"
#include "dns/types.h"
#include "probe/ask.h"

// Header, name, type and class, OPT without options.
#define ASK_MESSAGE_MAX (DNS_HEADER_LEN + NAME_WIRE_MAX + 4 + 11)

enum ask_reading {
    ASK_READ_STRAY,     // not an answer to this question: as if it had not come
    ASK_READ_ANSWER,    // *ret_packet is the caller's
    ASK_READ_TRUNCATED, // so is *ret_packet, or NULL when the rest cannot be read
    ASK_READ_BROKEN,    // an answer that cannot be read: text says why
};

// Returns the number of octets written.
size_t ask_message_write(const struct ask_question *question, uint16_t id,
                         uint8_t ret[ASK_MESSAGE_MAX]);
enum ask_reading ask_message_read(const struct ask_question *question, uint16_t id,
                                  const uint8_t *octets, size_t len, ldns_pkt **ret_packet,
                                  char text[ASK_TEXT_MAX]);
