// SPDX-License-Identifier: ISC
// The defaults that are no single value of the table of options: lists, what follows from the host
// name, what is found on the box.
#pragma once

#include "config/config.h"
#include "config/surroundings.h"

// Fills in what the configuration leaves open: name servers, certificate, host keys, refresh of
// signatures; and the resolver's lists.
void defaults_apply(struct config *config, const struct surroundings *surroundings);

// Where certbot keeps the certificate of that host. The caller frees.
char *defaults_certificate(const struct surroundings *surroundings, const char *hostname);
