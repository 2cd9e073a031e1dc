// SPDX-License-Identifier: ISC
// make_store DIR ZONE=FILE[:DENIAL]...: writes master files as zone images into the serve/ store of
// DIR, in one transaction. With a DENIAL (nsec, nsec3 or optout) the zone is signed with a fresh
// key first, and what was signed is written to FILE.signed, so that another server can serve the
// same. "ZONE=" takes a zone away. For tests that need zone-server without a signer.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "dns/name.h"
#include "dns/store.h"
#include "tests/support/zone_text.h"

#define FILE_MAX (16U << 20)

static void expect(enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "make_store: %s\n", err->text[0] != '\0' ? err->text : status_text(status));
    exit(1);
}

static enum zone_text_denial denial_of(const char *word)
{
    if (strcmp(word, "nsec") == 0)
        return ZONE_TEXT_NSEC;
    return strcmp(word, "nsec3") == 0 ? ZONE_TEXT_NSEC3 : ZONE_TEXT_NSEC3_OPTOUT;
}

static void make_image(const char *zone, const char *path, const char *denial, struct buf *ret)
{
    struct error err = {0};
    struct buf text = {0};
    expect(file_read(path, FILE_MAX, &text, &err), &err);
    if (denial == NULL) {
        zone_text_image(zone, buf_text(&text), ret);
    } else {
        char *signed_text = zone_text_sign(zone, buf_text(&text), denial_of(denial));
        char *signed_path = xasprintf("%s.signed", path);
        expect(file_write(signed_path, signed_text, strlen(signed_text), 0644, &err), &err);
        zone_text_image(zone, signed_text, ret);
        free(signed_path);
        free(signed_text);
    }
    buf_done(&text);
}

static void put_zone(struct store_txn *txn, char *argument)
{
    struct error err = {0};
    char *path = strchr(argument, '=');
    if (path == NULL)
        expect(error_set(&err, STATUS_SYNTAX, "not ZONE=FILE: %s", argument), &err);
    *path++ = '\0';
    char *denial = strchr(path, ':');
    if (denial != NULL)
        *denial++ = '\0';
    struct name name;
    struct name_key key;
    expect(name_from_text(argument, &name, &err), &err);
    name_key(name.wire, &key);
    if (*path == '\0') {
        expect(store_delete(txn, STORE_IMAGES, key.octets, key.len, &err), &err);
        return;
    }
    struct buf image = {0};
    make_image(argument, path, denial, &image);
    struct store_entry entry = {key.octets, key.len, image.data, image.len};
    expect(store_put(txn, STORE_IMAGES, &entry, &err), &err);
    buf_done(&image);
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct store *store;
    struct store_txn *txn;
    if (argc < 2) {
        fputs("Usage: make_store DIR ZONE=FILE[:nsec|nsec3|optout]...\n", stderr);
        return 2;
    }
    expect(store_open_writer(argv[1], STORE_SERVE, &store, &err), &err);
    expect(store_begin(store, &txn, &err), &err);
    for (int i = 2; i < argc; i++)
        put_zone(txn, argv[i]);
    expect(store_commit(txn, NULL, &err), &err);
    store_close(store);
    return 0;
}
