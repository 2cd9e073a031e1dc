// SPDX-License-Identifier: ISC
#include "tests/support/small_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "dns/name.h"
#include "dns/store.h"
#include "tests/support/zone_text.h"

#define APEX "example."
#define HEAD "@ SOA ns1 hostmaster 1 14400 3600 604800 300\n@ NS ns1\nns1 A 192.0.2.1\n"

static const struct address client = {.v4 = {.sin_family = AF_INET}};

static void expect(enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "small_store: %s\n", err->text[0] != '\0' ? err->text : status_text(status));
    exit(1);
}

static void put_image(const char *directory, const struct buf *image)
{
    struct error err = {0};
    struct store *store;
    struct store_txn *txn;
    struct name name;
    struct name_key key;
    expect(name_from_text(APEX, &name, &err), &err);
    name_key(name.wire, &key);
    expect(store_open_writer(directory, STORE_SERVE, &store, &err), &err);
    expect(store_begin(store, &txn, &err), &err);
    struct store_entry entry = {key.octets, key.len, image->data, image->len};
    expect(store_put(txn, STORE_IMAGES, &entry, &err), &err);
    expect(store_commit(txn, NULL, &err), &err);
    store_close(store);
}

void small_store_open(const char *records, struct small_store *ret)
{
    struct buf text = {0}, image = {0};
    strcpy(ret->directory, "/tmp/small_store.XXXXXX");
    if (mkdtemp(ret->directory) == NULL) {
        perror("small_store");
        exit(1);
    }
    buf_put_text(&text, HEAD);
    buf_put_text(&text, records);
    zone_text_image(APEX, buf_text(&text), &image);
    put_image(ret->directory, &image);
    buf_done(&image);
    buf_done(&text);
    ret->zones = zones_new(ret->directory);
    if (!zones_attend(ret->zones)) {
        fprintf(stderr, "small_store: cannot be opened\n");
        exit(1);
    }
    ret->responder = (struct responder){.zones = ret->zones};
    ret->desk.responder = &ret->responder;
    ret->desk.statistics = &ret->statistics;
    ret->desk.transport = TRANSPORT_TCP;
    ret->desk.client = &client;
}

void small_store_close(struct small_store *store)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char path[sizeof(store->directory) + 16];
    zones_free(store->zones);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", store->directory, files[i]);
        unlink(path);
    }
    rmdir(store->directory);
}
