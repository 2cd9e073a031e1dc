// SPDX-License-Identifier: ISC
// The parameters of SVCB and HTTPS (RFC 9460 §2.1, RFC 9461, RFC 9540). A client that meets a malformed record ignores
// the whole set, so all that the RFC asks of them is asked here.
#include "zonegen/rdata_fields.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum {
    KEY_MANDATORY,
    KEY_ALPN,
    KEY_NO_DEFAULT_ALPN,
    KEY_PORT,
    KEY_IPV4HINT,
    KEY_ECH,
    KEY_IPV6HINT,
    KEY_DOHPATH,
    KEY_OHTTP,
    KEY_NAMED,
    KEY_INVALID = 65535
};

static const char *const key_names[KEY_NAMED] = {
    "mandatory", "alpn",     "no-default-alpn", "port",  "ipv4hint",
    "ech",       "ipv6hint", "dohpath",         "ohttp",
};

struct parameter {
    uint16_t key;
    struct buf value;
};

struct parameters {
    struct parameter *list;
    size_t count;
    size_t cap;
};

// -1: no such key.
static int32_t read_key(const char *text, size_t len)
{
    for (int32_t i = 0; i < KEY_NAMED; i++) {
        if (strlen(key_names[i]) == len && memcmp(key_names[i], text, len) == 0)
            return i;
    }
    if (len < 4 || len > 8 || memcmp(text, "key", 3) != 0 ||
        strspn(text + 3, "0123456789") < len - 3 ||
        (text[3] == '0' && len > 4)) // RFC 9460 §2.1: no leading zeros
        return -1;
    long value = strtol(text + 3, NULL, 10);
    return value < KEY_INVALID ? (int32_t)value : -1;
}

static const char *key_text(uint16_t key, char text[16])
{
    snprintf(text, 16, "key%u", key);
    return key < KEY_NAMED ? key_names[key] : text;
}

// ── Values ───────────────────────────────────────────────────────────────────────────────────────

// RFC 9460 appendix A.1: items between commas; a comma or backslash in an item has a backslash.
struct list {
    const struct buf *octets;
    size_t at;
    bool ended;
};

// The next item, with its escapes resolved, or false at the end.
static bool next_item(struct list *list, struct buf *ret)
{
    if (list->ended)
        return false;
    buf_clear(ret);
    for (; list->at < list->octets->len; list->at++) {
        uint8_t octet = list->octets->data[list->at];
        if (octet == ',')
            break;
        if (octet == '\\' && list->at + 1 < list->octets->len)
            octet = list->octets->data[++list->at];
        buf_put_u8(ret, octet);
    }
    list->ended = list->at >= list->octets->len;
    list->at++;
    return true;
}

static bool put_alpn(const struct buf *item, struct buf *ret)
{
    if (item->len == 0 || item->len > RDATA_STRING_MAX)
        return false;
    buf_put_u8(ret, (uint8_t)item->len);
    buf_put(ret, item->data, item->len);
    return true;
}

static bool put_mandatory(const struct buf *item, struct buf *ret)
{
    int32_t key = item->len > 0 ? read_key((const char *)item->data, item->len) : -1;
    if (key <= KEY_MANDATORY) // RFC 9460 §8: not itself
        return false;
    size_t at = 0; // in increasing order, each once
    while (at < ret->len && (ret->data[at] << 8 | ret->data[at + 1]) < key)
        at += 2;
    if (at < ret->len && (ret->data[at] << 8 | ret->data[at + 1]) == key)
        return false;
    buf_put_u16(ret, 0);
    memmove(ret->data + at + 2, ret->data + at, ret->len - 2 - at);
    ret->data[at] = (uint8_t)(key >> 8);
    ret->data[at + 1] = (uint8_t)key;
    return true;
}

static bool put_address(const struct buf *item, int family, struct buf *ret)
{
    uint8_t octets[16];
    char text[INET6_ADDRSTRLEN] = {0};
    if (item->len >= sizeof(text))
        return false;
    if (item->len > 0)
        memcpy(text, item->data, item->len);
    if (inet_pton(family, text, octets) != 1)
        return false;
    buf_put(ret, octets, family == AF_INET ? 4 : 16);
    return true;
}

static bool put_ipv4(const struct buf *item, struct buf *ret)
{
    return put_address(item, AF_INET, ret);
}

static bool put_ipv6(const struct buf *item, struct buf *ret)
{
    return put_address(item, AF_INET6, ret);
}

static bool put_list(const struct buf *octets, bool (*put)(const struct buf *, struct buf *),
                     struct buf *ret)
{
    struct list list = {.octets = octets};
    struct buf item = {0};
    bool good = true;
    while (good && next_item(&list, &item)) {
        buf_text(&item); // read_key looks for the end of digits
        good = put(&item, ret);
    }
    buf_done(&item);
    return good;
}

static bool put_port(const char *text, struct buf *ret)
{
    size_t len = strspn(text, "0123456789");
    if (len == 0 || len > 5 || text[len] != '\0' || strtol(text, NULL, 10) > UINT16_MAX)
        return false;
    buf_put_u16(ret, (uint16_t)strtol(text, NULL, 10));
    return true;
}

// RFC 9461 §5: a template of a relative path with the variable dns.
static bool put_dohpath(const struct buf *octets, const char *text, struct buf *ret)
{
    buf_put(ret, octets->data, octets->len);
    return text[0] == '/' && strlen(text) == octets->len && strstr(text, "dns") != NULL &&
           strchr(text, '{') != NULL;
}

static bool put_value(uint16_t key, struct buf *octets, struct buf *ret)
{
    const char *text = buf_text(octets);
    switch (key) {
    case KEY_MANDATORY:
        return put_list(octets, put_mandatory, ret);
    case KEY_ALPN:
        return put_list(octets, put_alpn, ret);
    case KEY_PORT:
        return put_port(text, ret);
    case KEY_IPV4HINT:
        return put_list(octets, put_ipv4, ret);
    case KEY_IPV6HINT:
        return put_list(octets, put_ipv6, ret);
    case KEY_ECH:
        return strlen(text) == octets->len && rdata_base64(text, ret);
    case KEY_DOHPATH:
        return put_dohpath(octets, text, ret);
    case KEY_NO_DEFAULT_ALPN:
    case KEY_OHTTP:
        return octets->len == 0;
    default:
        buf_put(ret, octets->data, octets->len);
        return true;
    }
}

// ── Parameters ───────────────────────────────────────────────────────────────────────────────────

static enum status take_parameter(struct rdata_words *words, struct parameters *all,
                                  struct error *err)
{
    const char *text = NULL;
    struct buf octets = {0};
    enum status status = rdata_take(words, "a parameter", &text, err);
    if (status != STATUS_OK)
        return status;
    size_t name_len = strcspn(text, "=");
    int32_t key = read_key(text, name_len);
    if (key < 0 || words->entry->words[words->at - 1].quoted)
        return rdata_wrong(words, err, "\"%s\" is no parameter; alpn=h2, port=443 or key667=x is",
                           text);
    char *value = xstrdup(text[name_len] == '=' ? text + name_len + 1 : "");
    size_t len = strlen(value);
    bool quoted = value[0] == '"';
    bool whole = !quoted || (len > 1 && value[len - 1] == '"');
    if (quoted && whole)
        value[len - 1] = '\0';
    all->list = array_grow(all->list, &all->cap, all->count, sizeof(*all->list));
    struct parameter *parameter = &all->list[all->count++];
    *parameter = (struct parameter){.key = (uint16_t)key};
    if (whole)
        status = rdata_unescape(words, value + quoted, &octets, err);
    if (status == STATUS_OK && (!whole || !put_value(parameter->key, &octets, &parameter->value)))
        status = rdata_wrong(words, err, "\"%s\" has not the form that %.*s takes (RFC 9460 §7)",
                             text, (int)name_len, text);
    buf_done(&octets);
    free(value);
    return status;
}

static int compare(const void *a, const void *b)
{
    const struct parameter *x = a;
    const struct parameter *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

static const struct parameter *find(const struct parameters *all, uint16_t key)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->list[i].key == key)
            return &all->list[i];
    }
    return NULL;
}

static enum status check(const struct parameters *all, struct error *err)
{
    const struct parameter *mandatory = find(all, KEY_MANDATORY);
    char text[16];
    for (size_t i = 1; i < all->count; i++) {
        if (all->list[i].key == all->list[i - 1].key)
            return error_set(err, STATUS_SYNTAX, "%s is there twice",
                             key_text(all->list[i].key, text));
    }
    if (find(all, KEY_NO_DEFAULT_ALPN) != NULL && find(all, KEY_ALPN) == NULL)
        return error_set(err, STATUS_SYNTAX, "no-default-alpn without alpn (RFC 9460 §7.1.1)");
    for (size_t i = 0; mandatory != NULL && i < mandatory->value.len; i += 2) {
        unsigned key = (unsigned)mandatory->value.data[i] << 8 | mandatory->value.data[i + 1];
        if (find(all, (uint16_t)key) == NULL)
            return error_set(err, STATUS_SYNTAX, "%s is mandatory and not there (RFC 9460 §8)",
                             key_text((uint16_t)key, text));
    }
    return STATUS_OK;
}

enum status rdata_put_svcparams(struct rdata_words *words, struct buf *ret, struct error *err)
{
    struct parameters all = {0};
    enum status status = STATUS_OK;
    while (status == STATUS_OK && rdata_peek(words) != NULL)
        status = take_parameter(words, &all, err);
    if (status == STATUS_OK && all.count > 0)
        qsort(all.list, all.count, sizeof(*all.list), compare);
    if (status == STATUS_OK)
        status = check(&all, err);
    for (size_t i = 0; i < all.count; i++) {
        if (status == STATUS_OK && all.list[i].value.len > UINT16_MAX)
            status = error_set(err, STATUS_RANGE, "a parameter of more than 65535 octets");
        if (status == STATUS_OK) {
            buf_put_u16(ret, all.list[i].key);
            buf_put_u16(ret, (uint16_t)all.list[i].value.len);
            buf_put(ret, all.list[i].value.data, all.list[i].value.len);
        }
        buf_done(&all.list[i].value);
    }
    free(all.list);
    return status;
}
