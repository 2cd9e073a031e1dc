// SPDX-License-Identifier: ISC
#include "server/identity.h"

#include <string.h>

static bool is_name(const struct query *query, const char *wire)
{
    return name_equal(query->name.wire, (const uint8_t *)wire);
}

const char *identity_answer(const struct identity *identity, const struct query *query)
{
    if (query->question_len == 0 || query->qclass != RR_CLASS_CH || query->rcode != RCODE_REFUSED ||
        (query->qtype != RR_TYPE_TXT && query->qtype != RR_TYPE_ANY))
        return NULL;
    if (is_name(query, "\x02id\x06server") || is_name(query, "\x08hostname\x04"
                                                             "bind"))
        return identity->name;
    if (is_name(query, "\x07version\x06server") || is_name(query, "\x07version\x04"
                                                                  "bind"))
        return identity->version;
    return NULL;
}
