// SPDX-License-Identifier: ISC
#include "zonegen/json_values.h"

static const char *const kinds[] = {
    [DIFF_SAME] = "same",
    [DIFF_ADDED] = "added",
    [DIFF_REMOVED] = "removed",
    [DIFF_CHANGED] = "changed",
};

static json_t *rrset_value(const struct diff_rrset *rrset)
{
    json_t *value = json_object();
    json_t *data = json_array();
    for (size_t i = 0; i < rrset->count; i++)
        json_value_append(data, json_value_rdata(rrset->rrs[i]));
    json_value_set(value, "ttl", json_integer(rrset->ttl));
    json_value_set(value, "data", data);
    return value;
}

static json_t *risk_values(const struct diff_risk *risks, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *risk = json_object();
        json_value_set(risk, "text", json_value_text(risks[i].text));
        if (risks[i].until != 0)
            json_value_set(risk, "until", json_integer(risks[i].until));
        json_value_append(list, risk);
    }
    return list;
}

static json_t *change_values(const struct diff *diff)
{
    json_t *list = json_array();
    for (size_t i = 0; i < diff->change_count; i++) {
        const struct diff_change *from = &diff->changes[i];
        json_t *change = json_object();
        json_value_set(change, "change", json_value_text(kinds[from->kind]));
        json_value_set(change, "name", json_value_name(from->owner));
        json_value_set(change, "type", json_value_taken(ldns_rr_type2str(from->type)));
        if (from->old.count > 0)
            json_value_set(change, "old", rrset_value(&from->old));
        if (from->new.count > 0)
            json_value_set(change, "new", rrset_value(&from->new));
        json_value_set(change, "risks", risk_values(from->risks, from->risk_count));
        json_value_append(list, change);
    }
    return list;
}

void json_diff(struct json_output *json, const struct diff *diff)
{
    json_t *zone = json_object();
    json_value_set(zone, "name", json_value_text(diff->zone));
    json_value_set(zone, "change", json_value_text(kinds[diff->kind]));
    if (diff->old.exists)
        json_value_set(zone, "was-signed", json_boolean(diff->old.is_signed));
    if (diff->new.exists)
        json_value_set(zone, "signed", json_boolean(diff->new.is_signed));
    json_value_set(zone, "risks", risk_values(diff->risks, diff->risk_count));
    json_value_set(zone, "changes", change_values(diff));
    json_put_zone(json, zone);
}
