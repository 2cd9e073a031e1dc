// SPDX-License-Identifier: ISC
// Master files of keys: zones.key and anchor files. What is taken comes back from its own print as the same, and
// nothing of it leaves the quotes or the line that it has in libunbound's settings.
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "resolver/anchors.h"
#include "resolver/own_zones.h"

static void print(const struct records *records, struct buf *ret)
{
    for (size_t i = 0; i < records->count; i++) {
        size_t before = ret->len;
        record_print(&records->list[i], ret);
        for (size_t k = before; k < ret->len; k++)
            MUST(ret->data[k] >= ' ' && ret->data[k] < 0x7f && ret->data[k] != '"' &&
                 ret->data[k] != ';' && ret->data[k] != '#');
        buf_put_text(ret, "\n");
    }
}

static void try_zones(const struct buf *text)
{
    struct own_zones zones = {0};
    struct own_zones again = {0};
    struct error err = {0};
    struct buf printed = {0};
    if (own_zones_parse("zones.key", text, &zones, &err) != STATUS_OK) {
        MUST(err.text[0] != '\0' && own_zones_count(&zones) == 0);
        return;
    }
    print(&zones.keys, &printed);
    for (size_t i = 0; i < zones.unsigned_count; i++) {
        buf_put_text(&printed, "; unsigned: ");
        owner_print(zones.unsigned_zones[i].wire, &printed);
        buf_put_text(&printed, "\n");
    }
    MUST(own_zones_parse("again", &printed, &again, &err) == STATUS_OK);
    MUST(own_zones_equal(&zones, &again));
    own_zones_done(&again);
    own_zones_copy(&zones, &again);
    MUST(own_zones_count(&zones) == own_zones_count(&again));
    own_zones_done(&again);
    own_zones_done(&zones);
    buf_done(&printed);
}

// A state file that meets a seed: every record of the new one stands in one of both.
static void try_merge(const struct buf *text)
{
    struct records records = {0};
    struct records merged = {0};
    struct records none = {0};
    struct error err = {0};
    struct buf printed = {0};
    if (records_read("root.key", text, NULL, &records, &err) == STATUS_OK) {
        records_sort(&records);
        anchors_merge(&records, &records, &records, &printed);
        MUST(records_read("again", &printed, NULL, &merged, &err) == STATUS_OK);
        MUST(merged.count == records.count);
        buf_clear(&printed);
        anchors_merge(&records, &none, &records, &printed);
    }
    buf_done(&printed);
    records_done(&merged);
    records_done(&records);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct buf text = {0};
    buf_put(&text, octets, len);
    try_zones(&text);
    try_merge(&text);
    buf_done(&text);
    return 0;
}
