// SPDX-License-Identifier: ISC
// Secrets that cookies are made with (RFC 7873), on their way to all workers: zoned makes them, or reads those of the
// admin, and each worker inherits the descriptor. They stand in no file of ours, argument or message.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define SECRET_LEN       16 // of SipHash (RFC 9018 §4.4)
#define SECRETS_MAX      4  // each costs a hash for every cookie that is none of ours
#define SECRETS_FILE_MAX 4096

struct secrets {
    uint8_t
        shared; // how many were given, the newest first; 0: one master secret, which others are made from
    uint8_t octets[SECRETS_MAX][SECRET_LEN];
};

// A master secret, from the system.
void secrets_make(struct secrets *ret);
// Reads a file: a secret a line, 32 hexadecimal digits, the newest first; empty lines and such that begin with # are
// skipped. The error has file, line and column, and nothing of the secrets.
enum status secrets_read(const char *path, struct secrets *ret, struct error *err);
bool secrets_equal(const struct secrets *a, const struct secrets *b);

// The secrets as a descriptor (close-on-exec) that nobody can write to.
enum status secrets_hand_over(const struct secrets *secrets, int *ret_fd, struct error *err);
// Takes them from there; it is closed in any case.
enum status secrets_take(int fd, struct secrets *ret, struct error *err);
