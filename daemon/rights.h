// SPDX-License-Identifier: ISC
// Who may do what. zoned keeps root's rights and reads no packet; each program that it starts has a user of its own,
// so that the directories say what a program that was taken over can reach:
//
//   DIR            root            0755   zoned.lock, last-good.yaml (0600)
//   DIR/keys       signer          0700   DNSSEC keys, private ones 0600
//   DIR/dkim       signer:DKIM    2750   DKIM keys, private ones 0640: the mail signer's group (box.dkim.group)
//   DIR/state      signer          0700   serials, keys in use, last good inputs
//   DIR/serve      signer:server  2750   what is served: data.mdb 0640, lock.mdb 0660
//   DIR/public     signer          0755   public keys of the zones
//   DIR/resolver   resolver        0700   trust anchors that follow the root's (RFC 5011)
//   control        root:GROUP      0750   sockets 0660 (control.group)
//
// Set-group-ID directories give their group to what is made in them, so that files are right from the moment they
// exist. Started by an ordinary user, everything is that user's and all programs have the same rights.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/status.h"
#include "config/config.h"

#define RIGHTS_CONTROL_DIRECTORY "/run/zonebox" // for root; else DIR/control

struct rights_user {
    uid_t uid;
    gid_t gid; // its primary group, and the only one that it gets
};

struct rights {
    bool root; // else the users below are all the one who started zoned
    struct rights_user signer, server, resolver, probe;
    struct rights_user tls; // its group is the server's: for DIR/serve
    gid_t dkim;             // group of DIR/dkim
    gid_t control;          // group of the control sockets
};

// Looks the users and groups of the configuration up: names, or numbers (a number without a passwd entry is its own
// group). The error says where the configuration names one that is not there, or one that may not be: root or of its
// group, or one that shares user or group with another program. Started by an ordinary user, `user:` is not looked at.
enum status rights_read(const struct config *config, struct rights *ret, struct error *err);

bool rights_equal(const struct rights *a, const struct rights *b);

// The user to start a program with, for child_launch: NULL when zoned is no root.
const struct rights_user *rights_of(const struct rights *rights, const struct rights_user *user);

// Says once in the log what is lost without root. Nothing when there is nothing to say.
void rights_log(const struct rights *rights);

#define RIGHTS_LOCK "zoned.lock"

// Makes the state directory itself, or takes it and the lock in it from another owner, who could put something in the
// place of what root opens there: to be called before anything in it is.
enum status rights_make_top(const struct rights *rights, const char *directory, struct error *err);
// Makes the directories in it, with owners and modes as above, and sees that each user reaches its own.
// What is there and of another owner (a restored backup) is repaired (daemon/ownership.h).
enum status rights_make_state(const struct rights *rights, const char *directory,
                              struct error *err);

// Where the control sockets are. The caller frees.
char *rights_control_directory(const struct config *config);
// Makes that directory. One that was there and that others may write to is refused.
enum status rights_make_control(const struct rights *rights, const char *directory,
                                struct error *err);
