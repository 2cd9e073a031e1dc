// SPDX-License-Identifier: ISC
// The public keys that signatures of outgoing mail are checked with (RFC 6376).
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/alloc.h"
#include "keys/dkim.h"

static void add_dkim(struct zone_maker *maker, const char *owner, const struct buf *der)
{
    char *base64 = xmalloc((der->len + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)base64, der->data, (int)der->len);
    maker_add_text(maker, owner,
                   "DKIM: the key that signatures of outgoing mail are checked with (RFC 6376 "
                   "§3.6.1, RFC 8301)",
                   "v=DKIM1; k=rsa; h=sha256; p=%s", base64);
    free(base64);
}

void make_dkim(struct zone_maker *maker)
{
    const struct config_box *box = &maker->config->box;
    const char *name = maker->name;
    if (!box->dkim)
        return;
    struct buf der = {0};
    struct error err = {0};
    char *owner = xasprintf("%s._domainkey.%s", box->dkim_selector, name);
    enum status status =
        dkim_load_public(maker->keys->dkim_directory, name, box->dkim_selector, &der, &err);
    if (status == STATUS_OK) {
        add_dkim(maker, owner, &der);
    } else if (status == STATUS_NOT_FOUND) {
        maker_missing(
            maker, owner, "TXT",
            "there is no DKIM key yet; zone-signer makes it when it first starts (RFC 6376)");
    } else {
        char *path =
            xasprintf("%s/%s/%s.pub", maker->keys->dkim_directory, name, box->dkim_selector);
        maker_missing(maker, owner, "TXT", "the DKIM key cannot be used: %s",
                      display_path(maker->config, err.text));
        maker_note(maker, true, path, "DKIM key: %s", err.text);
        free(path);
    }
    free(owner);
    buf_done(&der);
}
