// SPDX-License-Identifier: ISC
#include "resolver/why.h"

#include <stddef.h>
#include <string.h>

#include "dns/types.h"

// libunbound hands out its validator's reasons as words only. They are strung together, the first one
// nearest to the cause; the more specific stand first here. Names in them have no blanks ("?" instead), so a phrase of
// several words is never part of one. As in Unbound 1.17.1
// (Debian 12) and its successors.
static const struct {
    const char *phrase;
    uint16_t code;
} reasons[] = {
    {"signature expired", EDE_SIGNATURE_EXPIRED},
    {"signature before inception date", EDE_SIGNATURE_NOT_YET_VALID},
    {"dnskey without ZSK flag", EDE_NO_ZONE_KEY_BIT},
    {"unsupported algorithm", EDE_UNSUPPORTED_ALGORITHM},
    {"no known algorithms", EDE_UNSUPPORTED_ALGORITHM},
    {"algorithm refused by cryptolib", EDE_UNSUPPORTED_ALGORITHM},
    {"no signatures", EDE_RRSIGS_MISSING},
    {"signatures from unknown keys", EDE_DNSKEY_MISSING},
    {"DS hash mismatches key", EDE_DNSKEY_MISSING},
    {"no keys have a DS", EDE_DNSKEY_MISSING},
    {"keyset not secured by DNSKEY that matches DS", EDE_DNSKEY_MISSING},
    {"DNSKEY RRset did not match", EDE_DNSKEY_MISSING},
    {"No DNSKEY record", EDE_DNSKEY_MISSING},
    {"Missing DNSKEY RRset", EDE_DNSKEY_MISSING},
    {"no DNSKEY rrset", EDE_DNSKEY_MISSING},
    {"failed to prove", EDE_NSEC_MISSING},
    {"fails to prove", EDE_NSEC_MISSING},
    {"did not prove", EDE_NSEC_MISSING},
    {"proof failed", EDE_NSEC_MISSING},
    {"no NSEC", EDE_NSEC_MISSING},
    {"no proof of that", EDE_NSEC_MISSING},
    {"no DNSSEC records", EDE_NSEC_MISSING},
};

uint16_t why_code(const char *words)
{
    for (size_t i = 0; words != NULL && i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strstr(words, reasons[i].phrase) != NULL)
            return reasons[i].code;
    return EDE_DNSSEC_BOGUS;
}

const char *why_text(const char *words)
{
    static const char prefix[] = "validation failure <";
    const char *text = words;
    for (const char *at = words; at != NULL && (at = strstr(at, prefix)) != NULL; at++) {
        const char *end = strstr(at, ">: ");
        text = end == NULL ? text : end + 3;
    }
    return text;
}
