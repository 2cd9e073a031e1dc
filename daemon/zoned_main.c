// SPDX-License-Identifier: ISC
// zoned: keeps zonebox running. Here is what happens once, before anything runs: arguments, the
// configuration or its last good copy, the lock on the state directory, the sockets. What cannot be
// had then is said in one line, and zoned ends.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arguments.h"
#include "base/confine.h"
#include "base/file.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/last_good.h"
#include "daemon/libexec.h"
#include "daemon/zoned.h"

#define STATE_DEFAULT "/var/lib/zonebox" // where a configuration without `state:` has it

// The workers of a zoned that was killed a moment ago may still be ending and hold their ports.
#define BIND_PATIENCE_MS 1000
#define BIND_STEP_MS     50

static const char usage[] =
    "usage: zoned [--config FILE] [--state DIR] [--libexec DIR]\n"
    "\n"
    "Keeps zonebox running: starts zone-signer, the zone-server workers,\n"
    "zone-resolver and zone-probe, gives them their inputs and sockets, and starts\n"
    "again what dies. Stays in the foreground; writes the log of all to standard\n"
    "error, or where `log:` says.\n"
    "\n";

static const char below[] =
    "\n"
    "Signals: SIGHUP looks at the configuration and all inputs again now; SIGTERM and\n"
    "SIGINT end everything within two seconds.\n"
    "Exit status: 0 ended as told, 1 something is wrong, 2 wrong use.\n";

struct options {
    const char *config;
    const char *state;
    const char *libexec; // NULL: to be found
};

// As arguments_read.
static int read_options(int argc, char **argv, struct options *ret)
{
    const struct argument options[] = {
        {"config", "FILE", argument_text, &ret->config, .letter = 'c',
         .help = "the configuration (default: " CONFIG_DEFAULT_PATH ")"},
        {"state", "DIR", argument_text, &ret->state,
         .help = "where the last good configuration is, when FILE cannot be\n"
                 "used (default: " STATE_DEFAULT ")"},
        {"libexec", "DIR", argument_text, &ret->libexec,
         .help = "where the other programs are (default: beside zoned, or\n"
                 "where they were installed)"},
    };
    *ret = (struct options){.config = CONFIG_DEFAULT_PATH, .state = STATE_DEFAULT};
    return arguments_read(&(struct argument_table){.program = "zoned",
                                                   .usage = usage,
                                                   .below = below,
                                                   .options = options,
                                                   .option_count = ARGUMENT_COUNT(options)},
                          argc, argv);
}

// Nothing of what zoned was started with reaches a child, and no socket becomes standard output.
static void tidy_descriptors(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    struct rlimit files; // two sockets per address and worker
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

// Reads the inputs, by the last good configuration when the one that is there cannot be used.
static enum status read_inputs(const struct options *options, struct feed *feed)
{
    struct config_errors errors = {0};
    if (inputs_read(options->config, &feed->inputs, &errors) == STATUS_OK)
        return STATUS_OK;
    feed_log_errors(&errors);
    feed->complaint = errors;
    struct last_good last_good;
    struct error err = {0};
    enum status status = last_good_read(options->state, options->config, &last_good, &err);
    if (status == STATUS_OK) {
        errors.count = 0;
        status = inputs_read_texts(last_good.files, last_good.count, &feed->inputs, &errors);
        if (status != STATUS_OK)
            feed_log_errors(&errors);
    } else if (status != STATUS_NOT_FOUND) {
        log_event(LOG_LEVEL_ERROR, "last-good-not-used", "reason", err.text, NULL);
    }
    last_good_done(&last_good);
    return status;
}

static enum status bind_patiently(struct zoned *zoned, struct error *err)
{
    enum status status = zoned_bind(zoned, err);
    for (int waited = 0; status == STATUS_STATE && waited < BIND_PATIENCE_MS;
         waited += BIND_STEP_MS) {
        nanosleep(&(struct timespec){.tv_nsec = BIND_STEP_MS * 1000000L}, NULL);
        status = zoned_bind(zoned, err);
    }
    return status;
}

static enum status run(struct zoned *zoned, struct error *err)
{
    enum status status = rights_read(zoned->feed.inputs->config, &zoned->rights, err);
    if (status == STATUS_OK)
        status = rights_make_top(&zoned->rights, zoned->state, err);
    if (status != STATUS_OK)
        return status;
    char *path = path_join(zoned->state, RIGHTS_LOCK);
    int lock = -1;
    status = file_lock(path, &lock, err);
    free(path);
    if (status == STATUS_OK)
        status = rights_make_state(&zoned->rights, zoned->state, err);
    if (status == STATUS_OK)
        status = rights_make_control(&zoned->rights, zoned->control_directory, err);
    if (status == STATUS_OK)
        status = bind_patiently(zoned, err);
    if (status == STATUS_OK)
        rights_log(&zoned->rights);
    if (status == STATUS_OK)
        status = zoned_run(zoned, err);
    listen_done(&zoned->sockets);
    if (lock >= 0)
        close(lock);
    return status;
}

static void take_sockets(struct listen_set *set, const struct systemd_sockets *sockets)
{
    set->given = sockets->list;
    set->given_count = sockets->count;
}

// What the service manager hands over.
static enum status take_over(struct zoned *zoned, struct error *err)
{
    enum status status = systemd_open(&zoned->systemd, err);
    take_sockets(&zoned->sockets, &zoned->systemd.sockets[SYSTEMD_SERVER]);
    take_sockets(&zoned->tls.sockets, &zoned->systemd.sockets[SYSTEMD_TLS]);
    take_sockets(&zoned->resolver_sockets, &zoned->systemd.sockets[SYSTEMD_RESOLVER]);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    int code = read_options(argc, argv, &options);
    if (code != ARGUMENTS_FINE)
        return code;
    static struct logs logs;
    log_open("zoned", LOG_LEVEL_INFO);
    logs_open(&logs);
    tidy_descriptors();
    umask(0022); // for what `on-alarm` runs; zoned's own files get their modes by name
    signal(SIGPIPE,
           SIG_IGN); // a signer that died while it was being written to is no reason to end
    signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error of its write
    signal(SIGHUP, SIG_IGN);  // a reload that comes before there is anything to reload
    struct error err = {0};
    // PEM files that it reads may have private keys in them.
    if (confine_memory(&err) != STATUS_OK) {
        log_event(LOG_LEVEL_WARNING, "memory-in-the-open", "reason", err.text, NULL);
        err = (struct error){0};
    }
    struct zoned zoned = {.logs = &logs, .systemd.notify = -1, .feed.config_path = options.config};
    char *libexec = NULL;
    enum status status = libexec_find(options.libexec, ZONED_LIBEXEC, &libexec, &err);
    if (status == STATUS_OK)
        status = take_over(&zoned, &err);
    if (status == STATUS_OK)
        status = read_inputs(&options, &zoned.feed);
    if (status == STATUS_OK) {
        zoned.libexec = libexec;
        zoned.state = xstrdup(zoned.feed.inputs->config->state);
        zoned.control_directory = rights_control_directory(zoned.feed.inputs->config);
        status = run(&zoned, &err);
    }
    if (err.text[0] != '\0')
        log_event(LOG_LEVEL_ERROR, "not-started", "reason", err.text, NULL);
    systemd_close(&zoned.systemd);
    free(zoned.state);
    free(zoned.control_directory);
    inputs_free(zoned.feed.inputs);
    free(libexec);
    return status == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
