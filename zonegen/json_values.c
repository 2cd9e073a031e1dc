// SPDX-License-Identifier: ISC
#include "zonegen/json_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "zonegen/rdata_text.h"

// Paths and certificates may have octets that are no UTF-8, which JSON cannot carry.
json_t *json_value_text(const char *text)
{
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    char *copy = xstrdup(text);
    for (char *c = copy; *c != '\0'; c++) {
        if ((unsigned char)*c > 127)
            *c = '?';
    }
    value = json_string(copy);
    free(copy);
    return value;
}

json_t *json_value_taken(char *text)
{
    json_t *value = json_value_text(text);
    free(text);
    return value;
}

void json_value_set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        abort(); // as base/alloc.h does when memory ends
}

void json_value_append(json_t *list, json_t *value)
{
    if (json_array_append_new(list, value) != 0)
        abort();
}

json_t *json_value_name(const ldns_rdf *name)
{
    char *text = ldns_rdf2str(name);
    size_t len = strlen(text);
    if (len > 1)
        text[len - 1] = '\0';
    return json_value_taken(text);
}

json_t *json_value_address(const struct address *address)
{
    char text[ADDRESS_TEXT_MAX];
    return json_value_text(address_text(address, false, text));
}

static char *rdata_text(const ldns_rr *rr)
{
    struct buf text = {0};
    char type[16];
    bool plain = rdata_is_plain(rr, type);
    if (!plain)
        rdata_print_generic(rr, &text);
    for (size_t i = 0; plain && i < ldns_rr_rd_count(rr); i++) {
        char *part = ldns_rdf2str(ldns_rr_rdf(rr, i));
        buf_printf(&text, "%s%s", i > 0 ? " " : "", part);
        free(part);
    }
    char *ret = xstrdup(buf_text(&text));
    buf_done(&text);
    return ret;
}

json_t *json_value_rdata(const ldns_rr *rr)
{
    return json_value_taken(rdata_text(rr));
}

json_t *json_value_type(const ldns_rr *rr)
{
    char type[16];
    rdata_is_plain(rr, type);
    return json_value_text(type);
}
