// SPDX-License-Identifier: ISC
#include "resolver/forwards.h"

#include <stdlib.h>

#include "base/alloc.h"

static enum status open_relay(uv_loop_t *loop, const struct engine_settings *settings, size_t index,
                              struct forwards *forwards, struct error *err)
{
    const struct engine_forward *forward = &settings->forwards[index];
    struct tls_relay_plan plan = {forward->address, forward->tls_name, settings->tls_certificates};
    enum status status = tls_relay_new(loop, &plan, &forwards->relays[index], err);
    if (status == STATUS_OK)
        forwards->list[index].address = *tls_relay_address(forwards->relays[index]);
    return status;
}

enum status forwards_open(uv_loop_t *loop, const struct engine_settings *settings,
                          struct forwards *ret, struct error *err)
{
    enum status status = STATUS_OK;
    ret->count = settings->forward_count;
    ret->list = xcalloc(ret->count + 1, sizeof(*ret->list));
    ret->relays = xcalloc(ret->count + 1, sizeof(struct tls_relay *));
    for (size_t i = 0; i < ret->count && status == STATUS_OK; i++) {
        ret->list[i] = settings->forwards[i];
        if (ret->list[i].tls_name != NULL)
            status = open_relay(loop, settings, i, ret, err);
    }
    if (status != STATUS_OK)
        forwards_close(ret);
    return status;
}

void forwards_close(struct forwards *forwards)
{
    for (size_t i = 0; i < forwards->count; i++)
        tls_relay_close(forwards->relays[i]);
    free(forwards->list);
    free(forwards->relays);
    *forwards = (struct forwards){0};
}
