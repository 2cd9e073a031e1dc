// SPDX-License-Identifier: ISC
// IP addresses, and what is written with one.
#include "config/values.h"

#include <stdio.h>
#include <string.h>

enum status value_address(const char *text, struct address *ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    value_quote(text, quoted);
    struct address address;
    if (strchr(text, '@') != NULL)
        return error_set(err, STATUS_SYNTAX, "%s has a port; write the address alone", quoted);
    if (strchr(text, '%') != NULL)
        return error_set(err, STATUS_SYNTAX,
                         "%s has an interface, which only this machine knows; write the address "
                         "alone",
                         quoted);
    enum status status = address_parse(text, 0, &address, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "%s", quoted);
    switch (address_scope(&address)) {
    case ADDRESS_LOOPBACK:
        return error_set(err, STATUS_SYNTAX,
                         "%s is loopback, which nobody else reaches; write the address that others "
                         "see",
                         quoted);
    case ADDRESS_LINK_LOCAL:
        return error_set(err, STATUS_SYNTAX,
                         "%s is link-local, which only neighbours reach; write the address that "
                         "others see",
                         quoted);
    case ADDRESS_SPECIAL:
        return error_set(err, STATUS_SYNTAX,
                         "%s is no host's address (RFC 6890); write the address that others see",
                         quoted);
    default:
        *ret = address;
        return STATUS_OK;
    }
}

enum status value_listen(const char *text, uint16_t port, struct address *ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    value_quote(text, quoted);
    struct address address;
    enum status status = address_parse(text, port, &address, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "%s", quoted);
    if (address_scope(&address) == ADDRESS_SPECIAL)
        return error_set(err, STATUS_SYNTAX,
                         "%s is not one address of this box; name each address to listen on, or "
                         "leave the option out for all of them",
                         quoted);
    *ret = address;
    return STATUS_OK;
}

enum status value_listen_local(const char *text, struct address *ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    struct address address;
    enum status status = value_listen(text, 53, &address, err);
    if (status != STATUS_OK)
        return status;
    if (address_scope(&address) != ADDRESS_LOOPBACK)
        return error_set(err, STATUS_SYNTAX,
                         "%s is not loopback; the resolver is for this box alone, write 127.0.0.1 "
                         "or ::1",
                         value_quote(text, quoted));
    *ret = address;
    return STATUS_OK;
}

enum status value_listen_metrics(const char *text, struct address *ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    struct address address;
    enum status status = address_parse(text, 0, &address, err);
    value_quote(text, quoted);
    if (status != STATUS_OK)
        return error_prefix(err, status, "%s", quoted);
    if (address_scope(&address) != ADDRESS_LOOPBACK)
        return error_set(err, STATUS_SYNTAX,
                         "%s is not loopback; the numbers are for this box alone, and a collector "
                         "elsewhere needs a proxy or tunnel that knows who it is: write "
                         "127.0.0.1@9153",
                         quoted);
    if (address_port(&address) == 0)
        return error_set(err, STATUS_SYNTAX, "%s has no port; write 127.0.0.1@9153", quoted);
    *ret = address;
    return STATUS_OK;
}

enum status value_forward(struct arena *arena, const char *text, struct config_forward *ret,
                          struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    value_quote(text, quoted);
    const char *sign = strchr(text, '#');
    struct config_forward forward = {0};
    char *where = arena_printf(arena, "%.*s", (int)strcspn(text, "#"), text);
    enum status status = address_parse(where, sign != NULL ? 853 : 53, &forward.address, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "%s", quoted);
    if (address_scope(&forward.address) == ADDRESS_SPECIAL)
        return error_set(err, STATUS_SYNTAX,
                         "%s is no host's address (RFC 6890); write the address of a resolver",
                         quoted);
    if (sign != NULL) {
        status = value_host_name(arena, sign + 1, &forward.tls_name, err);
        if (status != STATUS_OK)
            return error_prefix(err, status, "the name behind \"#\"");
    }
    *ret = forward;
    return STATUS_OK;
}
