// SPDX-License-Identifier: ISC
// Texts of the form "tag=value; tag=value" that mail puts into TXT records: DKIM keys (RFC 6376 §3.2, §3.6.1), DMARC
// and its report authorisation (RFC 9989, RFC 9990), MTA-STS (RFC 8461 §3.1), TLS-RPT (RFC 8460 §3). And which of
// them a TXT record is, by meaning and not by how its first letters are spelt.
//
// A text is the record's strings joined (RFC 7208 §3.3, RFC 6376 §3.6.2.2). It may come from anybody. Nothing is
// allocated: tags point into the text.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

// The longest of these formats has a dozen tags. More are refused, so that looking for repeated ones stays cheap.
#define TAG_LIST_MAX 32

struct tag {
    const char *name;
    size_t name_len;
    const char *value; // without the blanks around it
    size_t value_len;
};

struct tag_list {
    struct tag tags[TAG_LIST_MAX]; // in the order of the text
    size_t count;
};

// Splits a text. Blanks around names, values and semicolons mean nothing; a last semicolon may be there or not. SYNTAX
// with words for anything that is no list, for an octet that is not printable ASCII and for a tag that is there twice.
// *ret is defined in any case.
enum status tag_list_parse(const char *text, size_t len, struct tag_list *ret, struct error *err);
// The tag with this name, or NULL. Names are told apart by case (RFC 6376 §3.2).
const struct tag *tag_list_find(const struct tag_list *list, const char *name);
// Is the value this one, octet by octet?
bool tag_is(const struct tag *tag, const char *value);

enum txt_family {
    TXT_OTHER, // none of the following
    TXT_SPF,
    TXT_DMARC,
    TXT_DKIM,
    TXT_MTA_STS,
    TXT_TLS_RPT,
    TXT_REPORT, // somebody else's DMARC reports are welcome here (RFC 9990 §4)
};

// What a TXT record at owner (any case, with or without the last dot) means to be: the name where that is looked for,
// and a text that says so, in whatever spelling. It may have mistakes elsewhere; see txt_check. At most one record of a
// family may be at a name, but for TXT_OTHER.
enum txt_family txt_family(const char *owner, const char *text, size_t len);
// The family that a text says it is, wherever it stands and whatever the spelling: `V=dmarc1`, v= not in front, SPF
// whose words were joined without blanks. Readers pass such a record over; whoever wrote it meant it.
enum txt_family txt_claim(const char *text, size_t len);
// As txt_family; where that finds none, the family that is looked for at owner and that the text claims to be.
enum txt_family txt_meant(const char *owner, const char *text, size_t len);
// The family's name for people: "SPF", "DMARC" …
const char *txt_family_name(enum txt_family family);
// Would those who read a record of that family understand the text? SYNTAX with words.
enum status txt_check(enum txt_family family, const char *text, size_t len, struct error *err);
