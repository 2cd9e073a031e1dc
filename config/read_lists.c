// SPDX-License-Identifier: ISC
// Lists and their elements, among them domains.
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/check.h"
#include "config/defaults.h"
#include "config/digest.h"
#include "config/errors.h"
#include "config/read_parts.h"
#include "config/values.h"

// ── Elements ─────────────────────────────────────────────────────────────────────────────────────

static void read_address(const struct reader *reader, const struct slot *slot,
                         const struct node *item, void *element)
{
    struct config_address *address = element;
    struct error err = {0};
    address->place = item->place;
    if (value_address(item->text, &address->address, &err) != STATUS_OK)
        complain_of(reader, slot, item->place, err.text);
}

static void read_listen(const struct reader *reader, const struct slot *slot,
                        const struct node *item, void *element)
{
    struct error err = {0};
    enum option_type type = slot->row->type;
    uint16_t port = type == OPTION_LISTEN_TLS ? CONFIG_PORT_TLS : 53;
    enum status status = type == OPTION_LISTEN_LOCAL ? value_listen_local(item->text, element, &err)
                         : type == OPTION_LISTEN_METRICS
                             ? value_listen_metrics(item->text, element, &err)
                             : value_listen(item->text, port, element, &err);
    if (status != STATUS_OK)
        complain_of(reader, slot, item->place, err.text);
}

static void read_forward(const struct reader *reader, const struct slot *slot,
                         const struct node *item, void *element)
{
    struct error err = {0};
    if (value_forward(&reader->config->arena, item->text, element, &err) != STATUS_OK)
        complain_of(reader, slot, item->place, err.text);
}

static void read_port(const struct reader *reader, const struct slot *slot, const struct node *item,
                      void *element)
{
    struct error err = {0};
    if (value_number(item->text, 1, 65535, element, &err) != STATUS_OK)
        complain_of(reader, slot, item->place, err.text);
}

static enum status store_element(const struct reader *reader, enum option_type type,
                                 const char *text, char **ret, struct error *err)
{
    struct arena *arena = &reader->config->arena;
    switch (type) {
    case OPTION_RELAYS:
        return value_relay(arena, text, ret, err);
    case OPTION_REPORTS:
        return value_report(arena, text, ret, err);
    case OPTION_ISSUERS:
        return value_issuer(arena, text, ret, err);
    case OPTION_ACCOUNTS:
        return value_account(arena, text, ret, err);
    case OPTION_METHODS:
        return value_method(arena, text, ret, err);
    case OPTION_DATA:
        *ret = arena_text(arena, text); // read_record knows the type, and what to make of it
        return STATUS_OK;
    default:
        return value_path(arena, text, reader->config->directory, ret, err);
    }
}

static void read_element(const struct reader *reader, const struct slot *slot,
                         const struct node *item, void *element)
{
    struct config_text *text = element;
    struct error err = {0};
    text->place = item->place;
    if (store_element(reader, slot->row->type, item->text, &text->text, &err) != STATUS_OK)
        complain_of(reader, slot, item->place, err.text);
}

// A mapping with the rows of the slot's section; a single value is its first row, the name.
static void read_mapped(const struct reader *reader, const struct slot *slot,
                        const struct node *item, struct targets *targets)
{
    const struct scope scope = {.up = slot->scope,
                                .name = slot->row->name,
                                .section = slot->row->section,
                                .targets = targets};
    if (item->kind == NODE_MAPPING) {
        read_section(reader, &scope, item);
        return;
    }
    struct node name = *item;
    name.next = NULL;
    name.key = scope.section->rows[0].name;
    name.key_place = item->place;
    const struct node mapping = {.kind = NODE_MAPPING, .place = item->place, .first = &name};
    read_section(reader, &scope, &mapping);
}

static void read_nameserver(const struct reader *reader, const struct slot *slot,
                            const struct node *item, void *element)
{
    struct targets targets = {.element = element};
    read_mapped(reader, slot, item, &targets);
}

static void read_service(const struct reader *reader, const struct slot *slot,
                         const struct node *item, void *element)
{
    struct config_service *service = element;
    struct targets targets = {.element = element};
    char quoted[VALUE_QUOTE_MAX], words[VALUE_QUOTE_MAX + 120];
    size_t before = reader->errors->count;
    read_mapped(reader, slot, item, &targets);
    if (service->port == 0 && service->name != NULL)
        service->port = value_service_port(service->name);
    if (service->port != 0 || reader->errors->count > before)
        return;
    snprintf(words, sizeof(words), "%s has no port that is known here; write {name: %s, port: …}",
             value_quote(service->name, quoted), service->name);
    complain_of(reader, slot, item->place, words);
}

static bool holds_texts(const char *type)
{
    return strcmp(type, "TXT") == 0 || strcmp(type, "SPF") == 0 || strcmp(type, "HINFO") == 0;
}

static const char *judge_record(const struct config_record *record)
{
    if (record->data_count == 0 && record->text == NULL)
        return "the record has no data; write `data`, as behind the type in a master file";
    if (record->data_count > 0 && record->text != NULL)
        return "both `data` and `text`; write one of them";
    if (record->text != NULL && strcmp(record->type, "TXT") != 0)
        return "`text` is for TXT; write `data`, as behind the type in a master file";
    return NULL;
}

static void read_record(const struct reader *reader, const struct slot *slot,
                        const struct node *item, void *element)
{
    struct arena *arena = &reader->config->arena;
    struct config_record *record = element;
    struct error err = {0};
    record->place = item->place;
    if (item->kind == NODE_TEXT) {
        if (value_record_line(arena, item->text, &record->line, &err) != STATUS_OK)
            complain_of(reader, slot, item->place, err.text);
        return;
    }
    struct targets targets = {.element = element};
    size_t before = reader->errors->count;
    read_mapped(reader, slot, item, &targets);
    if (reader->errors->count > before)
        return;
    const char *wrong = judge_record(record);
    if (wrong != NULL)
        complain_of(reader, slot, item->place, wrong);
    for (size_t i = 0; i < record->data_count && !holds_texts(record->type); i++)
        if (value_record_data(arena, record->data[i].text, &record->data[i].text, &err) !=
            STATUS_OK)
            complain_of(reader, slot, record->data[i].place, err.text);
}

// ── Twice ────────────────────────────────────────────────────────────────────────────────────────

static bool same_address(const void *a, const void *b)
{
    return address_equal(&((const struct config_address *)a)->address,
                         &((const struct config_address *)b)->address);
}

static bool same_listen(const void *a, const void *b)
{
    return address_equal(a, b);
}

static bool same_forward(const void *a, const void *b)
{
    return address_equal(&((const struct config_forward *)a)->address,
                         &((const struct config_forward *)b)->address);
}

static bool same_port(const void *a, const void *b)
{
    return *(const uint32_t *)a == *(const uint32_t *)b;
}

static bool same_text(const void *a, const void *b)
{
    const struct config_text *left = a, *right = b;
    return left->text != NULL && right->text != NULL && strcmp(left->text, right->text) == 0;
}

static bool same_nameserver(const void *a, const void *b)
{
    const struct config_nameserver *left = a, *right = b;
    return left->name != NULL && right->name != NULL && strcmp(left->name, right->name) == 0;
}

static bool same_service(const void *a, const void *b)
{
    const struct config_service *left = a, *right = b;
    return left->name != NULL && right->name != NULL && strcmp(left->name, right->name) == 0 &&
           left->port == right->port &&
           (left->host == NULL ? right->host == NULL
                               : right->host != NULL && strcmp(left->host, right->host) == 0);
}

struct list_type {
    size_t size;
    bool takes_mappings;
    bool (*same)(const void *a, const void *b); // NULL: for lists that may be long, others look
    void (*read)(const struct reader *reader, const struct slot *slot, const struct node *item,
                 void *element);
};

static struct list_type list_type(enum option_type type)
{
    switch (type) {
    case OPTION_ADDRESSES:
        return (struct list_type){sizeof(struct config_address), false, same_address, read_address};
    case OPTION_LISTEN:
    case OPTION_LISTEN_LOCAL:
    case OPTION_LISTEN_TLS:
    case OPTION_LISTEN_METRICS:
        return (struct list_type){sizeof(struct address), false, same_listen, read_listen};
    case OPTION_FORWARD:
        return (struct list_type){sizeof(struct config_forward), false, same_forward, read_forward};
    case OPTION_PORTS:
        return (struct list_type){sizeof(uint32_t), false, same_port, read_port};
    case OPTION_NAMESERVERS:
        return (struct list_type){sizeof(struct config_nameserver), true, same_nameserver,
                                  read_nameserver};
    case OPTION_SERVICES:
        return (struct list_type){sizeof(struct config_service), true, same_service, read_service};
    case OPTION_RECORDS:
        return (struct list_type){sizeof(struct config_record), true, NULL, read_record};
    case OPTION_DATA:
        return (struct list_type){sizeof(struct config_text), false, NULL, read_element};
    default:
        return (struct list_type){sizeof(struct config_text), false, same_text, read_element};
    }
}

// ── Lists ────────────────────────────────────────────────────────────────────────────────────────

static void read_item(const struct reader *reader, const struct slot *slot,
                      const struct list_type *type, const struct node *item, void *element)
{
    if (node_is_empty(item))
        complain_of_kind(reader, slot, item, "write one, or take the line out");
    else if (item->kind == NODE_TEXT || (item->kind == NODE_MAPPING && type->takes_mappings))
        type->read(reader, slot, item, element);
    else
        complain_of_kind(reader, slot, item, "write one value for each item");
}

static void complain_of_twice(const struct reader *reader, const struct slot *slot,
                              const struct list_type *type, const struct node *item,
                              const char *elements, size_t count)
{
    for (size_t i = 0; type->same != NULL && i + 1 < count; i++)
        if (type->same(elements + i * type->size, elements + (count - 1) * type->size)) {
            complain_of(reader, slot, item->place, "listed twice; remove one");
            return;
        }
}

// The first item, and how many there are.
static const struct node *first_item(const struct node *node, size_t *ret_count)
{
    *ret_count = 1;
    if (node->kind != NODE_LIST)
        return node;
    *ret_count = 0;
    for (const struct node *item = node->first; item != NULL; item = item->next)
        ++*ret_count;
    return node->first;
}

static void read_items(const struct reader *reader, const struct slot *slot,
                       const struct node *node)
{
    const struct option *row = slot->row;
    const struct list_type type = list_type(row->type);
    size_t count;
    const struct node *item = first_item(node, &count);
    size_t taken = count < row->max ? count : row->max;
    char *elements = arena_struct(&reader->config->arena, taken * type.size);
    memset(elements, 0, taken * type.size);
    for (size_t i = 0; i < taken; i++, item = item->next) {
        size_t before = reader->errors->count;
        read_item(reader, slot, &type, item, elements + i * type.size);
        if (reader->errors->count == before)
            complain_of_twice(reader, slot, &type, item, elements, i + 1);
    }
    if (taken < count)
        complain_of(reader, slot, item->place, "too many items; take this and the following out");
    if (count < row->min)
        complain_of(reader, slot, node->place, "the list is empty; write at least one item");
    void *base = slot_base(reader, slot);
    memcpy(SLOT_AT(base, row->target, void), &elements, sizeof(elements));
    memcpy(SLOT_AT(base, row->count, void), &taken, sizeof(taken));
}

static void read_flags(const struct reader *reader, const struct slot *slot,
                       const struct node *node)
{
    uint32_t flags = 0;
    size_t count;
    const struct node *item = first_item(node, &count);
    for (size_t i = 0; i < count; i++, item = item->next) {
        struct error err = {0};
        unsigned word = 0;
        if (item->kind != NODE_TEXT || node_is_empty(item))
            complain_of_kind(reader, slot, item, "write one value for each item");
        else if (value_word(item->text, slot->row->words, &word, &err) != STATUS_OK)
            complain_of(reader, slot, item->place, err.text);
        else if ((flags & 1U << word) != 0)
            complain_of(reader, slot, item->place, "listed twice; remove one");
        else
            flags |= 1U << word;
    }
    if (count == 0)
        complain_of(reader, slot, node->place, "the list is empty; write at least one item");
    *SLOT_AT(slot_base(reader, slot), slot->row->target, uint32_t) = flags;
}

// `no` for none at all and, where that can be undone, `yes` for the default.
static bool read_list_switch(const struct reader *reader, const struct slot *slot,
                             const struct node *node)
{
    const struct option *row = slot->row;
    bool yes;
    if (!row->takes_no)
        return false;
    void *base = slot_base(reader, slot);
    if (row->no != 0)
        *SLOT_AT(base, row->no, bool) = false;
    if (row->yes != 0)
        *SLOT_AT(base, row->yes, bool) = true;
    if (node->kind != NODE_TEXT || node_is_empty(node) || !value_is_yes_no(node->text, &yes) ||
        (yes && row->yes == 0))
        return false;
    if (row->no != 0)
        *SLOT_AT(base, row->no, bool) = true;
    if (row->yes != 0)
        *SLOT_AT(base, row->yes, bool) = yes;
    static void *const none = NULL;
    memcpy(SLOT_AT(base, row->target, void), &none, sizeof(none));
    *SLOT_AT(base, row->count, size_t) = 0;
    if (yes)
        defaults_services(reader->config, base);
    return true;
}

void read_list(const struct reader *reader, const struct slot *slot, const struct node *node)
{
    bool takes_mappings = option_is_list(slot->row) && list_type(slot->row->type).takes_mappings;
    if ((node->kind == NODE_MAPPING && !takes_mappings) || node_is_empty(node)) {
        complain_of_kind(reader, slot, node, "write a list: each item on a line behind \"- \"");
        return;
    }
    if (slot->row->type == OPTION_FLAGS)
        read_flags(reader, slot, node);
    else if (!read_list_switch(reader, slot, node))
        read_items(reader, slot, node);
}

// ── CAA ──────────────────────────────────────────────────────────────────────────────────────────

// What is not a mapping is who may issue.
static void read_issuers(const struct reader *reader, const struct slot *slot,
                         const struct node *node)
{
    struct node issue = *node;
    issue.next = NULL;
    issue.key = "issue";
    issue.key_place = node->place;
    const struct node mapping = {.kind = NODE_MAPPING, .place = node->place, .first = &issue};
    read_below(reader, slot, &mapping);
}

// Accounts and methods are parameters of a CA; without one they would say nothing. The box has that of its certificate.
static void check_parameters(const struct reader *reader, const struct slot *slot,
                             const struct node *node, const struct config_caa *caa)
{
    bool automatic = slot->scope->targets->domain == NULL && !caa->issue_given;
    if (caa->account_count + caa->method_count > 0 && !automatic && caa->issue_count == 0 &&
        caa->issuewild_count == 0)
        complain_of(reader, slot, node->place,
                    "accounts and methods are limits of a CA, and none is named; write `issue:` "
                    "too, such as letsencrypt.org");
}

void read_caa(const struct reader *reader, const struct slot *slot, const struct node *node)
{
    struct config_caa *caa = slot->scope->targets->caa;
    bool yes;
    *caa = (struct config_caa){.place = node->place};
    if (node_is_empty(node)) {
        complain_of_kind(reader, slot, node, "write who may issue, or `no`");
        return;
    }
    bool is_text = node->kind == NODE_TEXT;
    if (is_text && value_is_yes_no(node->text, &yes) && yes) {
        complain_of(reader, slot, node->place,
                    "who may issue is not said; write a CA such as letsencrypt.org, or `no`");
        return;
    }
    if (is_text && strcmp(node->text, "automatic") == 0) {
        // Of a domain it is not known whose certificates its web servers have.
        if (slot->scope->targets->domain != NULL)
            complain_of(reader, slot, node->place,
                        "`automatic` is for the host name; write a CA such as letsencrypt.org, or "
                        "`no`");
        return;
    }
    caa->given = true;
    caa->none = is_text && value_is_yes_no(node->text, &yes);
    if (node->kind == NODE_MAPPING)
        read_below(reader, slot, node);
    else if (!caa->none)
        read_issuers(reader, slot, node);
    check_parameters(reader, slot, node, caa);
}

// ── Domains ──────────────────────────────────────────────────────────────────────────────────────

// A zone of addresses has neither mail nor addresses unless it is written.
static void default_reverse(struct config_domain *domain)
{
    if (domain->has_mail_place.line == 0)
        domain->has_mail = false;
    if (domain->www_place.line == 0)
        domain->www = false;
    if (domain->address_count == 0)
        domain->no_addresses = true;
}

void read_domain(const struct reader *reader, const struct node *node, struct config_domain *ret)
{
    struct config *config = reader->config;
    struct targets targets = {.domain = ret, .caa = &ret->caa};
    const struct scope top = {.section = &options_top, .targets = &targets};
    const struct slot slot = {
        options_at(&options_top, (size_t)options_find(&options_top, "domains")), &options_top,
        &top};
    ret->dkim = config->box.dkim;
    ret->dnssec = config->signing;
    read_mapped(reader, &slot, node, &targets);
    ret->mail = targets.mail != NULL ? targets.mail : &config->box.mail;
    ret->ttl = targets.ttl != NULL ? targets.ttl : &config->ttl;
    ret->policy = targets.dnssec != NULL ? targets.dnssec : &config->dnssec;
    if (targets.mail != NULL)
        defaults_mail(targets.mail);
    if (targets.ttl != NULL)
        defaults_ttl(targets.ttl);
    if (targets.dnssec != NULL)
        defaults_dnssec(targets.dnssec);
    if (ret->name != NULL && check_is_reverse(ret->name))
        default_reverse(ret);
    ret->digest = digest_node(node);
}
