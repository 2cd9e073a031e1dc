// SPDX-License-Identifier: ISC
#include "daemon/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "daemon/certificate_files.h"
#include "daemon/programs.h"
#include "daemon/workers.h"

// A run of `zone-server --check`.
struct tls_check {
    struct zoned *zoned;
    uv_process_t process;
    int words; // reading end of what it says
};

static const struct config_server_tls *wanted(const struct zoned *zoned)
{
    return &zoned->feed.inputs->config->server.tls;
}

static void forget(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

// ── The program ──────────────────────────────────────────────────────────────────────────────────

static enum status tls_prepare(struct child *child, struct launch *launch, struct error *err)
{
    struct zoned *zoned = child->data;
    const struct listen_pair *pairs = listen_pairs(&zoned->tls.sockets, 0);
    launch->user = rights_of(&zoned->rights, &zoned->rights.tls);
    for (size_t i = 0; i < zoned->tls.sockets.address_count; i++)
        launch_fd(launch, pairs[i].tcp);
    launch_arg(launch, "--tls");
    launch_arg(launch, "--sockets");
    launch_arg(launch, "%zu", launch->fd_count);
    launch_arg(launch, "--certificate");
    launch_arg(launch, "%d", launch_fd(launch, zoned->tls.fitting));
    launch_arg(launch, "--tcp-connections");
    launch_arg(launch, "%u", zoned->feed.inputs->config->server.tcp_connections);
    launch_arg(launch, "--tcp-connections-per-address");
    launch_arg(launch, "%u", zoned->feed.inputs->config->server.tcp_per_address);
    launch_arg(launch, "--tls-handshakes");
    launch_arg(launch, "%u", wanted(zoned)->handshakes);
    zoned->tls.handshakes = wanted(zoned)->handshakes;
    zoned->tls.stale = false;
    return workers_put_settings(zoned, launch, err);
}

static void nothing(struct child *child)
{
    (void)child;
}

static void tls_ended(struct child *child)
{
    struct zoned *zoned = child->data;
    listen_done(&zoned->tls.sockets);
    zoned_child_ended(zoned);
}

static void tls_exited(struct child *child, const struct child_exit *ending)
{
    const struct zoned *zoned = child->data;
    answerer_exited(&zoned->tls.answerer, ending);
}

static const struct child_owner tls_owner = {
    .prepare = tls_prepare,
    .ready = nothing,
    .died = nothing,
    .ended = tls_ended,
    .exited = tls_exited,
};

static void run(struct zoned *zoned)
{
    struct zoned_tls *tls = &zoned->tls;
    if (zoned->stopping || tls->fitting < 0 || tls->sockets.address_count == 0)
        return;
    if (tls->child.state == CHILD_IDLE || tls->child.state == CHILD_ENDING)
        child_start(&tls->child);
    else if (tls->stale)
        child_roll(&tls->child);
}

static void tls_is_deaf(struct answerer *answerer)
{
    answerer->zoned->tls.stale = true;
    run(answerer->zoned);
}

// ── Certificate and key ──────────────────────────────────────────────────────────────────────────

static void on_patience(uv_timer_t *timer)
{
    struct zoned *zoned = timer->data;
    zoned->tls.patient = true;
    forget(&zoned->tls.seen);
    tls_look(zoned);
}

static void refuse(struct zoned *zoned, const char *reason)
{
    struct zoned_tls *tls = &zoned->tls;
    const struct config_server_tls *config = wanted(zoned);
    struct error words = {0};
    if (!tls->patient) {
        uv_timer_start(&tls->patience, on_patience, TLS_PATIENCE_MS, 0);
        return;
    }
    tls->patient = false;
    (void)config_complain(zoned->feed.inputs->config, config->place, &words, "server.tls: %s",
                          reason);
    if (strcmp(words.text, tls->error.text) != 0)
        log_event(LOG_LEVEL_ERROR, "certificate-refused", "reason", words.text, "kept",
                  tls->fitting >= 0 ? "the certificate from before" : "nothing: no TLS is served",
                  NULL);
    tls->error = words;
}

static void accept_seen(struct zoned *zoned)
{
    struct zoned_tls *tls = &zoned->tls;
    uv_timer_stop(&tls->patience);
    tls->patient = false;
    tls->error.text[0] = '\0';
    if (tls->fitting >= 0 && certificate_files_equal(tls->fitting, tls->seen))
        return;
    log_event(LOG_LEVEL_NOTICE, "certificate-taken", "file", wanted(zoned)->certificate, NULL);
    forget(&tls->fitting);
    tls->fitting = fcntl(tls->seen, F_DUPFD_CLOEXEC, 0);
    tls->stale = true;
    run(zoned);
}

// ── Asking whether they fit ──────────────────────────────────────────────────────────────────────

static void start_check(struct zoned *zoned);

static void on_check_closed(uv_handle_t *process)
{
    struct tls_check *check = process->data;
    close(check->words);
    free(check);
}

// The last line: before it there may be some of a sanitizer or of the loader.
static const char *last_line(char *words)
{
    size_t len = strlen(words);
    while (len > 0 && words[len - 1] == '\n')
        words[--len] = '\0';
    char *newline = strrchr(words, '\n');
    return newline != NULL ? newline + 1 : words;
}

static void on_checked(uv_process_t *process, int64_t exit_status, int term_signal)
{
    struct tls_check *check = process->data;
    struct zoned *zoned = check->zoned;
    struct zoned_tls *tls = &zoned->tls;
    char words[ERROR_TEXT_MAX];
    ssize_t len = read(check->words, words, sizeof(words) - 1);
    words[len > 0 ? len : 0] = '\0';
    tls->check = NULL;
    uv_close((uv_handle_t *)process, on_check_closed);
    if (zoned->stopping || tls->seen < 0)
        return;
    if (tls->check_again)
        start_check(zoned);
    else if (exit_status == 0 && term_signal == 0)
        accept_seen(zoned);
    else
        refuse(zoned, words[0] != '\0' ? last_line(words) : "the program that looks at it died");
}

static int spawn_check(struct zoned *zoned, struct tls_check *check, int output)
{
    struct launch launch = {.user = rights_of(&zoned->rights, &zoned->rights.tls)};
    launch_arg(&launch, "%s", zoned->tls.child.path);
    launch_arg(&launch, "--check");
    launch_arg(&launch, "--certificate");
    launch_arg(&launch, "%d", launch_fd(&launch, zoned->tls.seen));
    int failed = launch_spawn(&launch, &zoned->loop, &check->process, on_checked, output);
    launch_done(&launch);
    return failed;
}

static void start_check(struct zoned *zoned)
{
    int words[2];
    zoned->tls.check_again = false;
    if (pipe2(words, O_CLOEXEC | O_NONBLOCK) != 0) {
        refuse(zoned, strerror(errno));
        return;
    }
    struct tls_check *check = xcalloc(1, sizeof(*check));
    *check = (struct tls_check){.zoned = zoned, .words = words[0]};
    check->process.data = check;
    int failed = spawn_check(zoned, check, words[1]);
    close(words[1]);
    if (failed == 0) {
        zoned->tls.check = check;
        return;
    }
    uv_close((uv_handle_t *)&check->process, on_check_closed);
    refuse(zoned, uv_strerror(failed));
}

void tls_look(struct zoned *zoned)
{
    struct zoned_tls *tls = &zoned->tls;
    const struct config_server_tls *config = wanted(zoned);
    struct error err = {0};
    int seen;
    if (!config->enabled || zoned->stopping)
        return;
    if (config->certificate == NULL) {
        refuse(zoned, "the box has no certificate yet (box.tls)");
        return;
    }
    if (certificate_files_read(config->certificate, config->key, &seen, &err) != STATUS_OK) {
        forget(&tls->seen);
        refuse(zoned, err.text);
        return;
    }
    if (tls->seen >= 0 && certificate_files_equal(tls->seen, seen)) {
        close(seen);
        return;
    }
    forget(&tls->seen);
    tls->seen = seen;
    if (tls->check == NULL)
        start_check(zoned);
    else
        tls->check_again = true;
}

// ── All of it ────────────────────────────────────────────────────────────────────────────────────

void tls_init(struct zoned *zoned)
{
    struct zoned_tls *tls = &zoned->tls;
    tls->sockets.streams_only = true;
    tls->fitting = tls->seen = -1;
    programs_init_child(zoned, &tls->child, ZONED_TLS, ZONED_SERVER, &tls_owner, zoned);
    tls->answerer = (struct answerer){
        .zoned = zoned, .child = &tls->child, .slot = PAGES_SLOT_TLS, .deaf = tls_is_deaf};
    answerer_add(&tls->answerer);
    uv_timer_init(&zoned->loop, &tls->patience);
    tls->patience.data = zoned;
}

static bool bind_wanted(struct zoned *zoned)
{
    struct zoned_tls *tls = &zoned->tls;
    struct address *addresses = NULL;
    struct error err = {0};
    size_t count = 0;
    listen_wanted_tls(&tls->sockets, &zoned->sockets, wanted(zoned), &addresses, &count);
    enum status status = STATUS_OK;
    if (!listen_is(&tls->sockets, addresses, count, 1)) {
        status = listen_change(&tls->sockets, addresses, count, 1, &err);
        tls->stale = tls->stale || status == STATUS_OK;
    }
    free(addresses);
    if (status != STATUS_OK && strcmp(err.text, tls->listen_error.text) != 0)
        log_event(LOG_LEVEL_ERROR, "tls-not-listening", "reason", err.text, NULL);
    tls->listen_error = err;
    return status == STATUS_OK;
}

static void stop(struct zoned_tls *tls)
{
    uv_timer_stop(&tls->patience);
    forget(&tls->fitting);
    forget(&tls->seen);
    tls->patient = false;
    tls->error.text[0] = tls->listen_error.text[0] = '\0';
    child_end(&tls->child); // which gives the sockets up
}

bool tls_follow(struct zoned *zoned)
{
    if (!wanted(zoned)->enabled) {
        stop(&zoned->tls);
        return true;
    }
    bool bound = bind_wanted(zoned);
    zoned->tls.stale = zoned->tls.stale || zoned->tls.handshakes != wanted(zoned)->handshakes;
    run(zoned);
    tls_look(zoned);
    return bound;
}

void tls_set_stale(struct zoned *zoned)
{
    zoned->tls.stale = true;
}

void tls_end(struct zoned *zoned)
{
    uv_timer_stop(&zoned->tls.patience);
    if (zoned->tls.check != NULL)
        uv_process_kill(&zoned->tls.check->process, SIGKILL);
    child_end(&zoned->tls.child);
}

void tls_close(struct zoned *zoned)
{
    child_close(&zoned->tls.child, nothing);
    uv_close((uv_handle_t *)&zoned->tls.patience, NULL);
}

void tls_done(struct zoned *zoned)
{
    listen_done(&zoned->tls.sockets);
    forget(&zoned->tls.fitting);
    forget(&zoned->tls.seen);
}
