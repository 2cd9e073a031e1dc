// SPDX-License-Identifier: ISC
#include "signer/key_orders.h"

#include "base/alloc.h"
#include "signer/zone.h"

void key_orders_add(struct key_orders *orders, struct zone *zone, uint16_t flags, uint8_t algorithm)
{
    orders->list = array_grow(orders->list, &orders->cap, orders->count, sizeof(*orders->list));
    orders->list[orders->count++] =
        (struct key_order){.zone = zone, .flags = flags, .algorithm = algorithm};
}

void key_order_run(struct key_order *order)
{
    order->status = dnskey_pair_make(order->algorithm, &order->pair, &order->err);
}

enum status key_order_store(struct keyring *keyring, struct key_order *order, int64_t now,
                            struct error *err)
{
    if (order->status != STATUS_OK)
        return error_set(err, order->status, "%s", order->err.text);
    const struct dnskey_recipe recipe = {
        .flags = order->flags, .algorithm = order->algorithm, .pair = &order->pair};
    struct dnskey_id id;
    enum status status = keyring_make(keyring, order->zone->name, &recipe, now, &id, err);
    return status == STATUS_EXISTS ? STATUS_OK : status;
}

void key_orders_clear(struct key_orders *orders)
{
    for (size_t i = 0; i < orders->count; i++)
        dnskey_pair_done(&orders->list[i].pair);
    orders->count = 0;
}
