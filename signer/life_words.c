// SPDX-License-Identifier: ISC
#include "signer/life_words.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"

const char *life_wait_name(enum rollover_wait wait)
{
    static const char *const names[] = {
        [ROLLOVER_DONE] = NULL,           [ROLLOVER_FOR_SERVERS] = "servers",
        [ROLLOVER_FOR_CACHES] = "caches", [ROLLOVER_FOR_DS_IN] = "ds-in",
        [ROLLOVER_FOR_DS_OUT] = "ds-out", [ROLLOVER_FOR_PARENT] = "parent",
        [ROLLOVER_FOR_AGE] = "age",
    };
    return names[wait];
}

static const char *words_for_servers(const struct keyset *set)
{
    if (set->zone_wrong > 0)
        return "a name server does not have what is published yet";
    if (set->zone_unknown > 0)
        return "not all name servers could be asked for what is published";
    return "nobody has seen yet what the name servers have";
}

static const char *words_for_parent(const struct keyset *set)
{
    if (set->ds_looked_at == 0)
        return "nobody has looked yet for the DS at the parent";
    if (set->ds_ok + set->ds_wrong + set->ds_unknown == 0)
        return "no zone above delegates this one, so that it could have a DS";
    return "not all servers of the parent could be asked for the DS";
}

// Nobody has to do anything about the DS in a zone of the box itself.
static const char *words_for_ds(bool in, bool own, bool here)
{
    static const char *const words[2][2][2] = {
        // By own and in.
        [false] = {{"the DS of another key has to be taken out at the parent",
                    "the DS of another key has to be entered at the parent"},
                   {"its DS has to be taken out at the parent",
                    "its DS has to be entered at the parent"}},
        [true] = {{"this box takes the DS of another key out of the zone above",
                   "this box enters the DS of another key in the zone above"},
                  {"this box takes its DS out of the zone above",
                   "this box enters its DS in the zone above"}},
    };
    return words[here][own][in];
}

const char *life_wait_words(const struct keyset *set, const struct rollover_waiting *waiting,
                            const struct life_view *view)
{
    enum rollover_wait wait = waiting->wait;
    bool own = (waiting->keys & view->keys) != 0, observed = view->observed;
    bool for_caches = wait == ROLLOVER_FOR_CACHES || wait == ROLLOVER_FOR_AGE;
    // Without eyes a zone that no resolver expects to be signed goes on by time (signer/life_ask.h).
    if (wait != ROLLOVER_DONE && !for_caches && !observed && keyset_is_secure(set))
        return "nobody looks: it goes on when zone-probe sees what servers have (`probe:`)";
    switch (wait) {
    case ROLLOVER_DONE:
        break;
    case ROLLOVER_FOR_SERVERS:
        return observed ? words_for_servers(set) : "the next look at the zone";
    case ROLLOVER_FOR_CACHES:
        return "what resolvers have kept has to run out";
    case ROLLOVER_FOR_DS_IN:
        return words_for_ds(true, own, view->here);
    case ROLLOVER_FOR_DS_OUT:
        return words_for_ds(false, own, view->here);
    case ROLLOVER_FOR_PARENT:
        return words_for_parent(set);
    case ROLLOVER_FOR_AGE:
        return "the end of its lifetime";
    }
    return NULL;
}

char *life_server_text(const uint8_t octets[16])
{
    static const uint8_t none[16], mapped[12] = {[10] = 0xff, [11] = 0xff};
    char text[INET6_ADDRSTRLEN] = "";
    if (memcmp(octets, none, sizeof(none)) == 0)
        return NULL;
    bool is_v4 = memcmp(octets, mapped, sizeof(mapped)) == 0; // RFC 4291 §2.5.5.2
    inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? octets + 12 : octets, text, sizeof(text));
    return xstrdup(text);
}
