// SPDX-License-Identifier: ISC
#include "keys/offer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/time_text.h"
#include "keys/base64.h"

#define FILE_MAX (256U << 20) // octets: 100,000 zones with two RSA-4096 keys each

static const char format[] = "zonebox-ds 1";
static const char *const names[] = {
    [OFFER_NONE] = "none", [OFFER_WAIT] = "wait",     [OFFER_ENTER] = "enter",
    [OFFER_IN] = "in",     [OFFER_REMOVE] = "remove",
};

const char *offer_state_name(enum offer_state state)
{
    return names[state];
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────

void offer_put_head(struct buf *ret)
{
    buf_printf(
        ret,
        "# What the parents of the zones of this box should have as DS, written by zone-signer;\n"
        "# `zonegen --ds` tells it in words.\n%s\n",
        format);
}

void offer_put_zone(const char *zone, enum offer_state state, int64_t time, struct buf *ret)
{
    char text[TIME_TEXT_MAX];
    buf_printf(ret, "zone %s %s %s\n", zone, names[state], time_text(time, text));
}

void offer_put_key(const char *zone, const uint8_t *rdata, size_t len, struct buf *ret)
{
    if (len <= 4)
        return;
    buf_printf(ret, "key %s %u %u %u ", zone, (unsigned)rdata[0] << 8 | rdata[1], rdata[2],
               rdata[3]);
    base64_put(rdata + 4, len - 4, ret);
    buf_put_text(ret, "\n");
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────

struct reading {
    struct offers *offers;
    size_t cap;
    bool begun;
};

static bool read_state(const char *word, enum offer_state *ret)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(word, names[i]) == 0) {
            *ret = (enum offer_state)i;
            return true;
        }
    return false;
}

static bool read_zone(struct reading *reading, char **rest)
{
    struct offers *offers = reading->offers;
    const char *zone = strtok_r(NULL, " ", rest), *state = strtok_r(NULL, " ", rest);
    const char *time = strtok_r(NULL, " ", rest);
    struct offer offer = {.zone = NULL};
    if (time == NULL || strtok_r(NULL, " ", rest) != NULL || !read_state(state, &offer.state) ||
        !time_text_read(time, &offer.time))
        return false;
    offer.zone = xstrdup(zone);
    offers->list = array_grow(offers->list, &reading->cap, offers->count, sizeof(offer));
    offers->list[offers->count++] = offer;
    return true;
}

static bool read_key(struct reading *reading, char **rest)
{
    struct offers *offers = reading->offers;
    const char *zone = strtok_r(NULL, " ", rest);
    struct offer *offer = offers->count > 0 ? &offers->list[offers->count - 1] : NULL;
    if (offer == NULL || zone == NULL || strcmp(offer->zone, zone) != 0)
        return false;
    char *line = xasprintf("%s. 0 IN DNSKEY %s", zone, *rest);
    ldns_rr *rr = NULL;
    bool good = ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL) == LDNS_STATUS_OK;
    free(line);
    if (!good)
        return false;
    offer->keys = xreallocarray(offer->keys, offer->key_count + 1, sizeof(*offer->keys));
    offer->keys[offer->key_count++] = rr;
    return true;
}

static bool read_line(struct reading *reading, char *line)
{
    char *rest = NULL;
    if (line[0] == '#' || line[0] == '\0')
        return true;
    if (!reading->begun) {
        reading->begun = strcmp(line, format) == 0;
        return reading->begun;
    }
    const char *word = strtok_r(line, " ", &rest);
    if (word != NULL && strcmp(word, "zone") == 0)
        return read_zone(reading, &rest);
    return word != NULL && strcmp(word, "key") == 0 && read_key(reading, &rest);
}

static int compare(const void *a, const void *b)
{
    return strcasecmp(((const struct offer *)a)->zone, ((const struct offer *)b)->zone);
}

static enum status read_text(char *text, struct offers *ret, struct error *err)
{
    struct reading reading = {.offers = ret};
    unsigned number = 0;
    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        number++;
        if (!read_line(&reading, line))
            return error_set(err, STATUS_SYNTAX, "line %u: not as zone-signer writes it", number);
    }
    if (!reading.begun)
        return error_set(err, STATUS_SYNTAX, "not a list of DS");
    if (ret->count > 0)
        qsort(ret->list, ret->count, sizeof(*ret->list), compare);
    ret->known = true;
    return STATUS_OK;
}

enum status offers_load(const char *directory, struct offers *ret, struct error *err)
{
    struct buf text = {0};
    char *path = path_join(directory, OFFER_FILE);
    *ret = (struct offers){.known = false};
    enum status status = file_read(path, FILE_MAX, &text, err);
    if (status == STATUS_OK) {
        buf_put_u8(&text, 0);
        status = read_text((char *)text.data, ret, err);
        if (status != STATUS_OK)
            error_prefix(err, status, "%s", path);
    } else if (status == STATUS_NOT_FOUND) {
        status = STATUS_OK;
    }
    buf_done(&text);
    free(path);
    if (status != STATUS_OK)
        offers_done(ret);
    return status;
}

void offers_done(struct offers *offers)
{
    for (size_t i = 0; i < offers->count; i++) {
        for (size_t k = 0; k < offers->list[i].key_count; k++)
            ldns_rr_free(offers->list[i].keys[k]);
        free(offers->list[i].keys);
        free(offers->list[i].zone);
    }
    free(offers->list);
    *offers = (struct offers){.known = false};
}

const struct offer *offers_find(const struct offers *offers, const char *zone)
{
    size_t len = strlen(zone);
    char *name = xasprintf("%.*s", (int)(len > 1 && zone[len - 1] == '.' ? len - 1 : len), zone);
    struct offer wanted = {.zone = name};
    const struct offer *found =
        offers->count > 0 ? bsearch(&wanted, offers->list, offers->count, sizeof(wanted), compare)
                          : NULL;
    free(name);
    return found;
}
