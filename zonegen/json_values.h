// SPDX-License-Identifier: ISC
// What the makers of JSON share: values from our types, and memory that ends in an abort as everywhere (base/alloc.h).
// Internal to zonegen/json*.c.
#pragma once

#include <jansson.h>
#include <ldns/ldns.h>

#include "base/address.h"
#include "zonegen/json.h"

json_t *json_value_text(const char *text);
json_t *json_value_taken(char *text);          // frees text
json_t *json_value_name(const ldns_rdf *name); // without the last dot
json_t *json_value_address(const struct address *address);
json_t *json_value_rdata(const ldns_rr *rr); // as in a master file
json_t *json_value_type(const ldns_rr *rr);  // the type's name that goes with it
// Take value over.
void json_value_set(json_t *object, const char *key, json_t *value);
void json_value_append(json_t *list, json_t *value);

// Prints one object of `zones`, and takes it over.
void json_put_zone(struct json_output *json, json_t *zone);
