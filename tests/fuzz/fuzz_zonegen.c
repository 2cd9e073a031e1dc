// SPDX-License-Identifier: ISC
// Files that admins and other programs bring: a master file, a certificate, an SSH host key. The first octet says
// which. What is accepted has one SOA, first; its dump is read again and says the same; every comment and note is one
// line.
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "zonegen/zonegen.h"

static const char config_text[] =
    "box:\n"
    "  hostname: box.example.com\n"
    "  addresses: [192.0.2.10]\n"
    "  tls: [/certificate]\n"
    "  ssh: [/key]\n"
    "domains:\n"
    "  - example.com\n"
    "  - {name: on.example.com, zone-file: /zone}\n"
    "  - {name: off.example, zone-file: /zone, dnssec: off}\n"
    "  - {name: presigned.example, zone-file: /zone, dnssec: presigned}\n"
    "state: /nonexistent\n";

static const struct zonegen_keys keys = {.dnssec_directory = "/nonexistent/keys",
                                         .dkim_directory = "/nonexistent/dkim"};

#define ZONE_FILE  2
#define FILE_COUNT 3

static void check_content(const struct zone_content *content)
{
    MUST(content->record_count > 0 && content->records[0].rr != NULL);
    for (size_t i = 0; i < content->record_count; i++) {
        const struct zone_record *record = &content->records[i];
        fuzz_check_line(record->why);
        if (record->rr == NULL)
            fuzz_check_line(record->missing);
        else
            MUST((ldns_rr_get_type(record->rr) == LDNS_RR_TYPE_SOA) == (i == 0));
    }
    for (size_t i = 0; i < content->note_count; i++)
        fuzz_check_line(content->notes[i].text);
}

static struct buf dump(const struct inputs *inputs, const struct zone_target *target,
                       struct error *err)
{
    struct buf text = {0};
    struct zone_content *content = NULL;
    if (zonegen_make(inputs, &keys, target, &content, err) == STATUS_OK) {
        check_content(content);
        zone_content_dump(content, &text);
        zone_content_free(content);
    } else {
        fuzz_check_line(err->text);
    }
    return text;
}

static void check_zone(struct inputs *inputs, const struct zone_target *target)
{
    struct error err = {0};
    struct buf first = dump(inputs, target, &err);
    // ldns writes the times of signatures that no 32 bits hold in a way that it does not read.
    bool times = first.len > 0 && (memmem(first.data, first.len, " RRSIG ", 7) != NULL ||
                                   memmem(first.data, first.len, " SIG ", 5) != NULL);
    if (first.len > 0 && !times && target->child_count == 0) {
        struct input_file *zone = &inputs->files[ZONE_FILE];
        struct input_file original = *zone;
        zone->octets = first.data;
        zone->len = first.len;
        struct buf second = dump(inputs, target, &err);
        MUST(second.len == first.len && memcmp(second.data, first.data, first.len) == 0);
        buf_done(&second);
        *zone = original;
    }
    buf_done(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static struct inputs inputs;
    static struct zone_target *targets;
    static size_t count;
    static char zone[] = "/zone";
    static char certificate[] = "/certificate";
    static char key[] = "/key";
    static struct input_file files[FILE_COUNT] = {
        // in the order of their paths, as inputs are
        {.kind = INPUT_CERTIFICATE, .path = certificate},
        {.kind = INPUT_SSH_KEY, .path = key},
        {.kind = INPUT_ZONE_FILE, .path = zone},
    };
    if (inputs.config == NULL) {
        struct config_errors errors = {0};
        MUST(config_parse("/z.yaml", config_text, strlen(config_text), &inputs.config, &errors) ==
             STATUS_OK);
        inputs.files = files;
        inputs.file_count = FILE_COUNT;
        count = zonegen_targets(inputs.config, &targets);
    }
    if (len < 1)
        return 0;
    size_t index = octets[0] == 'c' ? 0 : octets[0] == 's' ? 1 : ZONE_FILE;
    uint8_t *copy = malloc(len);
    MUST(copy != NULL);
    memcpy(copy, octets + 1, len - 1);
    for (size_t i = 0; i < FILE_COUNT; i++) {
        files[i].octets = i == index ? copy : NULL;
        files[i].len = i == index ? len - 1 : 0;
        (void)error_set(&files[i].error, STATUS_NOT_FOUND, "%s: not there", files[i].path);
    }
    for (size_t i = 0; i < count; i++)
        check_zone(&inputs, &targets[i]);
    free(copy);
    return 0;
}
