// SPDX-License-Identifier: ISC
// A box for the tests of the publisher: real configuration, keys and stores in a scratch directory.
#pragma once

#include "tests/unit/signer/signer_zone.h"

#include "signer/publisher.h"

extern char *directory; // of the test that runs
// A scratch directory with the host_key in host.pub.
int box_set_up(void **state);
int box_tear_down(void **state);

extern const char host_key[], other_host_key[]; // for host.pub

void write_text(const char *name, const char *text);
// box.yaml: the host box.example.com with these options of `box:`, and these lines below `domains:`.
void write_box(const char *options, const char *domains);
// With an address and host.pub, and without DKIM.
void write_config(const char *domains);
// A line of shell in the scratch directory.
void in_shell(const char *command);

// As box.yaml says, with the TLS keys to come in next/.
struct inputs *read_inputs(void);
struct publisher *start(int64_t now);
// Collects the next batch and signs it; NULL: there is nothing to do.
struct batch *sign_next(struct publisher *publisher, int64_t now);
// Runs batches until there is nothing to do at that time.
void work(struct publisher *publisher, int64_t now);
// Both.
struct publisher *begin(int64_t now);
// At NOW with these lines below `domains:`, and nothing is wrong.
struct publisher *begin_sound(const char *domains);
// Up to the commit of the next batch.
void prepare(struct publisher *publisher, int64_t now);
// Reads the inputs again and works.
void take(struct publisher *publisher, int64_t now);

// It must be there.
struct zone *zone_named(const struct publisher *publisher, const char *name);
// What is published of the zone, opened; the octets stay until the next renew.
bool look(struct publisher *publisher, const char *zone, struct image *ret);
// Has it records of that type at that name?
bool zone_has(struct publisher *publisher, const char *zone, const char *owner, uint16_t type);
uint32_t serial_of(struct publisher *publisher, const char *zone); // 0: none
// As a validator at that time would see it, with the keys in the directory.
void assert_valid(struct publisher *publisher, const char *zone, int64_t now);
size_t count_keys(void); // files

// Between the two, log lines are kept; the second tells how many of them have these words.
void listen_to_log(void);
size_t end_listening(const char *words);
