// SPDX-License-Identifier: ISC
// The defaults that are no single value of the table of options: lists, what follows from the host
// name, what is found on the box.
#pragma once

#include "config/config.h"
#include "config/surroundings.h"

// The lists that are as they are when nothing is read over them.
void defaults_begin(struct config *config);
// Fills in what the configuration leaves open, but for domains: name servers, certificate, host keys, keys to come,
// TTLs, refresh of signatures; and the resolver's lists.
void defaults_apply(struct config *config, const struct surroundings *surroundings);
// What follows from other options of the same.
void defaults_mail(struct config_mail *mail);
void defaults_ttl(struct config_ttl *ttl);
void defaults_dnssec(struct config_dnssec_policy *policy);
// The services that most mail servers have.
void defaults_services(struct config *config, struct config_mail *mail);

// Where certbot keeps the certificate of that host. The caller frees.
char *defaults_certificate(const struct surroundings *surroundings, const char *hostname);
