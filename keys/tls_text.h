// SPDX-License-Identifier: ISC
// A TLSA plan as text: what the signer keeps in state/, and DIR/public/tls.keys, so that zonegen prints what is
// published without the store.
//
//   # comments
//   zonebox-tls-keys 1
//   ttl 3600 -
//   key DIGEST STATE SINCE ADDED SEEN SAFE ABSENT [surprise] [forgotten] [told]
//
// DIGEST is the SHA-256 of the SubjectPublicKeyInfo in hexadecimal digits, STATE and the times are those of
// keys/tls_plan.h: 2026-11-22T12:00:00Z, or - for none. `ttl` has the TTL that is waited for and until when. What was
// last looked at is not kept: after a restart it is looked at again.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "keys/tls_plan.h"

#define TLS_TEXT_MAX (64U << 10) // octets; a full plan has less than 8 KiB

void tls_plan_print(const struct tls_plan *plan, struct buf *ret);
// SYNTAX with "line N: …" when it is anything else; ret is untouched then.
enum status tls_plan_read(const uint8_t *text, size_t len, struct tls_plan *ret, struct error *err);
// The file of that name in the directory. NOT_FOUND when there is none.
#define TLS_TEXT_FILE "tls.keys"
enum status tls_plan_load(const char *directory, struct tls_plan *ret, struct error *err);
