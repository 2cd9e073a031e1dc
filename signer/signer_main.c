// SPDX-License-Identifier: ISC
// zone-signer: what the configuration asks for → signed zones in serve/. The only program that reads private keys and
// the only writer of state/ and serve/. Here are its arguments; signer/loop.h has the rest.
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/arguments.h"
#include "base/confine.h"
#include "base/log.h"
#include "base/service.h"
#include "config/inputs.h"
#include "keys/tls_make.h"
#include "keys/tls_spki.h"
#include "signer/import.h"
#include "signer/loop.h"
#include "signer/source.h"

enum { EXIT_FINE = 0, EXIT_WRONG = 1, EXIT_USAGE = 2 };

static const char usage[] =
    "usage: zone-signer --config FILE [--once]\n"
    "       zone-signer --make-tls-key DIR ecdsa|rsa\n"
    "       zone-signer --import DIR [--dry-run] DOMAIN FILE...\n"
    "       zone-signer --inputs FD [--lifeline FD] [--control FD] [--observe FD]\n"
    "\n"
    "Makes the zones that the configuration asks for, signs and verifies them, and\n"
    "publishes them for zone-server, again in time. What does not hold up is logged\n"
    "to standard error, and the zone stays as it was.\n"
    "\n";

static const char below[] =
    "\n"
    "Signals: SIGHUP looks at everything again; SIGTERM and SIGINT end.\n"
    "Exit status: 0 ended as told or, with --once, all is published; 1 something is\n"
    "wrong; 2 wrong use.\n";

struct options {
    struct loop_options loop;
    const char *tls_directory;    // of --make-tls-key
    const char *import_directory; // of --import
    bool dry_run;
    char **words; // the algorithm of the first; domain and files of the second
    size_t word_count;
};

static enum status check(void *data, struct error *err)
{
    const struct options *options = data;
    if (options->import_directory != NULL && options->word_count >= 2)
        return STATUS_OK;
    if (options->import_directory != NULL)
        return error_set(err, STATUS_SYNTAX, "--import DIR wants a domain and files");
    if (options->dry_run)
        return error_set(err, STATUS_SYNTAX, "--dry-run goes with --import");
    if (options->tls_directory != NULL && options->word_count == 1)
        return STATUS_OK;
    if (options->tls_directory != NULL)
        return error_set(err, STATUS_SYNTAX, "--make-tls-key DIR wants ecdsa or rsa");
    if (options->word_count > 0)
        return error_set(err, STATUS_SYNTAX, "what is this: %s", options->words[0]);
    if ((options->loop.config_path == NULL) == (options->loop.inputs_fd < 0))
        return error_set(err, STATUS_SYNTAX, "give either --config FILE or --inputs FD");
    return STATUS_OK;
}

// As arguments_read.
static int read_options(int argc, char **argv, struct options *ret)
{
    struct loop_options *loop = &ret->loop;
    const struct argument options[] = {
        {"config", "FILE", argument_text, &loop->config_path,
         .help = "read and watch this configuration and what it names"},
        {"once", NULL, argument_flag, &loop->once, .help = "publish what is due, then end"},
        {"inputs", "FD", argument_descriptor, &loop->inputs_fd,
         .help = "take configuration and files from zoned here instead"},
        {"observe", "FD", argument_descriptor, &loop->observe_fd,
         .help = "ask zone-probe on this SEQPACKET socket"},
        {"set-aside", "IMAGE", quarantine_argument,
         ARGUMENT_LIST(loop->aside.ids, &loop->aside.count),
         .help = "zone-server died of this zone image; may be repeated"},
        {"make-tls-key", "DIR", argument_text, &ret->tls_directory,
         .help = "make the key pair of a certificate to come there"},
        {"import", "DIR", argument_text, &ret->import_directory,
         .help = "take the keys in FILE... over into DIR, as the domain's"},
        {"dry-run", NULL, argument_flag, &ret->dry_run, .help = NULL},
        SERVICE_ARGUMENTS(loop),
    };
    *ret = (struct options){.loop = {.inputs_fd = -1,
                                     .observe_fd = -1,
                                     .descriptors = {.lifeline = -1, .control = -1}}};
    return arguments_read(&(struct argument_table){.program = "zone-signer",
                                                   .usage = usage,
                                                   .below = below,
                                                   .options = options,
                                                   .option_count = ARGUMENT_COUNT(options),
                                                   .check = check,
                                                   .data = ret,
                                                   .words = &ret->words,
                                                   .word_count = &ret->word_count},
                          argc, argv);
}

// For zonebox, which has no business with private keys: prints the path of the pair without ending, and its digest.
static int make_tls_key(const char *directory, const char *algorithm)
{
    enum tls_algorithm kind;
    uint8_t digest[TLS_DIGEST_LEN];
    char hex[TLS_DIGEST_HEX];
    char *path = NULL;
    struct error err = {0};
    (void)confine_memory(NULL);
    umask(0);
    if (!tls_algorithm_read(algorithm, &kind)) {
        fprintf(stderr, "zone-signer: %s: no such algorithm; ecdsa or rsa\n", algorithm);
        return EXIT_USAGE;
    }
    if (tls_make(directory, kind, (int64_t)time(NULL), &path, digest, &err) != STATUS_OK) {
        fprintf(stderr, "zone-signer: %s\n", err.text);
        return EXIT_WRONG;
    }
    printf("%s %s\n", path, tls_digest_text(digest, hex));
    free(path);
    return fflush(stdout) == 0 ? EXIT_FINE : EXIT_WRONG;
}

static int import(const struct options *options)
{
    struct error err = {0};
    (void)confine_memory(NULL);
    umask(0);
    if (import_keys(options->import_directory, options->words[0],
                    (const char *const *)options->words + 1, options->word_count - 1,
                    options->dry_run, &err) != STATUS_OK) {
        fprintf(stderr, "zone-signer: %s\n", err.text);
        return EXIT_WRONG;
    }
    return fflush(stdout) == 0 ? EXIT_FINE : EXIT_WRONG;
}

int main(int argc, char **argv)
{
    struct options options;
    int code = read_options(argc, argv, &options);
    if (code != ARGUMENTS_FINE)
        return code;
    if (options.tls_directory != NULL)
        return make_tls_key(options.tls_directory, options.words[0]);
    if (options.import_directory != NULL)
        return import(&options);
    log_open("zone-signer", LOG_LEVEL_INFO);
    struct error err = {0};
    if (!options.loop.unconfined && confine_memory(&err) != STATUS_OK)
        log_event(LOG_LEVEL_WARNING, "memory-in-the-open", "reason", err.text, NULL);
    umask(0); // everything is made with the mode that it should have, from the start
    struct inputs *inputs = NULL;
    struct config_errors errors = {0};
    if (options.loop.config_path != NULL &&
        inputs_read(options.loop.config_path, &inputs, &errors) != STATUS_OK) {
        source_log_errors(&errors);
        return EXIT_WRONG;
    }
    return loop_run(&options.loop, inputs);
}
