// SPDX-License-Identifier: ISC
// `zonebox init`: what has to be there before anything runs: a configuration, the users, the directories, the keys.
// Each part is done when it is missing and left alone when it is there, so that a second run does nothing; a
// configuration is never touched.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "config/inputs.h"
#include "daemon/accounts.h"
#include "daemon/first_run.h"
#include "daemon/rights.h"
#include "daemon/zonebox.h"

// ── A configuration to begin with ────────────────────────────────────────────────────────────────

static const char head[] =
    "# zonebox: this machine and the domains it serves. zonebox.yaml(5) has every option;\n"
    "# `zonegen --check` says whether all is sound, `zonegen --dump` what follows from it.\n"
    "box:\n"
    "  hostname: %s\n"
    "  # What is published as this machine's address; default: the global ones found on it.\n"
    "  # Behind NAT, write the public one here.\n"
    "  #addresses: [192.0.2.1]\n"
    "  # The certificate of the mail server, for TLSA records; default: certbot's.\n"
    "  #tls: [/etc/ssl/certs/mail.pem]\n"
    "  # The group of the program that signs mail may read the DKIM keys.\n"
    "  #dkim: {selector: mail, group: opendkim}\n"
    "domains:\n";
static const char tail[] =
    "# The zones are served on every address of this machine but loopback.\n"
    "#server: {listen: [\"192.0.2.1@53\"]}\n"
    "# Loopback has the validating resolver; `resolver: no` where there is another one.\n"
    "#resolver: {trust-own-keys: no}\n"
    "# Who may use the command zonebox, besides root:\n"
    "#control: {group: adm}\n"
    "# How trouble reaches a person:\n"
    "#on-alarm: 'mail -s \"zonebox: $ZONEBOX_EVENT\" root'\n";

// The full name of this machine, if it knows it.
static const char *find_hostname(const struct zonebox *zonebox, char text[256])
{
    if (zonebox->hostname != NULL)
        return zonebox->hostname;
    if (gethostname(text, 255) != 0)
        return NULL;
    text[255] = '\0';
    return strchr(text, '.') != NULL ? text : NULL;
}

// What goes into the file must read back as what was meant.
static bool is_sound(const struct zonebox *zonebox, const struct buf *text, const char *hostname)
{
    struct config *config = NULL;
    struct config_errors errors = {0};
    bool plain = strpbrk(hostname, "\n#'\"{}[],&*: ") == NULL;
    for (size_t i = 0; i < zonebox->word_count; i++)
        plain = plain && strpbrk(zonebox->words[i], "\n#'\"{}[],&*: ") == NULL;
    if (!plain) {
        zonebox_complain("a domain is a name such as example.com; nothing was written");
        return false;
    }
    if (config_parse(zonebox->config_path, (const char *)text->data, text->len, &config, &errors) !=
        STATUS_OK) {
        zonebox_complain(errors.list[0].text);
        return false;
    }
    config_free(config);
    return true;
}

static bool write_config(const struct zonebox *zonebox)
{
    char name[256];
    const char *hostname = find_hostname(zonebox, name);
    struct error err = {0};
    if (zonebox->word_count == 0 || hostname == NULL) {
        char *words =
            xasprintf("%s: there is no configuration; `zonebox init --hostname box.example.com "
                      "example.com` writes one to begin with",
                      zonebox->config_path);
        zonebox_complain(words);
        free(words);
        return false;
    }
    struct buf text = {0};
    buf_printf(&text, head, hostname);
    for (size_t i = 0; i < zonebox->word_count; i++)
        buf_printf(&text, "  - %s\n", zonebox->words[i]);
    buf_put_text(&text, tail);
    bool good = is_sound(zonebox, &text, hostname);
    char *directory = path_directory(zonebox->config_path);
    if (good && (directory_make(directory, 0755, &err) != STATUS_OK ||
                 file_create(zonebox->config_path, text.data, text.len, 0644, &err) != STATUS_OK)) {
        zonebox_complain(err.text);
        good = false;
    }
    free(directory);
    buf_done(&text);
    return good;
}

static bool have_config(const struct zonebox *zonebox)
{
    if (access(zonebox->config_path, F_OK) == 0 || errno != ENOENT) {
        printf("Configuration: %s, as it was\n", zonebox->config_path);
        if (zonebox->word_count > 0 || zonebox->hostname != NULL)
            zonebox_complain("it is not touched: host name and domains on the command line are "
                             "not used");
        return true;
    }
    if (!write_config(zonebox))
        return false;
    printf("Configuration: %s, written\n", zonebox->config_path);
    return true;
}

// ── Users ────────────────────────────────────────────────────────────────────────────────────────

static bool have_users(const struct config *config)
{
    const char *const users[] = {config->user.signer, config->user.server, config->user.resolver,
                                 config->user.probe, config->user.tls};
    if (geteuid() != 0) {
        puts("Users: yours for all programs, since you are not root");
        return true;
    }
    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        struct error err = {0};
        bool made = false;
        if (account_make_user(users[i], &made, &err) != STATUS_OK) {
            zonebox_complain(err.text);
            return false;
        }
        printf("User: %s, %s\n", users[i],
               made                                                 ? "made"
               : strspn(users[i], "0123456789") == strlen(users[i]) ? "a number, not made"
                                                                    : "as it was");
    }
    return true;
}

// ── Directories and keys ─────────────────────────────────────────────────────────────────────────

// Holding zoned's lock, so that it does not start in the middle of it.
static bool prepare(const struct zonebox *zonebox, const struct config *config, bool *ret_running)
{
    char *lock_path = path_join(config->state, "zoned.lock");
    int lock = -1;
    struct rights rights;
    struct error err = {0};
    enum status status = rights_read(config, &rights, &err);
    if (status == STATUS_OK)
        status = rights_make_top(&rights, config->state, &err);
    if (status == STATUS_OK) {
        status = file_lock(lock_path, &lock, &err);
        *ret_running = status == STATUS_STATE;
    }
    free(lock_path);
    if (*ret_running) {
        printf("Keys: zoned runs, and with it what makes them\n");
        return true;
    }
    if (status == STATUS_OK)
        status = rights_make_state(&rights, config->state, &err);
    if (status == STATUS_OK) {
        printf("State: %s\n", config->state);
        fflush(stdout);
        status = first_run(zonebox->config_path, rights_of(&rights, &rights.signer), &err);
    }
    if (status == STATUS_OK)
        printf("Keys: in %s/keys and %s/dkim. Back both up.\n", config->state, config->state);
    else
        zonebox_complain(err.text);
    if (status == STATUS_DENIED && geteuid() != 0)
        zonebox_complain("as root the same does this, or `state:` names a directory of yours");
    if (lock >= 0)
        close(lock);
    return status == STATUS_OK;
}

// Would systemctl find it? Where packages, `cmake --install` and admins put units (systemd.unit(5)).
static bool has_unit(void)
{
    return access("/usr/lib/systemd/system/zonebox.service", F_OK) == 0 ||
           access("/usr/local/lib/systemd/system/zonebox.service", F_OK) == 0 ||
           access("/etc/systemd/system/zonebox.service", F_OK) == 0;
}

static void say_next_steps(const struct zonebox *zonebox, const struct config *config, bool running)
{
    char *option =
        zonebox->config_given ? xasprintf("--config %s ", zonebox->config_path) : xstrdup("");
    bool unit = has_unit();
    puts("\nNext:");
    if (!running && unit && !zonebox->config_given)
        puts("  systemctl enable --now zonebox");
    else if (!running)
        printf("  zoned %s           start it\n", option);
    printf("  zonebox %sstatus   is all well?\n"
           "  zonegen %s--ds     what the registrar has to be told\n",
           option, option);
    if (config->resolver.enabled)
        printf("  zonebox %ssetup resolv.conf, then postfix and ssh\n", option);
    free(option);
}

int zonebox_init(const struct zonebox *zonebox)
{
    umask(0022); // the programs' users must get to what is made; files get their modes by name
    if (!have_config(zonebox))
        return ZONEBOX_WRONG;
    struct config *config = zonebox_load(zonebox);
    if (config == NULL)
        return ZONEBOX_WRONG;
    bool running = false;
    bool good = have_users(config) && prepare(zonebox, config, &running);
    if (good && geteuid() == 0 && !zonebox->config_given) // the directory is the whole machine's
        good = zonebox_first_tls_key(config);
    if (good)
        say_next_steps(zonebox, config, running);
    config_free(config);
    return good ? ZONEBOX_FINE : ZONEBOX_WRONG;
}
