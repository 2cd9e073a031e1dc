// SPDX-License-Identifier: ISC
#include "base/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Connections that the kernel finishes and keeps until a worker takes them. It cuts this to
// net.core.somaxconn.
#define LISTEN_BACKLOG 1024

// ── Text ─────────────────────────────────────────────────────────────────────────────────────────

static enum status parse_port(const char *text, uint16_t *ret, struct error *err)
{
    size_t len = strlen(text);
    if (len == 0 || len > 5 || strspn(text, "0123456789") != len)
        return error_set(err, STATUS_SYNTAX, "the port is not a number; write 1 to 65535");
    unsigned long port = strtoul(text, NULL, 10);
    if (port < 1 || port > UINT16_MAX)
        return error_set(err, STATUS_SYNTAX, "there is no port %lu; write 1 to 65535", port);
    *ret = (uint16_t)port;
    return STATUS_OK;
}

// "eth0" or a number behind the "%" of a link-local address (RFC 4007 §11).
static enum status parse_interface(const char *text, uint32_t *ret, struct error *err)
{
    size_t len = strlen(text);
    unsigned index = if_nametoindex(text);
    if (index == 0 && len > 0 && len <= 9 && strspn(text, "0123456789") == len)
        index = (unsigned)strtoul(text, NULL, 10);
    if (index == 0)
        return error_set(err, STATUS_SYNTAX, "there is no such network interface behind \"%%\"");
    *ret = index;
    return STATUS_OK;
}

static enum status parse_host(char *host, struct address *ret, struct error *err)
{
    size_t len = strlen(host);
    bool bracketed = len >= 2 && host[0] == '[' && host[len - 1] == ']';
    if (bracketed) {
        host[len - 1] = '\0';
        host++;
    }
    struct address address = {0};
    if (!bracketed && inet_pton(AF_INET, host, &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        *ret = address;
        return STATUS_OK;
    }
    char *interface = strchr(host, '%');
    if (interface != NULL)
        *interface++ = '\0';
    if (inet_pton(AF_INET6, host, &address.v6.sin6_addr) != 1)
        return error_set(err, STATUS_SYNTAX,
                         "not an IP address; write one such as 192.0.2.1 or 2001:db8::1");
    address.v6.sin6_family = AF_INET6;
    if (interface != NULL) {
        enum status status = parse_interface(interface, &address.v6.sin6_scope_id, err);
        if (status != STATUS_OK)
            return status;
    }
    *ret = address;
    return STATUS_OK;
}

// "192.0.2.1:53" and "[::1]:53" are how other programs write it.
static bool has_colon_port(const char *text)
{
    const char *colon = strrchr(text, ':');
    return colon != NULL && (strchr(text, ':') == colon || (colon > text && colon[-1] == ']'));
}

enum status address_parse(const char *text, uint16_t default_port, struct address *ret,
                          struct error *err)
{
    char host[ADDRESS_TEXT_MAX + 2]; // brackets may come on top
    if (strlen(text) >= sizeof(host))
        return error_set(err, STATUS_SYNTAX,
                         "too long for an IP address; write one such as 192.0.2.1 or 2001:db8::1");
    if (has_colon_port(text))
        return error_set(err, STATUS_SYNTAX,
                         "a port stands behind \"@\"; write 192.0.2.1@53 or 2001:db8::1@53");
    memcpy(host, text, strlen(text) + 1);
    uint16_t port = default_port;
    char *at = strchr(host, '@');
    if (at != NULL) {
        *at = '\0';
        enum status status = parse_port(at + 1, &port, err);
        if (status != STATUS_OK)
            return status;
    }
    struct address address;
    enum status status = parse_host(host, &address, err);
    if (status != STATUS_OK)
        return status;
    if (address.any.sa_family == AF_INET)
        address.v4.sin_port = htons(port);
    else
        address.v6.sin6_port = htons(port);
    *ret = address;
    return STATUS_OK;
}

const char *address_text(const struct address *address, bool with_port, char text[ADDRESS_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN] = "";
    char interface[IF_NAMESIZE + 1] = "";
    if (address->any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
    } else {
        inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
        if (address->v6.sin6_scope_id != 0) {
            interface[0] = '%';
            // A number where the interface is gone; 10 digits at most.
            if (if_indextoname(address->v6.sin6_scope_id, interface + 1) == NULL)
                snprintf(interface + 1, sizeof(interface) - 1, "%u", address->v6.sin6_scope_id);
        }
    }
    if (with_port)
        snprintf(text, ADDRESS_TEXT_MAX, "%s%s@%u", host, interface, address_port(address));
    else
        snprintf(text, ADDRESS_TEXT_MAX, "%s%s", host, interface);
    return text;
}

bool address_equal(const struct address *a, const struct address *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET)
        return a->v4.sin_port == b->v4.sin_port && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return a->v6.sin6_port == b->v6.sin6_port && a->v6.sin6_scope_id == b->v6.sin6_scope_id &&
           memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0;
}

uint16_t address_port(const struct address *address)
{
    return ntohs(address->any.sa_family == AF_INET ? address->v4.sin_port : address->v6.sin6_port);
}

void address_set_port(struct address *address, uint16_t port)
{
    if (address->any.sa_family == AF_INET6)
        address->v6.sin6_port = htons(port);
    else
        address->v4.sin_port = htons(port);
}

socklen_t address_len(const struct address *address)
{
    return address->any.sa_family == AF_INET ? sizeof(address->v4) : sizeof(address->v6);
}

// ── Scope ────────────────────────────────────────────────────────────────────────────────────────

// A prefix of the IANA special-purpose registries (RFC 6890); the first that matches decides.
struct prefix {
    uint8_t octets[8]; // none of the prefixes here is longer, but for ::1 and ::
    uint8_t bits;
    enum address_scope scope;
};

static const struct prefix prefixes_v4[] = {
    {{0}, 8, ADDRESS_SPECIAL},            // "this network", RFC 791
    {{10}, 8, ADDRESS_PRIVATE},           // RFC 1918
    {{100, 64}, 10, ADDRESS_PRIVATE},     // carrier NAT, RFC 6598
    {{127}, 8, ADDRESS_LOOPBACK},         // RFC 1122
    {{169, 254}, 16, ADDRESS_LINK_LOCAL}, // RFC 3927
    {{172, 16}, 12, ADDRESS_PRIVATE},     // RFC 1918
    {{192, 0, 0}, 24, ADDRESS_SPECIAL},   // protocol assignments, RFC 6890
    {{192, 88, 99}, 24, ADDRESS_SPECIAL}, // 6to4 relays, RFC 7526
    {{192, 168}, 16, ADDRESS_PRIVATE},    // RFC 1918
    {{198, 18}, 15, ADDRESS_PRIVATE},     // benchmarks, RFC 2544
    {{224}, 4, ADDRESS_SPECIAL},          // multicast, RFC 5771
    {{240}, 4, ADDRESS_SPECIAL},          // reserved and broadcast, RFC 1112
    {{0}, 0, ADDRESS_GLOBAL},
};

static const struct prefix prefixes_v6[] = {
    {{0x00}, 8, ADDRESS_SPECIAL},                   // ::, mapped, compatible, NAT64
    {{0x20, 0x01, 0x0d, 0xb8}, 32, ADDRESS_GLOBAL}, // documentation, RFC 3849
    {{0x20, 0x01, 0x00}, 23, ADDRESS_SPECIAL},      // protocol assignments, Teredo: RFC 2928
    {{0x20}, 3, ADDRESS_GLOBAL},                    // 2000::/3, RFC 4291
    {{0xfc}, 7, ADDRESS_PRIVATE},                   // RFC 4193
    {{0xfe, 0x80}, 10, ADDRESS_LINK_LOCAL},         // RFC 4291
    {{0}, 0, ADDRESS_SPECIAL},                      // multicast and all that is not given out
};

static bool prefix_matches(const struct prefix *prefix, const uint8_t *octets)
{
    unsigned whole = prefix->bits / 8;
    unsigned rest = prefix->bits % 8;
    if (memcmp(prefix->octets, octets, whole) != 0)
        return false;
    return rest == 0 || ((prefix->octets[whole] ^ octets[whole]) >> (8 - rest)) == 0;
}

enum address_scope address_scope(const struct address *address)
{
    const struct prefix *prefix = prefixes_v4;
    const uint8_t *octets = (const uint8_t *)&address->v4.sin_addr;
    if (address->any.sa_family == AF_INET6) {
        if (IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr))
            return ADDRESS_LOOPBACK;
        prefix = prefixes_v6;
        octets = address->v6.sin6_addr.s6_addr;
    }
    while (!prefix_matches(prefix, octets)) // the last one matches everything
        prefix++;
    return prefix->scope;
}

// ── Sockets ──────────────────────────────────────────────────────────────────────────────────────

static const char *transport_text(int type)
{
    return type == SOCK_DGRAM ? "UDP" : "TCP";
}

static bool set_int(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static bool set_options(int fd, sa_family_t family, int type, bool shared)
{
    bool v6 = family == AF_INET6;
    int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
    if (shared && !set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1))
        return false;
    if (v6 && !set_int(fd, level, IPV6_V6ONLY, 1))
        return false;
    if (!set_int(fd, level, v6 ? IPV6_FREEBIND : IP_FREEBIND, 1))
        return false;
    // For TCP this means "do not wait until the last process's connections have faded"; a second
    // listener is still refused. For UDP it would let another process take the port.
    if (type == SOCK_STREAM)
        return set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    return set_int(fd, level, v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER,
                   v6 ? IPV6_PMTUDISC_OMIT : IP_PMTUDISC_OMIT);
}

static enum status bind_error(const struct address *address, int type, int errno_value,
                              struct error *err)
{
    char text[ADDRESS_TEXT_MAX];
    address_text(address, true, text);
    if (errno_value == EADDRINUSE)
        return error_set(
            err, STATUS_STATE,
            "%s: %s: another program has this port (`ss -%clnp sport = :%u` shows it); "
            "stop it or listen elsewhere",
            text, transport_text(type), type == SOCK_DGRAM ? 'u' : 't', address_port(address));
    if (errno_value == EACCES)
        return error_set(err, STATUS_DENIED,
                         "%s: %s: ports below 1024 need root or CAP_NET_BIND_SERVICE; start as "
                         "root or choose a higher port",
                         text, transport_text(type));
    return error_set_errno(err, errno_value, "%s: %s: cannot bind", text, transport_text(type));
}

enum status address_bind(const struct address *address, int type, bool shared, int *ret_fd,
                         struct error *err)
{
    int fd = socket(address->any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return bind_error(address, type, errno, err);
    if (!set_options(fd, address->any.sa_family, type, shared) ||
        bind(fd, &address->any, address_len(address)) != 0 ||
        (type == SOCK_STREAM && listen(fd, LISTEN_BACKLOG) != 0)) {
        enum status status = bind_error(address, type, errno, err);
        close(fd);
        return status;
    }
    *ret_fd = fd;
    return STATUS_OK;
}

enum status address_probe(const struct address *address, int type, struct error *err)
{
    int fd;
    enum status status = address_bind(address, type, false, &fd, err);
    if (status == STATUS_OK)
        close(fd);
    return status;
}
