// SPDX-License-Identifier: ISC
// DKIM keys (RFC 6376, RFC 8301): RSA-2048, as PEM files that OpenDKIM and Rspamd read as they are.
//
//   DIRECTORY/example.com/mail.private   PKCS#8 PEM, 0640 (OpenDKIM insists on safe modes) from the moment it exists
//   DIRECTORY/example.com/mail.pub       SubjectPublicKeyInfo PEM, 0644: all that zonegen reads
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include <stdbool.h>

#include "base/status.h"

// The DER SubjectPublicKeyInfo of the selector's key, appended to ret: the p= tag is its base64 (RFC 6376 §3.6.1).
// NOT_FOUND when there is no key at all. Reads the .pub file only.
enum status dkim_load_public(const char *directory, const char *domain, const char *selector,
                             struct buf *ret, struct error *err);

// Makes a key when there is none; with a private file but no public one, writes the public one again. Never replaces a
// private file: one that cannot be read is an error. *ret_made tells whether a new key was made.
enum status dkim_ensure(const char *directory, const char *domain, const char *selector,
                        bool *ret_made, struct error *err);
