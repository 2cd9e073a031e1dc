// SPDX-License-Identifier: ISC
// SSHFP records from the host keys of OpenSSH, so that `ssh -o VerifyHostKeyDNS=yes` asks nobody (RFC 4255).
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/alloc.h"
#include "dns/wire.h"

// SSHFP algorithm numbers. DSA (2) is left out: OpenSSH does not use it any more.
static const struct {
    const char *type;
    unsigned algorithm;
} algorithms[] = {
    {"ssh-rsa", 1},             // RFC 4255 §3.1.1
    {"ecdsa-sha2-nistp256", 3}, // RFC 6594 §3.2.1
    {"ecdsa-sha2-nistp384", 3},
    {"ecdsa-sha2-nistp521", 3},
    {"ssh-ed25519", 4}, // RFC 7479
    {"ssh-ed448", 6},   // RFC 8709 §8
};

static unsigned algorithm_of(const char *type, size_t len)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (strlen(algorithms[i].type) == len && memcmp(algorithms[i].type, type, len) == 0)
            return algorithms[i].algorithm;
    }
    return 0;
}

#define BLOB_MAX (16U << 10) // octets; RSA with 16384 bits has 2 KiB

// Decodes the base64 of `len` characters. Returns the octets' number, 0 when it is broken.
static size_t decode(const char *text, size_t len, uint8_t ret[BLOB_MAX])
{
    if (len == 0 || len % 4 != 0 || len / 4 * 3 > BLOB_MAX)
        return 0;
    int octets = EVP_DecodeBlock(ret, (const unsigned char *)text, (int)len);
    if (octets <= 0)
        return 0;
    return (size_t)(octets - (text[len - 1] == '=') - (text[len - 2] == '='));
}

// RFC 4253 §6.6: the blob begins with its type as a string, and holds at least one more.
static bool blob_is_of(const uint8_t *blob, size_t len, const char *type, size_t type_len)
{
    struct wire_reader reader = wire_reader(blob, len);
    uint32_t inner_len = wire_u32(&reader);
    const uint8_t *inner = wire_take(&reader, inner_len);
    if (inner == NULL || inner_len != type_len || memcmp(inner, type, type_len) != 0)
        return false;
    bool more = wire_left(&reader) > 4;
    while (wire_ok(&reader) && wire_left(&reader) > 0)
        (void)wire_take(&reader, wire_u32(&reader));
    return more && wire_ok(&reader);
}

// "ssh-ed25519 AAAA… comment" → one record. False when the line is no public key.
static bool add_line(struct zone_maker *maker, const char *line, const char *why)
{
    size_t type_len = strcspn(line, " \t");
    const char *base64 = line + type_len + strspn(line + type_len, " \t");
    size_t base64_len = strcspn(base64, " \t");
    unsigned algorithm = algorithm_of(line, type_len);
    uint8_t blob[BLOB_MAX + 3];
    uint8_t digest[32];
    size_t digest_len = 0;
    size_t len = decode(base64, base64_len, blob);
    if (algorithm == 0 || !blob_is_of(blob, len, line, type_len) ||
        !EVP_Q_digest(NULL, "SHA256", NULL, blob, len, digest, &digest_len))
        return false;
    char hex[2 * sizeof(digest) + 1];
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    // RFC 6594 §3.1.1: fingerprint type 2 is SHA-256. SHA-1 (1) is not published.
    maker_add(maker, maker->config->box.hostname, "SSHFP", why, "%u 2 %s", algorithm, hex);
    return true;
}

// A key that nobody should use is no broken file.
static bool is_retired(const char *line)
{
    return strncmp(line, "ssh-dss ", strlen("ssh-dss ")) == 0;
}

static void add_file(struct zone_maker *maker, const struct input_file *file,
                     const struct config_place *place)
{
    char *text = xmalloc(file->len + 1);
    memcpy(text, file->octets, file->len);
    text[file->len] = '\0';
    bool good = strlen(text) == file->len;
    size_t keys = 0;
    char *why = xasprintf("SSH: SHA-256 fingerprint of the host key in %s (RFC 4255, RFC 6594)",
                          display_path(maker->config, file->path));
    char *rest = text;
    for (char *line; good && (line = strsep(&rest, "\r\n")) != NULL;) {
        line += strspn(line, " \t");
        if (line[0] == '\0' || line[0] == '#')
            continue;
        good = is_retired(line) || add_line(maker, line, why);
        keys++;
    }
    if (!good || keys == 0) {
        maker_missing(maker, maker->config->box.hostname, "SSHFP", "%s is no OpenSSH public key",
                      display_path(maker->config, file->path));
        char *words =
            xasprintf("%s: no OpenSSH public key (a line \"ssh-ed25519 AAAA…\")", file->path);
        maker_note_input(maker, place, file->path, words);
        free(words);
    }
    free(why);
    free(text);
}

void make_sshfp(struct zone_maker *maker)
{
    const struct config_box *box = &maker->config->box;
    if (!target_holds(maker->target, box->hostname))
        return;
    for (size_t i = 0; i < box->ssh_count; i++) {
        const struct input_file *file = inputs_file(maker->inputs, box->ssh[i].text);
        if (file != NULL && file->octets != NULL) {
            add_file(maker, file, &box->ssh[i].place);
            continue;
        }
        maker_missing(maker, box->hostname, "SSHFP", "the host key %s cannot be read",
                      display_path(maker->config, box->ssh[i].text));
        maker_note_input(maker, &box->ssh[i].place, box->ssh[i].text,
                         file != NULL ? file->error.text : "a host key was not read");
    }
    if (box->ssh_count == 0)
        maker_missing(maker, box->hostname, "SSHFP",
                      "no SSH host key was found in /etc/ssh; name the .pub files in the "
                      "configuration: box: ssh:");
}
