// SPDX-License-Identifier: ISC
// DKIM keys (RFC 6376, RFC 8301): RSA-2048, as PEM files that OpenDKIM and Rspamd read as they are.
//
//   DIRECTORY/example.com/mail.private   PKCS#8 PEM, 0640 (OpenDKIM insists on safe modes) from the
//   moment it exists DIRECTORY/example.com/mail.pub       SubjectPublicKeyInfo PEM, 0644: all that
//   zonegen reads
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"

// Verifiers do not accept less (RFC 8301 §3.2), and what is larger hardly fits into UDP answers.
#define DKIM_BITS_MIN 1024
#define DKIM_BITS_MAX 4096

// The DER SubjectPublicKeyInfo of the selector's key, appended to ret: the p= tag is its base64
// (RFC 6376 §3.6.1). NOT_FOUND when there is no public file; else the error names it (no PEM, not
// RSA, too short). Reads .pub only.
enum status dkim_load_public(const char *directory, const char *domain, const char *selector,
                             struct buf *ret, struct error *err);

// Is there a private file, readable or not?
bool dkim_has_private(const char *directory, const char *domain, const char *selector);

// Makes a key when there is none. The private file is what counts and is never replaced: one that
// cannot be read is an error; with no public file beside it, or an older one (the admin has put
// another key there), the public one is written from it. A public file alone is fine, too: the mail
// is then signed elsewhere. *ret_made tells whether a new key was made.
enum status dkim_ensure(const char *directory, const char *domain, const char *selector,
                        bool *ret_made, struct error *err);
