// SPDX-License-Identifier: ISC
// The OPT record of a reply (RFC 6891): what the options of the query are answered with. They are made before the reply
// is written, so that records get the room that is left, to the octet. Pure, without allocation.
//
//   COOKIE     the client's, with a server's half (server/cookies.h)
//   NSID       if this server has one (RFC 5001)
//   keepalive  how long a connection may be idle; never over UDP (RFC 7828 §3.3.2)
//   EDE        why (RFC 8914); left out where there is no room
//   padding    to a multiple of 468 octets over TLS, where the length of what is hidden would tell (RFC 8467 §4.1);
//              behind all else
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/query.h"
#include "server/cookies.h"
#include "server/identity.h"

#define OPT_OPTION_HEAD 4 // code and length
#define OPT_OPTIONS_MAX (3 * OPT_OPTION_HEAD + COOKIES_LEN + IDENTITY_TEXT_MAX + 2)

struct opt {
    bool padded;
    uint8_t options_len;
    uint8_t options[OPT_OPTIONS_MAX]; // all but EDE and padding
};
static_assert(OPT_OPTIONS_MAX <= UINT8_MAX, "options_len counts them");

static inline void opt_init(struct opt *opt)
{
    opt->padded = false;
    opt->options_len = 0;
}

void opt_put_cookie(struct opt *opt, const uint8_t cookie[COOKIES_LEN]);
void opt_put_nsid(struct opt *opt, const char *nsid);
void opt_put_keepalive(struct opt *opt, unsigned idle_ms);

// The octets that it takes, without EDE and padding.
size_t opt_len(const struct opt *opt);

struct opt_head {
    uint16_t rcode; // its upper bits stand in OPT
    uint16_t ede;   // enum ede_code, or QUERY_NO_EDE
    bool dnssec_ok; // as it came (RFC 3225 §3)
};
// Writes it at out + at, up to out + limit, which has room for opt_len. Returns where it ends.
size_t opt_write(const struct opt *opt, const struct opt_head *head, uint8_t *out, size_t at,
                 size_t limit);
