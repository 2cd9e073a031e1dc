// SPDX-License-Identifier: ISC
// Custom records: the input is a records file, a line of the configuration (first octet 'l') or record data of the type
// that the next two octets say ('t'). What is accepted is dumped, read again as a records file where that can be, and
// says the same; every message is one line.
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "zonegen/rdata_text.h"
#include "zonegen/zonegen.h"

static const char config_text[] =
    "box:\n"
    "  hostname: box.example.com\n"
    "  addresses: [192.0.2.10]\n"
    "  tls: []\n"
    "  ssh: []\n"
    "domains:\n"
    "  - {name: example.com, records-file: /records, records: [x A 192.0.2.1]}\n"
    "  - child.example.com\n"
    "  - {name: in.example.com, zone: parent, records: [y A 192.0.2.1]}\n"
    "state: /nonexistent\n";

static const struct zonegen_keys keys = {.dnssec_directory = "/nonexistent/keys",
                                         .dkim_directory = "/nonexistent/dkim"};

static void check_content(const struct zone_content *content, enum status status)
{
    bool refused = false;
    for (size_t i = 0; i < content->note_count; i++) {
        fuzz_check_line(content->notes[i].text);
        refused = refused || content->notes[i].error;
    }
    MUST(status == STATUS_OK || refused);
    for (size_t i = 0; i < content->record_count; i++)
        fuzz_check_line(content->records[i].why);
}

// The custom records of a zone as a records file says them.
static struct buf print_custom(const struct zone_content *content)
{
    struct buf text = {0};
    for (size_t i = 0; i < content->record_count; i++) {
        const struct zone_record *record = &content->records[i];
        char type[16];
        if (record->rr == NULL || record->place.file == NULL)
            continue;
        char *owner = ldns_rdf2str(ldns_rr_owner(record->rr));
        rdata_is_plain(record->rr, type);
        buf_printf(&text, "%s %u TYPE%u ", owner, ldns_rr_ttl(record->rr),
                   (unsigned)ldns_rr_get_type(record->rr));
        rdata_print_generic(record->rr, &text);
        buf_put_text(&text, "\n");
        free(owner);
    }
    return text;
}

static struct zone_content *make(const struct inputs *inputs, const struct zone_target *target,
                                 enum status *ret_status)
{
    struct zone_content *content = NULL;
    struct error err = {0};
    *ret_status = zonegen_examine(inputs, &keys, target, &content, &err);
    check_content(content, *ret_status);
    if (*ret_status != STATUS_OK)
        fuzz_check_line(err.text);
    return content;
}

static void check_zone(struct inputs *inputs, const struct zone_target *target, const char *text,
                       size_t len, bool is_line)
{
    struct config_domain *domain = &inputs->config->domains[0];
    struct input_file *file = &inputs->files[0];
    enum status status;
    file->octets = xmemdup(is_line ? "" : text, is_line ? 0 : len);
    file->len = is_line ? 0 : len;
    domain->record_count = is_line;
    char *line = xmemdup(text, len + 1); // NUL-terminated
    domain->records[0].line = line;
    struct zone_content *content = make(inputs, target, &status);
    if (status == STATUS_OK) {
        struct buf first = print_custom(content);
        domain->record_count = 0;
        free(file->octets);
        file->octets = xmemdup(first.data, first.len);
        file->len = first.len;
        struct zone_content *other = make(inputs, target, &status);
        MUST(status == STATUS_OK);
        struct buf second = print_custom(other);
        MUST(first.len == second.len &&
             (first.len == 0 || memcmp(first.data, second.data, first.len) == 0));
        zone_content_free(other);
        buf_done(&first);
        buf_done(&second);
    }
    zone_content_free(content);
    domain->record_count = 0;
    free(line);
    free(file->octets);
    file->octets = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static struct inputs inputs;
    static struct zone_target *targets;
    static const struct zone_target *target;
    static char path[] = "/records";
    static struct input_file files[] = {{.kind = INPUT_RECORDS_FILE, .path = path}};
    if (inputs.config == NULL) {
        struct config_errors errors = {0};
        MUST(config_parse("/z.yaml", config_text, strlen(config_text), &inputs.config, &errors) ==
             STATUS_OK);
        inputs.files = files;
        inputs.file_count = 1;
        inputs.config->domains[2].record_count = 0;
        size_t count = zonegen_targets(inputs.config, &targets);
        target = zonegen_target_find(targets, count, "example.com");
        MUST(target != NULL);
    }
    if (len < 1)
        return 0;
    struct buf text = {0};
    bool is_line = octets[0] == 'l' || octets[0] == 't';
    if (octets[0] == 't' && len > 3)
        buf_printf(&text, "w TYPE%u ", (unsigned)octets[1] << 8 | octets[2]);
    size_t head = octets[0] == 't' && len > 3 ? 3 : 1;
    buf_put(&text, octets + head, len - head);
    (void)buf_text(&text);
    if (!is_line || strlen(buf_text(&text)) == text.len)
        check_zone(&inputs, target, buf_text(&text), text.len, is_line);
    buf_done(&text);
    return 0;
}
