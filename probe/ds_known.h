// SPDX-License-Identifier: ISC
// Which DS do validators know, so that they look for a chain from it? Others are to them as if they were not there (RFC
// 4035 §5.2): with nothing else a zone is insecure, and not bogus.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// IANA registry "Digest Algorithms", in their order of strength. GOST (3) is historic (RFC 9906), and what came behind
// SHA-384 is used where it was made.
enum ds_digest { DS_SHA1 = 1, DS_SHA256 = 2, DS_SHA384 = 4 };

// Of algorithms those that are validated still (RFC 8624 §3.1): RSA, ECDSA and EdDSA.
static inline bool ds_is_known(uint8_t algorithm, uint8_t digest_type)
{
    static const uint8_t algorithms[] = {5, 7, 8, 10, 13, 14, 15, 16};
    bool digest = digest_type == DS_SHA1 || digest_type == DS_SHA256 || digest_type == DS_SHA384;
    return digest && memchr(algorithms, algorithm, sizeof(algorithms)) != NULL;
}
