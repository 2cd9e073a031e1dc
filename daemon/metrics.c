// SPDX-License-Identifier: ISC
#include "daemon/metrics.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"

static bool is_as_wanted(const struct metrics *metrics, const struct config_server *server)
{
    if (server->metrics_count == 0)
        return metrics->fd < 0;
    return metrics->fd >= 0 && address_equal(&metrics->address, &server->metrics[0]);
}

static bool complain(struct metrics *metrics, const struct error *err)
{
    if (strcmp(err->text, metrics->error.text) != 0)
        log_event(LOG_LEVEL_ERROR, "metrics-not-listening", "reason", err->text, NULL);
    metrics->error = *err;
    return false;
}

bool metrics_follow(struct metrics *metrics, const struct config_server *server, bool *ret_changed)
{
    struct error err = {0};
    int fd = -1;
    if (is_as_wanted(metrics, server)) {
        metrics->error.text[0] = '\0';
        return true;
    }
    if (server->metrics_count > 0 &&
        address_bind(&server->metrics[0], SOCK_STREAM, false, &fd, &err) != STATUS_OK)
        return complain(metrics, &err);
    metrics_done(metrics);
    metrics->fd = fd;
    if (fd >= 0)
        metrics->address = server->metrics[0];
    metrics->error.text[0] = '\0';
    *ret_changed = true;
    return true;
}

void metrics_done(struct metrics *metrics)
{
    if (metrics->fd >= 0)
        close(metrics->fd);
    metrics->fd = -1;
}
