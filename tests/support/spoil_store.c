// SPDX-License-Identifier: ISC
// spoil_store DIR ZONE: spoils the SOA's signature of a zone in the store of DIR, where it lies in the file: for LMDB
// and whoever has mapped it nothing has happened.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "dns/image.h"
#include "dns/name.h"
#include "dns/store.h"
#include "dns/types.h"
#include "tests/support/spoil.h"

#define FILE_MAX (256U << 20)

// A copy of the zone's image. The caller frees it.
static uint8_t *find_image(const char *directory, const char *zone, size_t *ret_len)
{
    struct store *store;
    struct store_reader *reader = NULL;
    struct store_entry entry;
    struct name name;
    struct name_key key;
    uint8_t *found = NULL;
    uint64_t id;
    if (name_from_text(zone, &name, NULL) != STATUS_OK ||
        store_open_reader(directory, STORE_SERVE, &store, NULL) != STATUS_OK)
        return NULL;
    name_key(name.wire, &key);
    if (store_reader_open(store, &reader, NULL) == STATUS_OK &&
        store_reader_renew(reader, &id, NULL) == STATUS_OK &&
        store_get(reader, STORE_IMAGES, key.octets, key.len, &entry) == STATUS_OK) {
        *ret_len = ((const struct image_header *)(const void *)entry.value)->size;
        found = xmemdup(entry.value, *ret_len);
    }
    store_reader_close(reader);
    store_close(store);
    return found;
}

int main(int argc, char **argv)
{
    struct buf file = {0};
    size_t len = 0;
    uint8_t *image = argc == 3 ? find_image(argv[1], argv[2], &len) : NULL;
    if (image == NULL)
        return 2;
    char *path = path_join(argv[1], "data.mdb");
    if (file_read(path, FILE_MAX, &file, NULL) != STATUS_OK)
        return 1;
    const uint8_t *at = memmem(file.data, file.len, image, len);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    spoil_signature(image, RR_TYPE_SOA);
    bool done =
        at != NULL && fd >= 0 && pwrite(fd, image, len, (off_t)(at - file.data)) == (ssize_t)len;
    if (fd >= 0)
        close(fd);
    free(image);
    free(path);
    buf_done(&file);
    return done ? 0 : 1;
}
