// SPDX-License-Identifier: ISC
// Configurations, and snapshots of inputs (told apart by the snapshot's first octets). What is accepted has what the
// rest of the program relies on; what is refused has words that can be shown; a snapshot that is read writes as it was.
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "config/config.h"
#include "config/inputs.h"
#include "config/surroundings.h"

static void check_errors(const struct config_errors *errors)
{
    MUST(errors->count > 0);
    for (size_t i = 0; i < errors->count && i < CONFIG_ERRORS_MAX; i++) {
        const char *text = errors->list[i].text;
        MUST(text[0] != '\0');
        for (; *text != '\0'; text++)
            MUST((unsigned char)*text >= 0x20 && *text != 0x7f);
    }
}

static void check_mail(const struct config_mail *mail)
{
    for (size_t i = 0; i < mail->spf.relay_count; i++)
        MUST(strchr(mail->spf.relays[i].text, ':') != NULL);
    for (size_t i = 0; i < mail->dmarc.report_count; i++)
        MUST(strchr(mail->dmarc.reports[i].text, ':') != NULL);
    for (size_t i = 0; i < mail->service_count; i++)
        MUST(mail->services[i].name != NULL && mail->services[i].port > 0);
    MUST(mail->dkim_algorithms != 0 && mail->mta_sts.max_age > 0);
    MUST(mail->srv || mail->service_count == 0);
}

static void check_records(const struct config_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++)
        MUST((records[i].line != NULL) !=
             (records[i].type != NULL && (records[i].data_count > 0) != (records[i].text != NULL)));
}

static void check_policy(const struct config_dnssec_policy *policy)
{
    MUST(policy->signature_refresh < policy->signature_lifetime);
    MUST(policy->algorithm == 13 || policy->algorithm == 15 || policy->algorithm == 8);
    MUST(policy->ksk_lifetime == 0 || policy->ksk_lifetime >= policy->signature_lifetime);
}

static void check_config(const struct config *config)
{
    MUST(config->directory[0] == '/' && config->state[0] == '/');
    MUST(strchr(config->box.hostname, '.') != NULL);
    MUST(config->box.nameserver_count > 0 && config->domain_count + config->include_count > 0);
    for (size_t i = 0; i < config->box.nameserver_count; i++)
        MUST(strlen(config->box.nameservers[i].name) <= 253);
    for (size_t i = 0; i < config->domain_count; i++) {
        const struct config_domain *domain = &config->domains[i];
        MUST(domain->name != NULL && domain->place.line > 0);
        MUST(domain->zone_file == NULL || domain->zone_file[0] == '/');
        MUST(domain->ttl->standard > 0 && domain->ttl->mx > 0 &&
             domain->place.file < config->file_count);
        MUST(!domain->no_addresses || domain->address_count == 0);
        MUST(!domain->in_parent || domain->zone_file == NULL);
        check_mail(domain->mail);
        check_policy(domain->policy);
        check_records(domain->records, domain->record_count);
        MUST(domain->dnssec != CONFIG_DNSSEC_PRESIGNED || domain->zone_file != NULL);
    }
    check_mail(&config->box.mail);
    check_records(config->records, config->record_count);
    check_policy(&config->dnssec);
    MUST(config->signing != CONFIG_DNSSEC_PRESIGNED);
    MUST(config->ttl.standard > 0 && config->ttl.ns > 0 && config->server.tcp_connections > 0);
}

static void try_config(const uint8_t *octets, size_t len)
{
    static const struct surroundings nothing_found = {.directory = "/etc/zonebox",
                                                      .has_included = true};
    struct config *config = NULL;
    struct config_errors errors = {0};
    if (config_parse_in(&nothing_found, "z.yaml", (const char *)octets, len, &config, &errors) ==
        STATUS_OK) {
        MUST(errors.count == 0);
        check_config(config);
    } else {
        MUST(config == NULL);
        check_errors(&errors);
    }
    config_free(config);
}

static void try_snapshot(const uint8_t *octets, size_t len)
{
    struct inputs *inputs = NULL;
    struct config_errors errors = {0};
    if (inputs_decode(octets, len, NULL, &inputs, &errors) != STATUS_OK) {
        MUST(inputs == NULL && errors.count > 0);
        return;
    }
    check_config(inputs->config);
    for (size_t i = 0; i < inputs->file_count; i++)
        MUST(inputs_file(inputs, inputs->files[i].path) == &inputs->files[i]);
    MUST(inputs_equal(inputs, inputs));
    struct buf back = {0};
    inputs_encode(inputs, &back);
    MUST(back.len == len && memcmp(back.data, octets, len) == 0);
    buf_done(&back);
    inputs_free(inputs);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    if (len >= 4 && memcmp(octets, "zbin", 4) == 0)
        try_snapshot(octets, len);
    else
        try_config(octets, len);
    return 0;
}
