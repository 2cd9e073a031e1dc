// SPDX-License-Identifier: ISC
// Names and rdata as a master file has them (RFC 1035 §5.1), as ldns would print them but without its formatted writing
// of every single octet: with 10,000 domains that is most of what `zonegen --dump` does.
#pragma once

#include <ldns/ldns.h>

#include "base/buf.h"

// A whole name, with its last dot.
void text_put_name(struct buf *ret, const ldns_rdf *name);
// The name relative to an apex it lies in ("@" for the apex itself), else whole; apex is wire form.
void text_put_owner(struct buf *ret, const ldns_rdf *owner, const ldns_rdf *apex);
// One field of rdata.
void text_put_rdf(struct buf *ret, const ldns_rdf *rdf);
