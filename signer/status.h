// SPDX-License-Identifier: ISC
// The answer to {"command":"status"} on the signer's control socket:
//
//   {"zone-count":3,"signed":2,"unsigned":1,"presigned":0,"wrong":1,"waiting":0,
//    "signatures-expire":1796209600,"sign-next":1795604800,
//    "errors":["…"],"audit":{"zones":3,"oldest":1795600000,"signatures":120,"milliseconds":9,"failures":0},
//    "zones":[{"name":"example.com","serial":1795000000,"dnssec":"signed","signatures-expire":1796209600,
//              "sign-next":1795604800,"keys":[{"tag":12345,"algorithm":13,…}],
//              "life":{…},"served":{…},"parent":{…},
//              "dkim":[{"domain":"example.com","selector":"rsa-20261122","algorithm":"rsa","state":"active",
//                       "since":1795330800,"todo":null},…],"dkim-next":null,
//              "error":null,"notes":[]},…],
//    "external-count":1,
//    "external":[{"name":"example.org","dkim":[…],"dkim-next":null,"error":"…"},…]}
//
// keys, life, served, parent: signer/life_status.h. audit: signer/audit.h. external: the domains that others serve,
// which zone-count leaves out and wrong counts. todo: what a key of theirs waits for, or what has to be done with its
// record there. Times are Unix seconds, null where there is none (also a serial before the first publication). A DKIM
// key's state is one of keys/dkim.h, or "unusable"; dkim-next: when the next step with one is due. waiting: zones that
// are to be looked at now. errors: what concerns more than a zone (stores, inputs). A request may have "zones": "all"
// (the default), "wrong" (those with an error), "open" (these, and the first of those that wait for their DS at the
// parent, which "open" then counts) or the name of one. Ten thousand zones are 20 MB and some 500 ms of work, the
// summary of them less than one, so who wants only that asks for the wrong ones.
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/status.h"
#include "signer/publish.h"

// So many of those that wait for their DS are listed: a screen.
#define STATUS_OPEN_MAX 20

// publisher NULL: no inputs came yet. NOT_FOUND when the zone asked for is none of ours.
enum status status_answer(const struct publisher *publisher, int64_t now, const json_t *request,
                          json_t *reply, struct error *err);
