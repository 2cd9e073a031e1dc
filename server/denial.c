// SPDX-License-Identifier: ISC
// The SHA-1 interface used here works on a context on the stack and allocates nothing; OpenSSL 3
// calls it deprecated in favour of EVP, whose every digest allocates. NSEC3 knows no other hash
// (RFC 5155 §11).
#define OPENSSL_SUPPRESS_DEPRECATED

#include "server/denial.h"

#include <string.h>

#include <openssl/sha.h>

#include "dns/nsec3.h"

#define SIGNED_PARTS (PART_RRS | PART_SIGS)

static bool is_nsec3(const struct image *image)
{
    return (image->flags & IMAGE_NSEC3) != 0;
}

// ── NSEC ─────────────────────────────────────────────────────────────────────────────────────────

// The NSEC at the node, or the one that covers what lies between it and the next name.
static void put_nsec(const struct image *image, const struct image_node *node,
                     struct answer *answer)
{
    if (node->nsec != IMAGE_NONE)
        answer_put_authority(answer, &image->rrsets[node->nsec], SIGNED_PARTS);
}

// The NSEC that covers the wildcard below the encloser.
static void put_nsec_of_wildcard(const struct image *image, const struct image_node *encloser,
                                 struct answer *answer)
{
    uint8_t key[NAME_KEY_MAX + 2];
    memcpy(key, image_node_key(image, encloser), encloser->key_len);
    memcpy(key + encloser->key_len, "*", 2); // with the octet 0 that closes a label
    put_nsec(image, image_find_before(image, key, encloser->key_len + 2U), answer);
}

// ── NSEC3 ────────────────────────────────────────────────────────────────────────────────────────

// RFC 5155 §5, of the name in lower case.
static void hash_name(const struct image *image, const uint8_t *name, size_t name_len,
                      uint8_t ret[NSEC3_HASH_LEN])
{
    const uint8_t *salt = image->octets + image->header->nsec3_salt_off;
    size_t salt_len = image->header->nsec3_salt_len;
    SHA_CTX context;
    SHA1_Init(&context);
    SHA1_Update(&context, name, name_len);
    SHA1_Update(&context, salt, salt_len);
    SHA1_Final(ret, &context);
    for (unsigned i = 0; i < image->header->nsec3_iterations; i++) {
        SHA1_Init(&context);
        SHA1_Update(&context, ret, NSEC3_HASH_LEN);
        SHA1_Update(&context, salt, salt_len);
        SHA1_Final(ret, &context);
    }
}

// The NSEC3 that matches the name (*ret_matches) or covers it (there is one: IMAGE_NSEC3 says so);
// with `wildcard` the name is "*" below this one.
static const struct image_rrset *find_nsec3(const struct image *image, const uint8_t *wire,
                                            bool wildcard, bool *ret_matches)
{
    uint8_t name[2 + NAME_WIRE_MAX] = {1, '*'};
    size_t start = wildcard ? 2 : 0;
    size_t len = name_wire_len(wire);
    for (size_t i = 0; i < len; i++)
        name[start + i] = name_lower(wire[i]); // length octets are below 'A'
    uint8_t hash[NSEC3_HASH_LEN];
    hash_name(image, name, start + len, hash);
    return image_find_nsec3(image, hash, ret_matches);
}

static void put_nsec3(const struct image *image, const uint8_t *wire, bool wildcard,
                      struct answer *answer)
{
    bool matches;
    answer_put_authority(answer, find_nsec3(image, wire, wildcard, &matches), SIGNED_PARTS);
}

// The last `labels` labels of a name that has `all`.
static const uint8_t *suffix(const uint8_t *wire, unsigned all, unsigned labels)
{
    for (; all > labels; all--)
        wire += 1 + wire[0];
    return wire;
}

// RFC 5155 §7.2.1: the closest encloser that an NSEC3 matches, and that nothing one label longer is
// there. Under opt-out the nearest enclosers may have no NSEC3. Returns that encloser.
static const struct image_node *put_encloser(const struct image *image, const uint8_t *wire,
                                             unsigned labels, const struct image_node *encloser,
                                             struct answer *answer)
{
    bool matches;
    const struct image_rrset *rrset =
        find_nsec3(image, image_node_name(image, encloser), false, &matches);
    while (!matches && encloser->parent != IMAGE_NONE) {
        encloser = &image->nodes[encloser->parent];
        rrset = find_nsec3(image, image_node_name(image, encloser), false, &matches);
    }
    if (matches)
        answer_put_authority(answer, rrset, SIGNED_PARTS);
    put_nsec3(image, suffix(wire, labels, encloser->labels + 1U), false, answer);
    return encloser;
}

// RFC 5155 §7.2.3 and §7.2.4: the NSEC3 of the node; one that opt-out left out is proved to be
// under an opt-out span.
static void put_nsec3_type(const struct image *image, const struct image_node *node,
                           struct answer *answer)
{
    bool matches;
    const uint8_t *wire = image_node_name(image, node);
    const struct image_rrset *rrset = find_nsec3(image, wire, false, &matches);
    if (matches)
        answer_put_authority(answer, rrset, SIGNED_PARTS);
    else if (node->parent != IMAGE_NONE)
        put_encloser(image, wire, node->labels, &image->nodes[node->parent], answer);
}

// ── The cases ────────────────────────────────────────────────────────────────────────────────────

void denial_type(const struct image *image, const struct image_node *node, struct answer *answer)
{
    if (is_nsec3(image))
        put_nsec3_type(image, node, answer);
    else
        put_nsec(image, node, answer); // RFC 4035 §3.1.3.1; for an ENT the one before it
}

void denial_name(const struct image *image, const struct place *place, struct answer *answer)
{
    if (is_nsec3(image)) { // RFC 5155 §7.2.2
        const struct image_node *encloser =
            put_encloser(image, place->name->wire, place->name->labels, place->encloser, answer);
        put_nsec3(image, image_node_name(image, encloser), true, answer);
    } else { // RFC 4035 §3.1.3.2
        put_nsec(image, place->before, answer);
        put_nsec_of_wildcard(image, place->encloser, answer);
    }
}

void denial_closer(const struct image *image, const struct place *place, struct answer *answer)
{
    if (is_nsec3(image)) { // RFC 5155 §7.2.6: the encloser shows in the Labels field of the RRSIG
        const struct query_name *name = place->name;
        put_nsec3(image, suffix(name->wire, name->labels, place->encloser->labels + 1U), false,
                  answer);
    } else { // RFC 4035 §3.1.3.3
        put_nsec(image, place->before, answer);
    }
}

void denial_wildcard_type(const struct image *image, const struct place *place,
                          const struct image_node *wildcard, struct answer *answer)
{
    if (is_nsec3(image)) { // RFC 5155 §7.2.5
        put_encloser(image, place->name->wire, place->name->labels, place->encloser, answer);
        put_nsec3(image, image_node_name(image, wildcard), false, answer);
    } else { // RFC 4035 §3.1.3.4
        put_nsec(image, place->before, answer);
        put_nsec(image, wildcard, answer);
    }
}
