// SPDX-License-Identifier: ISC
#include "zonegen/tls_files.h"

#include "keys/tls_spki.h"

bool tls_is_declined(const struct config *config)
{
    return (config->box.tls_given && config->box.tls_count == 0) || config->box.tls_port_count == 0;
}

void tls_facts_read(const struct inputs *inputs, const struct zone_target *target,
                    struct tls_facts *ret)
{
    const struct config_box *box = &inputs->config->box;
    // The default certificate may only not be mounted yet.
    *ret = (struct tls_facts){
        .certificates_known = box->tls_count > 0 || box->tls_given,
        .next_known = true,
        .ttl = target->domain != NULL ? target->domain->ttl->tlsa : inputs->config->ttl.tlsa,
    };
    for (size_t i = 0; i < box->tls_count; i++) {
        const struct input_file *file = inputs_file(inputs, box->tls[i].text);
        struct tls_chain chain;
        if (file == NULL || file->octets == NULL ||
            tls_spki_of_chain(file->octets, file->len, &chain, NULL) != STATUS_OK ||
            !tls_digests_add(&ret->certificates, chain.key))
            ret->certificates_known = false;
    }
    for (size_t i = 0; i < box->tls_next_count; i++) {
        const struct input_file *file = inputs_file(inputs, box->tls_next[i].text);
        uint8_t digest[TLS_DIGEST_LEN];
        if (file == NULL || file->octets == NULL ||
            tls_spki_of_public(file->octets, file->len, digest, NULL) != STATUS_OK ||
            !tls_digests_add(&ret->next, digest))
            ret->next_known = false;
    }
}
