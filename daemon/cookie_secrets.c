// SPDX-License-Identifier: ISC
#include "daemon/cookie_secrets.h"

#include <string.h>

#include "base/log.h"

struct secrets cookie_secrets_wanted(struct zoned *zoned, const struct config_server *server)
{
    struct zoned_cookies *cookies = &zoned->cookies;
    struct error err = {0};
    struct secrets secrets;
    if (!server->cookies || server->cookie_secrets == NULL) {
        cookies->error.text[0] = '\0';
        return cookies->master;
    }
    if (secrets_read(server->cookie_secrets, &secrets, &err) == STATUS_OK) {
        cookies->error.text[0] = '\0';
        return secrets;
    }
    bool kept = zoned->settings.secrets.shared > 0;
    if (strcmp(err.text, cookies->error.text) != 0)
        log_event(LOG_LEVEL_ERROR, "cookie-secrets-refused", "reason", err.text, "kept",
                  kept ? "the ones from before" : "a secret of this server alone", NULL);
    cookies->error = err;
    return kept ? zoned->settings.secrets : cookies->master;
}

static void on_look(uv_timer_t *timer)
{
    struct zoned *zoned = timer->data;
    const struct config_server *server = &zoned->feed.inputs->config->server;
    if (!server->cookies || server->cookie_secrets == NULL)
        return;
    struct secrets secrets = cookie_secrets_wanted(zoned, server);
    if (!secrets_equal(&secrets, &zoned->settings.secrets))
        zoned->cookies.changed(zoned);
}

void cookie_secrets_start(struct zoned *zoned, void (*changed)(struct zoned *zoned))
{
    struct zoned_cookies *cookies = &zoned->cookies;
    cookies->changed = changed;
    uv_timer_init(&zoned->loop, &cookies->look);
    cookies->look.data = zoned;
    uv_timer_start(&cookies->look, on_look, COOKIE_SECRETS_LOOK_MS, COOKIE_SECRETS_LOOK_MS);
}

void cookie_secrets_close(struct zoned *zoned)
{
    uv_close((uv_handle_t *)&zoned->cookies.look, NULL);
}
