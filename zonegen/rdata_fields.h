// SPDX-License-Identifier: ISC
// The fields that record data is made of: words → octets. Internal to rdata_*.c. Each function takes the words it
// needs, appends octets, and on failure leaves words->at at the one that is wrong.
#pragma once

#include <stdbool.h>

#include "zonegen/rdata_text.h"

#define RDATA_STRING_MAX 255 // RFC 1035 §3.3: one length octet

typedef enum status rdata_field(struct rdata_words *words, struct buf *ret, struct error *err);
// What reads a field of this kind, or NULL: it has no text form.
rdata_field *rdata_field_of(ldns_rdf_type kind);

// The next word, or NULL when there is none. rdata_take moves behind it.
const char *rdata_peek(const struct rdata_words *words);
// SYNTAX "… is missing" when there is none; `what` is a noun ("a priority").
enum status rdata_take(struct rdata_words *words, const char *what, const char **ret,
                       struct error *err);
// SYNTAX about the word taken last.
enum status rdata_wrong(struct rdata_words *words, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// A decimal number of at most `most`; digits only.
enum status rdata_number(struct rdata_words *words, const char *what, uint32_t most, uint32_t *ret,
                         struct error *err);
enum status rdata_put_number(struct rdata_words *words, const char *what, unsigned octets,
                             struct buf *ret, struct error *err);
// A type by its name; `hint` goes behind the words about one that is none.
enum status rdata_put_type(struct rdata_words *words, const char *hint, struct buf *ret,
                           struct error *err);
enum status rdata_put_name(struct rdata_words *words, struct buf *ret, struct error *err);
enum status rdata_put_ipv4(struct rdata_words *words, struct buf *ret, struct error *err);
enum status rdata_put_ipv6(struct rdata_words *words, struct buf *ret, struct error *err);
// Octets of a word with its escapes resolved, behind what ret has.
enum status rdata_unescape(struct rdata_words *words, const char *text, struct buf *ret,
                           struct error *err);
// The remaining words (or `one`) as Base64 or hexadecimal digits. `empty`: none is fine, too.
enum status rdata_put_base64(struct rdata_words *words, bool one, struct buf *ret,
                             struct error *err);
enum status rdata_put_hex(struct rdata_words *words, bool one, bool empty, struct buf *ret,
                          struct error *err);
// Base64 of a text that is no word by itself. False: it is none.
bool rdata_base64(const char *text, struct buf *ret);

// Whole record data of types with a grammar of their own (rdata_special.c, rdata_svcb.c, rdata_loc.c).
enum status rdata_put_apl(struct rdata_words *words, struct buf *ret, struct error *err);
enum status rdata_put_hip(struct rdata_words *words, struct buf *ret, struct error *err);
enum status rdata_put_ipseckey(struct rdata_words *words, struct buf *ret, struct error *err);
enum status rdata_put_amtrelay(struct rdata_words *words, struct buf *ret, struct error *err);
enum status rdata_put_dsync(struct rdata_words *words, struct buf *ret, struct error *err);
enum status rdata_put_wks(struct rdata_words *words, struct buf *ret, struct error *err);
enum status rdata_put_loc(struct rdata_words *words, struct buf *ret, struct error *err);
enum status rdata_put_svcparams(struct rdata_words *words, struct buf *ret, struct error *err);

// Is the regular expression of a NAPTR one (RFC 3402 §3.2)? What resolvers of ENUM refuse is refused.
enum status rdata_check_naptr(const struct buf *data, struct error *err);
