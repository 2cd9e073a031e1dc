// SPDX-License-Identifier: ISC
// The TLSA keys as the status has them.
#include <stdio.h>
#include <string.h>

#include "base/control.h"
#include "keys/tls_spki.h"
#include "signer/tls_desk.h"

#define WORDS_MAX 160

// Why a next key is not safe yet, or why one that leaves is still there; NULL: nothing is waited for.
static const char *waits_for(const struct tls_desk *desk, const struct tls_key *key,
                             char room[WORDS_MAX])
{
    bool waits = key->state == TLS_NEXT || key->state == TLS_LEAVING;
    if (waits && !desk->has_eyes)
        return "zone-probe is not there to look";
    if (waits && key->looked_at == 0)
        return "nobody has looked yet";
    if (key->state == TLS_NEXT && key->wrong > 0)
        return "some name servers do not have its record yet";
    if (key->state == TLS_NEXT && key->seen_at == 0)
        return "some name servers could not be asked";
    if (key->state == TLS_NEXT)
        return "what resolvers have kept has to run out";
    if (key->state == TLS_LEAVING && key->ok > 0)
        return "the server presents it still; reload it";
    if (key->state == TLS_LEAVING && key->unknown > 0 && desk->silent_port != 0) {
        snprintf(
            room, WORDS_MAX,
            "nobody could be reached at port %u; take it out of tls-ports: if no server has it",
            desk->silent_port);
        return room;
    }
    if (key->state == TLS_LEAVING && key->unknown > 0)
        return "the server could not be asked at all addresses and ports";
    if (key->state == TLS_CURRENT && key->told)
        return "the mail server presents another key; reload it, or name its certificate";
    return key->state == TLS_LEAVING ? "it was gone too short a time" : NULL;
}

static json_t *key_of(const struct publisher *publisher, const struct tls_key *key)
{
    char hex[TLS_DIGEST_HEX];
    char room[WORDS_MAX];
    json_t *object = json_object();
    control_set(object, "key", json_string_nocheck(tls_digest_text(key->digest, hex)));
    control_set(object, "state", json_string_nocheck(tls_state_name(key->state)));
    control_set(object, "file", control_text(tls_file_of(publisher->zones.inputs, key->digest)));
    control_set(object, "since", control_time(key->since));
    control_set(object, "seen", control_time(key->seen_at));
    control_set(object, "safe", control_time(key->safe_at));
    control_set(object, "looked", control_time(key->looked_at));
    control_set(object, "ok", json_integer(key->ok));
    control_set(object, "wrong", json_integer(key->wrong));
    control_set(object, "unknown", json_integer(key->unknown));
    control_set(object, "unannounced", json_boolean(key->surprise));
    control_set(object, "forgotten", json_boolean(key->forgotten));
    control_set(object, "waits-for", control_text(waits_for(&publisher->tls, key, room)));
    return object;
}

json_t *tls_status(const struct publisher *publisher)
{
    const struct tls_desk *desk = &publisher->tls;
    if (!desk->active || desk->hostname == NULL)
        return json_null();
    const struct config_box *box = &publisher->zones.inputs->config->box;
    json_t *object = json_object(), *keys = json_array(), *ports = json_array();
    for (size_t i = 0; i < desk->plan.count; i++)
        json_array_append_new(keys, key_of(publisher, &desk->plan.keys[i]));
    for (size_t i = 0; i < box->tls_port_count; i++)
        json_array_append_new(ports, json_integer(box->tls_ports[i]));
    control_set(object, "host", json_string_nocheck(desk->hostname));
    control_set(object, "ports", ports);
    control_set(object, "observed", json_boolean(desk->has_eyes));
    control_set(object, "keys", keys);
    return object;
}
