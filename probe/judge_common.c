// SPDX-License-Identifier: ISC
// What the judges share: texts, names, replies, and who says the same.
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "probe/judge.h"

// Of one RRset's data in a sentence: more is no help on a screen.
#define DATA_SHOWN_MAX 300
// Aliases behind one another, as in probe/resolve.h.
#define ALIASES_MAX 12

// ── Texts and names ──────────────────────────────────────────────────────────────────────────────

const char *judge_text(struct judge *judge, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    char *text = arena_octets(&judge->arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}

const char *judge_label(struct judge *judge, const char *name, const struct address *address)
{
    char text[ADDRESS_TEXT_MAX];
    return judge_text(judge, "%s (%s)", name, address_text(address, false, text));
}

const char *judge_name(struct judge *judge, const ldns_rdf *name)
{
    char *text = ldns_rdf2str(name);
    size_t len = strlen(text);
    char *ret = arena_octets(&judge->arena, len + 1);
    for (size_t i = 0; i <= len; i++)
        ret[i] = (char)tolower((unsigned char)text[i]);
    if (len > 1 && ret[len - 1] == '.')
        ret[len - 1] = '\0';
    free(text);
    return ret;
}

const char *name_above(const char *name)
{
    if (strcmp(name, ".") == 0 || *name == '\0')
        return NULL;
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '\\' && c[1] != '\0')
            c++;
        else if (*c == '.')
            return c[1] != '\0' ? c + 1 : ".";
    }
    return ".";
}

static size_t name_len(const char *name)
{
    size_t len = strlen(name);
    return len > 1 && name[len - 1] == '.' ? len - 1 : len;
}

bool name_is(const char *a, const char *b)
{
    size_t len = name_len(a);
    return len == name_len(b) && strncasecmp(a, b, len) == 0;
}

bool name_is_inside(const char *name, const char *zone)
{
    for (; name != NULL; name = name_above(name))
        if (name_is(name, zone))
            return true;
    return false;
}

// ── Replies ──────────────────────────────────────────────────────────────────────────────────────

enum judge_reply judge_reply(const struct fact *fact)
{
    if (fact == NULL)
        return REPLY_OPEN;
    if (fact->outcome != FACT_ANSWERED)
        return REPLY_UNKNOWN;
    ldns_pkt_rcode rcode = ldns_pkt_get_rcode(fact->packet);
    return rcode == LDNS_RCODE_NOERROR || rcode == LDNS_RCODE_NXDOMAIN ? REPLY_READY
                                                                       : REPLY_UNKNOWN;
}

const char *judge_why(struct judge *judge, const struct fact *fact)
{
    if (fact->outcome != FACT_ANSWERED)
        return fact->words;
    char *rcode = ldns_pkt_rcode2str(ldns_pkt_get_rcode(fact->packet));
    const char *text = judge_text(judge, "%s", rcode != NULL ? rcode : "an unknown error");
    free(rcode);
    return text;
}

ldns_rr_list *judge_list(struct judge *judge)
{
    judge->lists =
        array_grow(judge->lists, &judge->list_cap, judge->list_count, sizeof(ldns_rr_list *));
    return judge->lists[judge->list_count++] = ldns_rr_list_new();
}

// ldns takes records without data, which dynamic update has, and with less than the type wants.
static bool is_whole(const ldns_rr *rr)
{
    const ldns_rr_descriptor *descriptor = ldns_rr_descript((uint16_t)ldns_rr_get_type(rr));
    if (ldns_rr_rd_count(rr) == 0 || ldns_rr_rd_count(rr) < ldns_rr_descriptor_minimum(descriptor))
        return false;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
        if (ldns_rr_rdf(rr, i) == NULL || ldns_rdf_size(ldns_rr_rdf(rr, i)) == 0)
            return false;
    return true;
}

ldns_rr_list *judge_rrset(struct judge *judge, const ldns_pkt *reply, ldns_pkt_section section,
                          const char *name, ldns_rr_type type)
{
    ldns_rr_list *found = judge_list(judge);
    const ldns_rr_list *all = section == LDNS_SECTION_ANSWER      ? ldns_pkt_answer(reply)
                              : section == LDNS_SECTION_AUTHORITY ? ldns_pkt_authority(reply)
                                                                  : ldns_pkt_additional(reply);
    for (size_t i = 0; i < ldns_rr_list_rr_count(all); i++) {
        ldns_rr *rr = ldns_rr_list_rr(all, i);
        if (ldns_rr_get_type(rr) == type && ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
            is_whole(rr) && name_is(judge_name(judge, ldns_rr_owner(rr)), name))
            ldns_rr_list_push_rr(found, rr);
    }
    return found;
}

static ldns_rr_list *canonical(const ldns_rr_list *list)
{
    ldns_rr_list *copy = ldns_rr_list_clone(list);
    if (copy == NULL) // of an empty list
        return ldns_rr_list_new();
    ldns_rr_list2canonical(copy);
    ldns_rr_list_sort(copy);
    return copy;
}

bool judge_same(const ldns_rr_list *a, const ldns_rr_list *b)
{
    size_t count = ldns_rr_list_rr_count(a);
    if (count != ldns_rr_list_rr_count(b))
        return false;
    ldns_rr_list *one = canonical(a), *other = canonical(b);
    bool same = true;
    for (size_t i = 0; i < count; i++)
        same = same && ldns_rr_compare(ldns_rr_list_rr(one, i), ldns_rr_list_rr(other, i)) == 0;
    ldns_rr_list_deep_free(one);
    ldns_rr_list_deep_free(other);
    return same;
}

static void put_rdata(struct buf *text, const ldns_rr *rr)
{
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        char *part = ldns_rdf2str(ldns_rr_rdf(rr, i));
        buf_printf(text, "%s%s", i > 0 ? " " : "", part != NULL ? part : "?");
        free(part);
    }
}

const char *judge_data(struct judge *judge, const ldns_rr_list *records)
{
    struct buf text = {0};
    ldns_rr_list *sorted = canonical(records);
    for (size_t i = 0; i < ldns_rr_list_rr_count(sorted); i++) {
        if (i > 0)
            buf_put_text(&text, ", ");
        put_rdata(&text, ldns_rr_list_rr(sorted, i));
    }
    const char *all = buf_text(&text);
    const char *ret = text.len > DATA_SHOWN_MAX ? judge_text(judge, "%.*s…", DATA_SHOWN_MAX, all)
                      : text.len == 0           ? "nothing"
                                                : judge_text(judge, "%s", all);
    ldns_rr_list_deep_free(sorted);
    buf_done(&text);
    return ret;
}

const char *judge_txt(struct judge *judge, const ldns_rr *rr, size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
        len += ldns_rdf_size(ldns_rr_rdf(rr, i)) - 1;
    char *text = arena_octets(&judge->arena, len + 1), *end = text;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *rdf = ldns_rr_rdf(rr, i); // a character-string: its length, then octets
        memcpy(end, ldns_rdf_data(rdf) + 1, ldns_rdf_size(rdf) - 1);
        end += ldns_rdf_size(rdf) - 1;
    }
    *end = '\0';
    *ret_len = len;
    return text;
}

// ── By the resolver ──────────────────────────────────────────────────────────────────────────────

// The records behind aliases. Returns the name at the end of those.
static const char *follow(struct judge *judge, const ldns_pkt *packet, const char *name,
                          ldns_rr_type type, ldns_rr_list **ret)
{
    *ret = judge_rrset(judge, packet, LDNS_SECTION_ANSWER, name, type);
    for (unsigned i = 0; i < ALIASES_MAX && ldns_rr_list_rr_count(*ret) == 0; i++) {
        ldns_rr_list *alias =
            judge_rrset(judge, packet, LDNS_SECTION_ANSWER, name, LDNS_RR_TYPE_CNAME);
        if (ldns_rr_list_rr_count(alias) == 0)
            break;
        name = judge_name(judge, ldns_rr_rdf(ldns_rr_list_rr(alias, 0), 0));
        *ret = judge_rrset(judge, packet, LDNS_SECTION_ANSWER, name, type);
    }
    return name;
}

enum judge_reply judge_resolve(struct judge *judge, const char *name, ldns_rr_type type,
                               ldns_rr_list **ret, const char **ret_why)
{
    const struct fact *fact = facts_dns(judge->facts, NULL, false, name, type);
    enum judge_reply reply = judge_reply(fact);
    *ret = NULL;
    *ret_why = "";
    if (reply == REPLY_UNKNOWN)
        *ret_why = judge_text(judge, "the resolver: %s", judge_why(judge, fact));
    if (reply == REPLY_READY)
        follow(judge, fact->packet, name, type, ret);
    return reply;
}

const struct judge_server *judge_witness(const struct judge *judge)
{
    for (size_t i = 0; i < judge->servers.count; i++) {
        const struct judge_server *server = &judge->servers.list[i];
        if (server->udp && server->serves && !server->stale)
            return server;
    }
    return NULL;
}

enum judge_reply judge_look(struct judge *judge, const char *name, ldns_rr_type type,
                            ldns_rr_list **ret, const char **ret_why)
{
    const struct judge_server *witness = judge_witness(judge);
    if (witness == NULL || !name_is_inside(name, judge->zone->name))
        return judge_resolve(judge, name, type, ret, ret_why);
    const struct fact *fact = facts_dns(judge->facts, &witness->address, false, name, type);
    enum judge_reply reply = judge_reply(fact);
    *ret = NULL;
    *ret_why = "";
    if (reply == REPLY_UNKNOWN)
        *ret_why = judge_text(judge, "%s: %s", witness->label, judge_why(judge, fact));
    if (reply != REPLY_READY)
        return reply;
    if (!ldns_pkt_aa(fact->packet)) // below a zone cut
        return judge_resolve(judge, name, type, ret, ret_why);
    const char *end = follow(judge, fact->packet, name, type, ret);
    if (ldns_rr_list_rr_count(*ret) == 0 && !name_is(end, name))
        return judge_resolve(judge, end, type, ret, ret_why);
    return reply;
}

static void add_addresses(const ldns_rr_list *records, uint16_t port, struct address *list,
                          size_t *count)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(records) && *count < JUDGE_ADDRESSES_MAX; i++) {
        struct address *address = &list[*count];
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        judge_address(rr, port, address);
        enum address_scope scope = address_scope(address);
        bool known = false;
        for (size_t k = 0; k < *count; k++)
            known = known || address_equal(&list[k], address);
        if (scope == ADDRESS_GLOBAL && !known)
            ++*count;
    }
}

enum judge_reply judge_addresses(struct judge *judge, const char *name, uint16_t port,
                                 struct address **ret, size_t *ret_count)
{
    ldns_rr_list *v4, *v6;
    const char *why;
    enum judge_reply reply4 = judge_resolve(judge, name, LDNS_RR_TYPE_A, &v4, &why);
    enum judge_reply reply6 = judge_resolve(judge, name, LDNS_RR_TYPE_AAAA, &v6, &why);
    *ret = arena_struct(&judge->arena, JUDGE_ADDRESSES_MAX * sizeof(**ret));
    memset(*ret, 0, JUDGE_ADDRESSES_MAX * sizeof(**ret));
    *ret_count = 0;
    if (reply4 == REPLY_OPEN || reply6 == REPLY_OPEN)
        return REPLY_OPEN;
    if (reply4 == REPLY_READY)
        add_addresses(v4, port, *ret, ret_count);
    if (reply6 == REPLY_READY)
        add_addresses(v6, port, *ret, ret_count);
    return reply4 == REPLY_UNKNOWN || reply6 == REPLY_UNKNOWN ? REPLY_UNKNOWN : REPLY_READY;
}

void judge_address(const ldns_rr *rr, uint16_t port, struct address *ret)
{
    const ldns_rdf *rdf = ldns_rr_rdf(rr, 0);
    *ret = (struct address){0};
    if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_A && ldns_rdf_size(rdf) == 4) {
        ret->v4.sin_family = AF_INET;
        ret->v4.sin_port = htons(port);
        memcpy(&ret->v4.sin_addr, ldns_rdf_data(rdf), 4);
    } else if (ldns_rdf_size(rdf) == 16) {
        ret->v6.sin6_family = AF_INET6;
        ret->v6.sin6_port = htons(port);
        memcpy(&ret->v6.sin6_addr, ldns_rdf_data(rdf), 16);
    }
}

const char *judge_reverse_name(struct judge *judge, const struct address *address)
{
    if (address->any.sa_family == AF_INET) {
        const uint8_t *o = (const uint8_t *)&address->v4.sin_addr;
        return judge_text(judge, "%u.%u.%u.%u.in-addr.arpa", o[3], o[2], o[1], o[0]);
    }
    const uint8_t *o = address->v6.sin6_addr.s6_addr;
    const char *text = "ip6.arpa";
    for (size_t i = 0; i < 16; i++)
        text = judge_text(judge, "%x.%x.%s", o[i] & 15U, o[i] >> 4, text);
    return text;
}

// ── Servers, and who says the same ────────────────────────────────────────────────────────────────────────────

// Room for one more. The arena keeps what is left behind, so it doubles.
static void *grow(struct judge *judge, void *list, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0) // no power of two, so there is room
        return list;
    void *more = arena_struct(&judge->arena, (count > 0 ? 2 * count : 1) * size);
    if (count > 0)
        memcpy(more, list, count * size);
    return more;
}

void judge_add_server(struct judge *judge, struct judge_servers *servers, const char *name,
                      const struct address *address, bool ours)
{
    for (size_t i = 0; i < servers->count; i++)
        if (name_is(servers->list[i].name, name) &&
            address_equal(&servers->list[i].address, address))
            return;
    servers->list = grow(judge, servers->list, servers->count, sizeof(*servers->list));
    servers->list[servers->count++] = (struct judge_server){
        .name = name,
        .address = *address,
        .label = judge_label(judge, name, address),
        .ours = ours,
    };
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *judge_join(struct judge *judge, const char **names, size_t count)
{
    struct buf text = {0};
    qsort(names, count, sizeof(*names), compare_texts);
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s%s", i > 0 ? " " : "", names[i]);
    const char *ret = judge_text(judge, "%s", buf_text(&text));
    buf_done(&text);
    return ret;
}

const char **judge_names(struct judge *judge, const ldns_rr_list *records, size_t *ret_count)
{
    size_t count = ldns_rr_list_rr_count(records);
    if (count > JUDGE_NAMES_MAX)
        count = JUDGE_NAMES_MAX;
    const char **names = arena_struct(&judge->arena, (count + 1) * sizeof(*names));
    for (size_t i = 0; i < count; i++)
        names[i] = judge_name(judge, ldns_rr_rdf(ldns_rr_list_rr(records, i), 0));
    qsort(names, count, sizeof(*names), compare_texts);
    *ret_count = count;
    return names;
}

void sayings_add(struct judge *judge, struct sayings *sayings, const char *content, const char *who)
{
    for (size_t i = 0; i < sayings->count; i++) {
        struct saying *saying = &sayings->list[i];
        if (strcmp(saying->content, content) != 0)
            continue;
        saying->who = judge_text(judge, "%s, %s", saying->who, who);
        saying->count++;
        return;
    }
    sayings->list = grow(judge, sayings->list, sayings->count, sizeof(*sayings->list));
    sayings->list[sayings->count++] = (struct saying){.content = content, .who = who, .count = 1};
}
