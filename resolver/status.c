// SPDX-License-Identifier: ISC
#include "resolver/status.h"

#include "base/control.h"
#include "dns/name.h"
#include "resolver/anchors.h"

static json_t *anchor_json(const struct anchor *anchor)
{
    char zone[NAME_TEXT_MAX];
    json_t *json = json_object();
    name_to_text(anchor->record.owner.wire, zone);
    json_object_set_new(json, "zone", control_text(zone));
    json_object_set_new(json, "tag", json_integer(anchor->record.tag));
    json_object_set_new(json, "algorithm", json_integer(anchor->record.algorithm));
    json_object_set_new(json, "state", json_string(anchor_state_text(anchor->state)));
    json_object_set_new(json, "since", control_time(anchor->since));
    json_object_set_new(json, "source", control_text(anchor->source));
    return json;
}

static json_t *forwards_json(const struct engine_settings *settings)
{
    char address[ADDRESS_TEXT_MAX];
    json_t *json = json_array();
    for (size_t i = 0; i < settings->forward_count; i++) {
        const struct engine_forward *forward = &settings->forwards[i];
        address_text(&forward->address, true, address);
        json_array_append_new(json, forward->tls_name != NULL
                                        ? json_sprintf("%s#%s", address, forward->tls_name)
                                        : json_string(address));
    }
    return json;
}

static void fill_counters(const struct front *front, json_t *reply)
{
    struct front_counters counters = front_counters(front);
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"queries", counters.queries},     {"tcp", counters.tcp},
        {"secure", counters.secure},       {"insecure", counters.insecure},
        {"bogus", counters.bogus},         {"failed", counters.failed},
        {"rejected", counters.rejected},   {"over-quota", counters.over_quota},
        {"dropped", counters.dropped},     {"foreign", counters.foreign},
        {"waiting", front_waiting(front)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        json_object_set_new(reply, rows[i].name, json_integer((json_int_t)rows[i].value));
}

void status_fill(const struct engine_settings *settings, const struct engine *engine,
                 const struct front *front, json_t *reply)
{
    struct engine_facts facts;
    json_t *anchors = json_array();
    engine_facts(engine, &facts);
    for (size_t i = 0; i < facts.anchors->count; i++)
        json_array_append_new(anchors, anchor_json(&facts.anchors->list[i]));
    json_object_set_new(reply, "anchors", anchors);
    json_object_set_new(reply, "own-zones", json_integer((json_int_t)facts.own_zones));
    json_object_set_new(reply, "trust-own-keys", json_boolean(settings->trust_own_keys));
    json_object_set_new(reply, "forward", forwards_json(settings));
    json_object_set_new(reply, "contexts", json_integer((json_int_t)facts.contexts));
    json_object_set_new(reply, "swaps", json_integer((json_int_t)facts.swaps));
    json_object_set_new(reply, "running", json_integer((json_int_t)engine_running(engine)));
    fill_counters(front, reply);
}
