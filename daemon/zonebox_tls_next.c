// SPDX-License-Identifier: ISC
// `zonebox tls-next`: the key of the next certificate, made and announced before any server has it; and a way to drop a
// key that is compromised. The key is made by zone-signer, which is the program that knows about keys.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "daemon/zonebox.h"

#define DIRECTORY "/etc/zonebox/tls-next"

// ── Making ───────────────────────────────────────────────────────────────────────────────────────

static enum status make_key(const char *directory, const char *algorithm, struct buf *ret_line,
                            struct error *err)
{
    const char *const arguments[] = {"--make-tls-key", directory, algorithm, NULL};
    enum status status = zonebox_run_signer(arguments, ret_line, err);
    if (ret_line->len > 0 && ret_line->data[ret_line->len - 1] == '\n')
        ret_line->len--;
    return status;
}

// ── What to do next ──────────────────────────────────────────────────────────────────────────────

static bool is_named(const struct config *config, const char *public)
{
    for (size_t i = 0; i < config->box.tls_next_count; i++)
        if (strcmp(config->box.tls_next[i].text, public) == 0)
            return true;
    return false;
}

static void say_announcement(const struct zonebox *zonebox, const char *path, const char *digest)
{
    struct config *config =
        zonebox_load(zonebox); // once more: it may name all files of a directory
    char *public = xasprintf("%s.pub", path);
    printf("Made: %s.key (private, for this user alone) and %s\n", path, public);
    if (config != NULL && !is_named(config, public))
        printf("Name it in the configuration, so that it is announced: box: tls-next: [%s]\n",
               public);
    printf("Its record, TLSA 3 1 1 %s,\nis published as soon as zoned sees the file. Deploy "
           "nothing yet: senders that validate keep the\nrecords of before for their TTL. "
           "`zonebox status` says from when on it is safe.\n",
           digest);
    free(public);
    config_free(config);
}

static void say_certbot(const char *path, const char *hostname)
{
    printf("\nThen get a certificate for this key. certbot takes a request instead of making a key "
           "of its own;\nit writes no file over another, and does not renew such a certificate by "
           "itself:\n"
           "    openssl req -new -key %s.key -subj /CN=%s \\\n"
           "        -addext subjectAltName=DNS:%s -out %s.csr\n"
           "    certbot certonly --csr %s.csr --cert-path %s.cert.pem \\\n"
           "        --chain-path %s.chain.pem --fullchain-path %s.fullchain.pem\n"
           "and the mail server gets %s.key and %s.fullchain.pem,\n"
           "which box: tls: names from then on.\n",
           path, hostname, hostname, path, path, path, path, path, path, path);
}

static void say_others(const char *path, const char *hostname, bool is_rsa)
{
    const char *home = is_rsa ? "" : "_ecc";
    printf("\nacme.sh keeps the key of a domain when it renews, so it is given this one (its key "
           "length must be\nthe same: --keylength %s when it was issued):\n"
           "    cp %s.key ~/.acme.sh/%s%s/%s.key\n"
           "    acme.sh --renew --domain %s%s --force\n"
           "lego takes the request, made as above, with its option --csr.\n",
           is_rsa ? "2048" : "ec-256", path, hostname, home, hostname, hostname,
           is_rsa ? "" : " --ecc");
    printf("\nFor all renewals between, keep the key, and nothing changes in the DNS: certbot "
           "--reuse-key (or\nreuse_key = True in [renewalparams] of /etc/letsencrypt/renewal/"
           "%s.conf), lego renew\n--reuse-key (lego run --reuse-key from version 5 on); acme.sh "
           "does it by itself.\n"
           "When the server has the new key, the files in tls-next can go.\n",
           hostname);
}

static int make(const struct zonebox *zonebox, const struct config *config)
{
    const char *algorithm = zonebox->algorithm != NULL ? zonebox->algorithm : "ecdsa";
    char *here = getcwd(NULL, 0); // what is printed is for other programs, too
    char *directory = path_join(here != NULL ? here : "/",
                                zonebox->directory != NULL ? zonebox->directory : DIRECTORY);
    struct buf answer = {0};
    struct error err = {0};
    enum status status = make_key(directory, algorithm, &answer, &err);
    char *line = xstrdup(buf_text(&answer));
    char *blank = status == STATUS_OK ? strrchr(line, ' ') : NULL;
    if (blank != NULL) {
        *blank = '\0';
        say_announcement(zonebox, line, blank + 1);
        say_certbot(line, config->box.hostname);
        say_others(line, config->box.hostname, strcmp(algorithm, "rsa") == 0);
    } else {
        zonebox_complain(err.text[0] != '\0' ? err.text : "zone-signer said something odd");
    }
    free(line);
    buf_done(&answer);
    free(directory);
    free(here);
    return blank != NULL ? ZONEBOX_FINE : ZONEBOX_WRONG;
}

bool zonebox_first_tls_key(const struct config *config)
{
    bool declined = config->box.tls_given && config->box.tls_count == 0;
    if (config->box.tls_next_given || config->box.tls_next_count > 0 || declined)
        return true;
    struct buf answer = {0};
    struct error err = {0};
    bool good = make_key(DIRECTORY, "ecdsa", &answer, &err) == STATUS_OK;
    const char *line = buf_text(&answer);
    if (good)
        printf("TLS: %.*s.key, for the certificate after the present one. `zonebox tls-next` says "
               "how\n     such a key is used, `zonebox status` from when on.\n",
               (int)strcspn(line, " "), line);
    else
        zonebox_complain(err.text);
    buf_done(&answer);
    return good;
}

// ── Dropping ─────────────────────────────────────────────────────────────────────────────────────

static int forget(const struct zonebox *zonebox)
{
    char *sockets = zonebox_sockets(zonebox);
    json_t *reply = NULL;
    struct error err = {0};
    json_t *request = json_pack("{sssssb}", "command", "tls-forget", "key", zonebox->forget,
                                "force", (int)zonebox->force);
    enum status status = request != NULL
                             ? zonebox_ask(sockets, "zone-signer", request, &reply, &err)
                             : error_set(&err, STATUS_SYNTAX, "the key is not a text in UTF-8");
    free(sockets);
    if (status != STATUS_OK) {
        zonebox_complain(err.text);
        return ZONEBOX_WRONG;
    }
    json_decref(reply);
    puts("Its record is withdrawn now, and does not come back while its files are there. Resolvers "
         "keep\nthe record for its TTL yet: until then, whoever has the key can pass for the mail "
         "server.\nRemove its files, and revoke the certificate, if there is one.");
    return ZONEBOX_FINE;
}

int zonebox_tls_next(const struct zonebox *zonebox)
{
    bool makes = zonebox->algorithm != NULL || zonebox->directory != NULL;
    if (makes && zonebox->forget != NULL) {
        zonebox_complain("tls-next either makes a key or forgets one");
        return ZONEBOX_USAGE;
    }
    if (zonebox->forget != NULL)
        return forget(zonebox);
    if (zonebox->force) {
        zonebox_complain("--force goes with --forget");
        return ZONEBOX_USAGE;
    }
    struct config *config = zonebox_load(zonebox);
    if (config == NULL)
        return ZONEBOX_WRONG;
    int code = make(zonebox, config);
    config_free(config);
    return code;
}
