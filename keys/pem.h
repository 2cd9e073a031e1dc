// SPDX-License-Identifier: ISC
// Reading PEM (RFC 7468) as a service does.
#pragma once

// For OpenSSL's PEM_read_bio functions: there is no pass phrase. Without it they ask the terminal, which a service does
// not have, and a command would hang at.
int pem_no_pass_phrase(char *text, int size, int writing, void *user);
