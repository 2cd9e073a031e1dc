// SPDX-License-Identifier: ISC
// Gives a directory of the state its owner, group and mode; and when it was somebody else's, as after a backup was
// restored, all that is in it.
//
// zoned does this as root in directories that programs write to, so it must not be led astray by what one of them
// planted there: nothing is touched while the directory is its wanted user's already; symbolic links are not
// followed; of files only regular ones with a single name are given away; the directory itself comes last, so that an
// interrupted repair is done again.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "base/status.h"

struct ownership {
    uid_t uid;
    gid_t gid;   // (gid_t)-1: whatever it is
    mode_t mode; // of the directory; a set-group-ID one has those below made so, too
};

// Makes parent/name where it is missing. parent is trusted: nobody but its owner writes to it. What was left as it is
// gets a line in the log. EXISTS when it is no directory (a symbolic link neither).
enum status ownership_ensure(const char *parent, const char *name, const struct ownership *wanted,
                             struct error *err);

// Gives one file to the caller, if it is there. EXISTS when it is something else than a regular file with one name.
enum status ownership_take_file(const char *parent, const char *name, struct error *err);
