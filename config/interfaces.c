// SPDX-License-Identifier: ISC
#include "config/interfaces.h"

#include <ifaddrs.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"

#define IF_INET6_MAX (1U << 20) // 15,000 addresses
#define FLAGS_PASSING                                                                              \
    (IFA_F_TEMPORARY | IFA_F_OPTIMISTIC | IFA_F_DADFAILED | IFA_F_DEPRECATED | IFA_F_TENTATIVE)

bool interfaces_is_stable(const char *if_inet6, const struct in6_addr *address)
{
    char hex[33];
    for (size_t i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", address->s6_addr[i]);
    // One line each: address, interface, prefix length, scope, flags (all in hex), name.
    for (const char *line = if_inet6; line != NULL && *line != '\0';) {
        unsigned flags;
        if (strncmp(line, hex, 32) == 0 && sscanf(line + 32, " %*x %*x %*x %x", &flags) == 1)
            return (flags & FLAGS_PASSING) == 0;
        line = strchr(line, '\n');
        if (line != NULL)
            line++;
    }
    return false;
}

int interfaces_compare(const void *left, const void *right)
{
    const struct address *a = left, *b = right;
    if (a->any.sa_family != b->any.sa_family)
        return a->any.sa_family == AF_INET ? -1 : 1;
    if (a->any.sa_family == AF_INET)
        return memcmp(&a->v4.sin_addr, &b->v4.sin_addr, sizeof(a->v4.sin_addr));
    return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr));
}

static bool take(const struct ifaddrs *entry, const char *if_inet6, struct address *ret)
{
    if (entry->ifa_addr == NULL || (entry->ifa_flags & IFF_UP) == 0)
        return false;
    *ret = (struct address){0};
    if (entry->ifa_addr->sa_family == AF_INET) {
        memcpy(&ret->v4, entry->ifa_addr, sizeof(ret->v4));
    } else if (entry->ifa_addr->sa_family == AF_INET6) {
        memcpy(&ret->v6, entry->ifa_addr, sizeof(ret->v6));
        if (!interfaces_is_stable(if_inet6, &ret->v6.sin6_addr))
            return false;
    } else {
        return false;
    }
    enum address_scope scope = address_scope(ret);
    return scope == ADDRESS_GLOBAL || scope == ADDRESS_PRIVATE;
}

void interfaces_addresses(struct address **ret, size_t *ret_count)
{
    struct address *list = NULL;
    size_t count = 0, cap = 0;
    // getifaddrs knows no flags of addresses. Where /proc cannot be read no IPv6 address counts as lasting.
    struct buf if_inet6 = {0};
    (void)!file_read("/proc/net/if_inet6", IF_INET6_MAX, &if_inet6, NULL);
    struct ifaddrs *entries = NULL;
    if (getifaddrs(&entries) != 0)
        entries = NULL;
    for (const struct ifaddrs *entry = entries; entry != NULL; entry = entry->ifa_next) {
        list = array_grow(list, &cap, count, sizeof(*list));
        if (take(entry, buf_text(&if_inet6), &list[count]))
            count++;
    }
    if (entries != NULL)
        freeifaddrs(entries);
    buf_done(&if_inet6);
    if (count > 0)
        qsort(list, count, sizeof(*list), interfaces_compare);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || interfaces_compare(&list[kept - 1], &list[i]) != 0)
            list[kept++] = list[i];
    *ret = list;
    *ret_count = kept;
}
