// SPDX-License-Identifier: ISC
// `zonebox setup`: what other programs on this box have to be told, as exact lines from its configuration. It prints
// and changes nothing.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/zonebox.h"

// resolv.conf(5): MAXNS, more are not read.
#define NAMESERVERS_MAX 3

// ── The resolver's address ───────────────────────────────────────────────────────────────────────

static bool is_usable(const struct address *address)
{
    return address_port(address) == 53;
}

static bool any_is_usable(const struct config_resolver *resolver)
{
    for (size_t i = 0; i < resolver->listen_count; i++)
        if (is_usable(&resolver->listen[i]))
            return true;
    return false;
}

// The C library asks on port 53 only.
static int check_resolver(const struct config *config)
{
    const struct config_resolver *resolver = &config->resolver;
    if (!resolver->enabled) {
        zonebox_complain("the configuration has `resolver: no`, so there is nobody to ask; take "
                         "that out first");
        return ZONEBOX_WRONG;
    }
    if (any_is_usable(resolver))
        return ZONEBOX_FINE;
    zonebox_complain("no address of `resolver: {listen: …}` has port 53, and programs ask on that "
                     "port only (resolv.conf(5)): these lines will not work before one has");
    return ZONEBOX_WRONG;
}

static void print_resolvers(const struct config_resolver *resolver, const char *before)
{
    char text[ADDRESS_TEXT_MAX];
    size_t count = 0;
    bool any = any_is_usable(resolver); // else those that should be
    for (size_t i = 0; i < resolver->listen_count && count < NAMESERVERS_MAX; i++) {
        if (any && !is_usable(&resolver->listen[i]))
            continue;
        printf("%snameserver %s\n", before, address_text(&resolver->listen[i], false, text));
        count++;
    }
    // glibc takes AD away from answers unless it is told that the way to the resolver is safe.
    printf("%soptions edns0 trust-ad\n", before);
}

// ── Who is set up ────────────────────────────────────────────────────────────────────────────────

static void print_resolv_conf(const struct config *config)
{
    puts(
        "# /etc/resolv.conf: all programs on this box ask its own validating resolver.\n"
        "# Whatever writes that file here (systemd-resolved, resolvconf, a DHCP client) has to be\n"
        "# told so or switched off, else it comes back: systemctl disable --now systemd-resolved");
    print_resolvers(&config->resolver, "");
}

static void print_postfix(const struct config *config)
{
    puts(
        "# /etc/postfix/main.cf: mail goes out over TLS that is authenticated by DANE (RFC 7672)\n"
        "# where the receiver has it, and waits in the queue where somebody tampers with its DNS.\n"
        "smtp_dns_support_level = dnssec\n"
        "smtp_tls_security_level = dane\n"
        "smtp_tls_mandatory_protocols = >=TLSv1.2\n"
        "smtp_tls_loglevel = 1\n"
        "smtp_host_lookup = dns");
    if (config->box.tls_count > 0)
        printf("# Mail comes in with the certificate that is in the TLSA records:\n"
               "smtpd_tls_cert_file = %s\n",
               config->box.tls[0].text);
    puts("#\n"
         "# Postfix asks who is in /etc/resolv.conf, which has to have:");
    print_resolvers(&config->resolver, "#     ");
    puts("# Debian's Postfix is chrooted: its copy in /var/spool/postfix/etc/resolv.conf is made "
         "anew by\n"
         "#     systemctl restart postfix\n"
         "# Lists of bad senders can be asked now, since this box asks them itself and not by way "
         "of a\n"
         "# public resolver, which they refuse. In smtpd_recipient_restrictions, with the range of "
         "real\n"
         "# answers, so that a refusal (127.255.255.x) blocks no mail:\n"
         "#     reject_rbl_client zen.spamhaus.org=127.0.0.[2..11]\n"
         "# Does it work?   posttls-finger -c -l dane example.org");
}

static void print_ssh(const struct config *config)
{
    printf("# /etc/ssh/ssh_config.d/zonebox.conf on this box: host keys are looked up in the DNS "
           "(SSHFP,\n"
           "# RFC 4255) and taken without a question when the answer is secure. The keys of this "
           "box are\n"
           "# in the zone with %s.\n"
           "Host *\n"
           "    VerifyHostKeyDNS yes\n"
           "# ssh trusts an answer when /etc/resolv.conf has:\n",
           config->box.hostname);
    print_resolvers(&config->resolver, "#     ");
    printf("# Another machine needs a validating resolver of its own for the same, and then\n"
           "#     ssh -o VerifyHostKeyDNS=yes %s\n",
           config->box.hostname);
}

// ── Who signs mail ───────────────────────────────────────────────────────────────────────────────

// It must be able to read the private keys.
static int check_dkim(const struct config *config, const char *usual)
{
    char text[200];
    if (config->box.dkim_group != NULL)
        return ZONEBOX_FINE;
    snprintf(text, sizeof(text),
             "the configuration has no `box: dkim: {group: %s}`, so the mail signer may not read "
             "the keys: these lines will not work before it has",
             usual);
    zonebox_complain(text);
    return ZONEBOX_WRONG;
}

// Neither program looks by itself whether its tables have changed.
static void print_reload(const struct config *config, const char *table, const char *program)
{
    printf("# A key that is replaced is in the table; %s reads it when it is reloaded, which has a "
           "week's\n"
           "# time. systemd does it by itself with\n"
           "#     /etc/systemd/system/zonebox-%s.path\n"
           "#         [Path]\n"
           "#         PathChanged=%s/dkim/%s\n"
           "#         [Install]\n"
           "#         WantedBy=multi-user.target\n"
           "#     /etc/systemd/system/zonebox-%s.service\n"
           "#         [Service]\n"
           "#         Type=oneshot\n"
           "#         ExecStart=/usr/bin/systemctl try-reload-or-restart %s.service\n"
           "#     systemctl enable --now zonebox-%s.path\n",
           program, program, config->state, table, program, program, program);
}

static void print_opendkim(const struct config *config)
{
    bool rsa = (config->box.mail.dkim_algorithms & CONFIG_DKIM_RSA) != 0;
    printf(
        "# /etc/opendkim.conf: mail from domains of this box is signed with their active keys. "
        "Take out\n"
        "# Domain, Selector and KeyFile.\n"
        "KeyTable             file:%s/dkim/KeyTable\n"
        "SigningTable         file:%s/dkim/SigningTable\n"
        "SignatureAlgorithm   %s\n"
        "Canonicalization     relaxed/simple\n"
        "OversignHeaders      From\n"
        "# The keys are zone-signer's, and OpenDKIM's group may read them. That they are not its "
        "own would be\n"
        "# reason enough for it to refuse all mail of the domain.\n"
        "RequireSafeKeys      no\n"
        "# OpenDKIM makes signatures of one kind only. Verifiers that do not know Ed25519 are the "
        "rule, so\n"
        "# the tables have RSA keys where there are any; Rspamd signs with both.\n",
        config->state, config->state, rsa ? "rsa-sha256" : "ed25519-sha256");
    print_reload(config, "SigningTable", "opendkim");
    puts("# Does it work?   opendkim-testkey -d DOMAIN -s SELECTOR -vv   (zonebox status has the "
         "selectors)");
}

static void print_rspamd(const struct config *config)
{
    printf("# /etc/rspamd/local.d/dkim_signing.conf: mail from domains of this box is signed with "
           "their\n"
           "# active keys, RSA and Ed25519.\n"
           "use_esld = false;\n"
           "try_fallback = false;\n"
           ".include(try=true; priority=1; duplicate=merge) \"%s/dkim/rspamd.conf\"\n",
           config->state);
    print_reload(config, "rspamd.conf", "rspamd");
    puts("# Does it work?   rspamadm configdump dkim_signing");
}

static int check_opendkim(const struct config *config)
{
    return check_dkim(config, "opendkim");
}

static int check_rspamd(const struct config *config)
{
    return check_dkim(config, "_rspamd");
}

// ── The command ──────────────────────────────────────────────────────────────────────────────────

static const struct {
    const char *name;
    int (*check)(const struct config *config); // complains of what will not work
    void (*print)(const struct config *config);
    bool asks; // the resolver of this box
} setups[] = {
    {"opendkim", check_opendkim, print_opendkim, false},
    {"postfix", check_resolver, print_postfix, true},
    {"resolv.conf", check_resolver, print_resolv_conf, true},
    {"rspamd", check_rspamd, print_rspamd, false},
    {"ssh", check_resolver, print_ssh, true},
};

int zonebox_setup(const struct zonebox *zonebox)
{
    for (size_t i = 0; i < sizeof(setups) / sizeof(setups[0]); i++) {
        if (strcmp(setups[i].name, zonebox->words[0]) != 0)
            continue;
        struct config *config = zonebox_load(zonebox);
        if (config == NULL)
            return ZONEBOX_WRONG;
        int code = setups[i].check(config);
        if (config->resolver.enabled || !setups[i].asks)
            setups[i].print(config);
        config_free(config);
        return code;
    }
    zonebox_complain("setup knows opendkim, postfix, resolv.conf, rspamd and ssh");
    return ZONEBOX_USAGE;
}
