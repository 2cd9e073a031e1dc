// SPDX-License-Identifier: ISC
// What zoned does as root for the signer's directories (owners, groups), as far as a zone-signer that runs alone can
// and must do it itself.
#pragma once

#include "base/status.h"

// Makes directory and its dkim/, which gives its group to all that is made below: dkim_group (name or number), or
// NULL for the user's own. DENIED when root would put files of its own among those of the signer's user, who then
// could not read them.
enum status homes_make(const char *directory, const char *dkim_group, struct error *err);
