// SPDX-License-Identifier: ISC
// What a host presents, looked at over loopback: a host with an RSA and an ECDSA certificate (OpenSSL), a mail
// server in front of it, and hosts that speak something else, too much, or nothing.
#include "probe/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "base/file.h"
#include "tests/support/scratch.h"
#include "tests/unit/probe/stand_in.h"

#define TIMEOUT_MS 2000

static const uint8_t host[] = "\2mx\7example";

struct identity {
    EVP_PKEY *key;
    X509 *certificate;
    uint8_t spki[32];
};

static struct identity rsa;
static struct identity ecdsa;
static char *authorities;

static uv_loop_t loop;
static struct tls_client *client;
static struct stand_in server;

// The host's end of the one connection that is open
static struct {
    SSL_CTX *context;
    SSL *session;
    const char *banner; // SMTP before TLS; NULL: TLS at once
    unsigned said;      // SMTP replies
    bool in_tls;
    const char *http; // what it sends back once something came in
} end;

// ── Keys and certificates ────────────────────────────────────────────────────────────────────────

static void make_identity(struct identity *ret, EVP_PKEY *key)
{
    X509 *x509 = X509_new();
    X509_NAME *name = X509_get_subject_name(x509);
    unsigned char *spki = NULL;
    ret->key = key;
    ret->certificate = x509;
    assert_non_null(key);
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"mx.example", -1,
                               -1, 0);
    X509_set_issuer_name(x509, name);
    X509_set_pubkey(x509, key);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:mx.example");
    X509_add_ext(x509, names, -1);
    X509_EXTENSION_free(names);
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki);
    SHA256(spki, (size_t)len, ret->spki);
    OPENSSL_free(spki);
}

static int make_identities(void **state)
{
    if (make_scratch(state) != 0)
        return 1;
    make_identity(&rsa, EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048));
    make_identity(&ecdsa, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"));
    authorities = path_join(scratch, "authorities.pem");
    FILE *file = fopen(authorities, "w");
    assert_non_null(file);
    PEM_write_X509(file, rsa.certificate);
    PEM_write_X509(file, ecdsa.certificate);
    fclose(file);
    return 0;
}

static int free_identities(void **state)
{
    X509_free(rsa.certificate);
    X509_free(ecdsa.certificate);
    EVP_PKEY_free(rsa.key);
    EVP_PKEY_free(ecdsa.key);
    free(authorities);
    return remove_scratch(state);
}

// ── The host ─────────────────────────────────────────────────────────────────────────────────────

static void use(const struct identity *identity)
{
    if (end.context == NULL)
        end.context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(end.context, identity->certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(end.context, identity->key), 1);
}

static void begin_session(void)
{
    SSL_free(end.session);
    end.session = SSL_new(end.context);
    SSL_set_bio(end.session, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(end.session);
}

static bool talk_tls(const uint8_t *octets, size_t len, struct buf *ret)
{
    char out[16384];
    int got;
    BIO_write(SSL_get_rbio(end.session), octets, (int)len);
    bool goes_on =
        SSL_do_handshake(end.session) == 1 || SSL_get_error(end.session, -1) == SSL_ERROR_WANT_READ;
    if (SSL_is_init_finished(end.session) && SSL_read(end.session, out, sizeof(out)) > 0 &&
        end.http != NULL) {
        SSL_write(end.session, end.http, (int)strlen(end.http));
        SSL_shutdown(end.session);
        goes_on = false;
    }
    while ((got = BIO_read(SSL_get_wbio(end.session), out, sizeof(out))) > 0)
        buf_put(ret, out, (size_t)got);
    ERR_clear_error();
    return goes_on;
}

static bool talk_smtp(const uint8_t *octets, size_t len, struct buf *ret)
{
    static const char *const expected[] = {"EHLO [127.0.0.1]\r\n", "STARTTLS\r\n"};
    static const char *const replies[] = {"250-mx.example\r\n250-STARTTLS\r\n250 DSN\r\n",
                                          "220 go on\r\n"};
    assert_true(end.said < 2);
    assert_int_equal(len, strlen(expected[end.said]));
    assert_memory_equal(octets, expected[end.said], len);
    buf_put_text(ret, replies[end.said++]);
    end.in_tls = end.said == 2;
    return true;
}

static bool talk(struct stand_in *stand_in, const uint8_t *octets, size_t len, struct buf *ret)
{
    (void)stand_in;
    if (octets == NULL) {
        end.said = 0;
        end.in_tls = end.banner == NULL;
        begin_session();
        if (end.banner != NULL)
            buf_put_text(ret, end.banner);
        return true;
    }
    return end.in_tls ? talk_tls(octets, len, ret) : talk_smtp(octets, len, ret);
}

static void open_client(const char *file)
{
    struct tls_settings settings = {.timeout_ms = TIMEOUT_MS, .authorities = file};
    struct error err = {0};
    assert_int_equal(tls_client_new(&loop, &settings, &client, &err), STATUS_OK);
}

static int start(void **state)
{
    (void)state;
    uv_loop_init(&loop);
    memset(&server, 0, sizeof(server));
    memset(&end, 0, sizeof(end));
    stand_in_start(&server, &loop);
    server.stream = talk;
    open_client(authorities);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    tls_client_close(client);
    stand_in_stop(&server);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    SSL_free(end.session);
    SSL_CTX_free(end.context);
    return 0;
}

// ── Looking ──────────────────────────────────────────────────────────────────────────────────────

struct seen {
    unsigned count;
    enum tls_outcome outcome;
    uint8_t spki[32];
    size_t chain_count;
    bool trusted;
    char text[TLS_TEXT_MAX];
    char untrusted[TLS_TEXT_MAX];
    enum https_outcome https;
    unsigned status;
    char body[100];
};

static void on_look(void *data, const struct tls_answer *answer)
{
    struct seen *seen = data;
    seen->count++;
    seen->outcome = answer->outcome;
    seen->chain_count = answer->chain_count;
    seen->trusted = answer->trusted;
    if (answer->chain_count > 0)
        memcpy(seen->spki, answer->chain[0].spki, sizeof(seen->spki));
    memcpy(seen->text, answer->text, sizeof(seen->text));
    memcpy(seen->untrusted, answer->untrusted, sizeof(seen->untrusted));
}

static void on_get(void *data, const struct https_answer *answer)
{
    struct seen *seen = data;
    seen->count++;
    seen->https = answer->outcome;
    seen->status = answer->status;
    snprintf(seen->body, sizeof(seen->body), "%.*s", (int)answer->body_len,
             answer->body_len > 0 ? (const char *)answer->body : "");
    memcpy(seen->text, answer->text, sizeof(seen->text));
}

static struct seen wait_for(struct seen *seen)
{
    assert_int_equal(seen->count, 0);
    while (seen->count == 0)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(seen->count, 1);
    return *seen;
}

static struct seen look(enum tls_start starts, enum tls_kind kind)
{
    struct seen seen = {0};
    struct tls_target target = {
        .address = server.address, .host = host, .start = starts, .kind = kind};
    tls_look(client, &target, on_look, &seen);
    return wait_for(&seen);
}

static struct seen get(void)
{
    struct seen seen = {0};
    struct https_request request = {
        .address = server.address, .host = host, .path = "/.well-known/mta-sts.txt"};
    https_get(client, &request, on_get, &seen);
    return wait_for(&seen);
}

static void each_kind_of_key_is_seen(void **state)
{
    (void)state;
    use(&rsa);
    use(&ecdsa);
    struct seen seen = look(TLS_AT_ONCE, TLS_KIND_RSA);
    assert_int_equal(seen.outcome, TLS_PRESENTED);
    assert_int_equal(seen.chain_count, 1);
    assert_memory_equal(seen.spki, rsa.spki, 32);
    assert_true(seen.trusted);
    seen = look(TLS_AT_ONCE, TLS_KIND_ECDSA);
    assert_int_equal(seen.outcome, TLS_PRESENTED);
    assert_memory_equal(seen.spki, ecdsa.spki, 32);
    assert_int_equal(look(TLS_AT_ONCE, TLS_KIND_ANY).outcome, TLS_PRESENTED);
}

static void so_it_is_with_tls_1_2(void **state)
{
    (void)state;
    use(&rsa);
    use(&ecdsa);
    SSL_CTX_set_max_proto_version(end.context, TLS1_2_VERSION);
    assert_memory_equal(look(TLS_AT_ONCE, TLS_KIND_RSA).spki, rsa.spki, 32);
    assert_memory_equal(look(TLS_AT_ONCE, TLS_KIND_ECDSA).spki, ecdsa.spki, 32);
}

static void a_kind_that_is_not_there_is_told(void **state)
{
    (void)state;
    use(&ecdsa);
    assert_int_equal(look(TLS_AT_ONCE, TLS_KIND_ECDSA).outcome, TLS_PRESENTED);
    assert_int_equal(look(TLS_AT_ONCE, TLS_KIND_RSA).outcome, TLS_NO_SUCH_KEY);
    SSL_CTX_set_max_proto_version(end.context, TLS1_2_VERSION);
    assert_int_equal(look(TLS_AT_ONCE, TLS_KIND_RSA).outcome, TLS_NO_SUCH_KEY);
}

static void a_mail_server_is_asked_for_tls_first(void **state)
{
    (void)state;
    use(&rsa);
    end.banner = "220-wait\r\n220 mx.example ESMTP\r\n";
    struct seen seen = look(TLS_STARTTLS, TLS_KIND_RSA);
    assert_int_equal(seen.outcome, TLS_PRESENTED);
    assert_memory_equal(seen.spki, rsa.spki, 32);
}

static void who_is_not_believed_is_seen_all_the_same(void **state)
{
    (void)state;
    tls_client_close(client);
    open_client(NULL);
    use(&rsa);
    struct seen seen = look(TLS_AT_ONCE, TLS_KIND_ANY);
    assert_int_equal(seen.outcome, TLS_PRESENTED);
    assert_false(seen.trusted);
    assert_string_equal(seen.untrusted, "no authorities to go by");
}

// ── Mail servers that do not go on ───────────────────────────────────────────────────────────────

static const char *script[4]; // what is said at each turn; NULL: silence
static unsigned script_at;
static bool script_ends;

static bool talk_script(struct stand_in *stand_in, const uint8_t *octets, size_t len,
                        struct buf *ret)
{
    (void)stand_in;
    (void)len;
    if (octets == NULL)
        script_at = 0;
    if (script_at < 4 && script[script_at] != NULL)
        buf_put_text(ret, script[script_at]);
    script_at++;
    return !script_ends;
}

static void what_a_mail_server_says_decides(void **state)
{
    (void)state;
    static const struct {
        const char *script[4];
        enum tls_outcome outcome;
        const char *text;
    } talks[] = {
        {{"220 x\r\n", "250-x\r\n250 DSN\r\n"}, TLS_NO_STARTTLS, "does not offer STARTTLS"},
        {{"220 x\r\n", "502 what\r\n"}, TLS_NO_STARTTLS, "does not offer STARTTLS"},
        {{"220 x\r\n", "250 STARTTLS\r\n"}, TLS_NO_STARTTLS, "does not offer STARTTLS"},
        {{"220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "502 no\r\n"},
         TLS_NO_STARTTLS,
         "refuses STARTTLS: 502 no"},
        {{"220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "454 not now\r\n"},
         TLS_UNKNOWN,
         "says 454 not now"},
        {{"554 not you\r\n"}, TLS_UNKNOWN, "says 554 not you"},
        {{"421 busy\r\n"}, TLS_UNKNOWN, "says 421 busy"},
        {{"220 x\r\n", "550 not you\r\n"}, TLS_UNKNOWN, "says 550 not you"},
        {{"SSH-2.0-OpenSSH\r\n"}, TLS_BROKEN, "does not speak SMTP"},
        {{"220 x\r\n250 y\r\n"}, TLS_BROKEN, "says more than it was asked for"},
        {{"220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n220 more\r\n"},
         TLS_BROKEN,
         "says more than it was asked for"},
        {{NULL}, TLS_UNKNOWN, "no greeting within 2 s"},
        {{"220 x\r\n"}, TLS_UNKNOWN, "no answer to EHLO within 2 s"},
        {{"220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n"},
         TLS_UNKNOWN,
         "no whole handshake within 2 s"},
        {{"220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n", "hello?\r\n"},
         TLS_BROKEN,
         "wrong version number"},
    };
    server.stream = talk_script;
    for (size_t i = 0; i < sizeof(talks) / sizeof(talks[0]); i++) {
        memcpy(script, talks[i].script, sizeof(script));
        struct seen seen = look(TLS_STARTTLS, TLS_KIND_ANY);
        assert_string_equal(seen.text, talks[i].text);
        assert_int_equal(seen.outcome, talks[i].outcome);
    }
}

static void who_hangs_up_is_unknown(void **state)
{
    (void)state;
    memset(script, 0, sizeof(script));
    script_ends = true;
    server.stream = talk_script;
    assert_int_equal(look(TLS_STARTTLS, TLS_KIND_ANY).outcome, TLS_UNKNOWN);
    assert_int_equal(look(TLS_AT_ONCE, TLS_KIND_RSA).outcome, TLS_UNKNOWN);
    script_ends = false;
}

static bool talk_without_end(struct stand_in *stand_in, const uint8_t *octets, size_t len,
                             struct buf *ret)
{
    (void)stand_in;
    (void)len;
    if (octets == NULL)
        for (unsigned i = 0; i < 100000; i++)
            buf_put_text(ret, "220-and another line\r\n");
    return true;
}

static void a_greeting_without_end_is_refused(void **state)
{
    (void)state;
    server.stream = talk_without_end;
    struct seen seen = look(TLS_STARTTLS, TLS_KIND_ANY);
    assert_int_equal(seen.outcome, TLS_BROKEN);
    assert_string_equal(seen.text, "a reply of more than 8192 octets");
}

// Records of TLS that begin a message of 16 MB and never end it.
static bool handshake_without_end(struct stand_in *stand_in, const uint8_t *octets, size_t len,
                                  struct buf *ret)
{
    static const uint8_t head[] = {22, 3, 3, 0x40, 0, 2, 0xff, 0xff, 0xff};
    (void)stand_in;
    (void)len;
    if (octets == NULL)
        return true;
    for (unsigned i = 0; i < 200; i++) {
        buf_put(ret, head, i == 0 ? 9 : 5);
        memset(buf_extend(ret, i == 0 ? 0x4000 - 4 : 0x4000), 'x', 0x4000 - 4);
    }
    return true;
}

static void a_handshake_without_end_is_refused(void **state)
{
    (void)state;
    server.stream = handshake_without_end;
    assert_int_equal(look(TLS_AT_ONCE, TLS_KIND_ANY).outcome, TLS_BROKEN);
}

static void nobody_there_is_unknown(void **state)
{
    (void)state;
    struct stand_in gone = {0};
    struct address address = server.address;
    stand_in_start(&gone, &loop);
    server.address = gone.address;
    stand_in_stop(&gone);
    uv_run(&loop, UV_RUN_NOWAIT);
    struct seen seen = look(TLS_STARTTLS, TLS_KIND_ANY);
    assert_int_equal(seen.outcome, TLS_UNKNOWN);
    assert_string_equal(seen.text, "nobody listens there");
    server.address = address;
}

// ── HTTPS ────────────────────────────────────────────────────────────────────────────────────────

static void a_file_is_fetched(void **state)
{
    (void)state;
    use(&ecdsa);
    end.http = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nversion: STSv1\r\n";
    struct seen seen = get();
    assert_int_equal(seen.https, HTTPS_ANSWERED);
    assert_int_equal(seen.status, 200);
    assert_string_equal(seen.body, "version: STSv1\r\n");
}

static void a_host_that_is_not_believed_is_not_asked(void **state)
{
    (void)state;
    tls_client_close(client);
    open_client(NULL);
    use(&ecdsa);
    end.http = "HTTP/1.1 200 OK\r\n\r\n";
    assert_int_equal(get().https, HTTPS_UNTRUSTED);
}

static void another_name_in_the_certificate_is_not_believed(void **state)
{
    (void)state;
    static const uint8_t other[] = "\5other\7example";
    struct https_request request = {.address = server.address, .host = other, .path = "/"};
    struct seen seen = {0};
    use(&ecdsa);
    https_get(client, &request, on_get, &seen);
    wait_for(&seen);
    assert_int_equal(seen.https, HTTPS_UNTRUSTED);
    assert_string_equal(seen.text, "hostname mismatch");
}

static void what_is_no_http_is_broken(void **state)
{
    (void)state;
    use(&ecdsa);
    end.http = "220 mx.example ESMTP\r\n";
    struct seen seen = get();
    assert_int_equal(seen.https, HTTPS_BROKEN);
    assert_string_equal(seen.text, "not HTTP/1");
}

static void a_file_without_end_is_refused(void **state)
{
    (void)state;
    char *file = xmalloc(TLS_HTTP_BODY_MAX + 1000);
    memset(file, 'x', TLS_HTTP_BODY_MAX + 999);
    file[TLS_HTTP_BODY_MAX + 999] = '\0';
    memcpy(file, "HTTP/1.1 200 OK\r\n\r\n", 19);
    use(&ecdsa);
    end.http = file;
    struct seen seen = get();
    assert_int_equal(seen.https, HTTPS_BROKEN);
    assert_string_equal(seen.text, "more than 65536 octets");
    free(file);
}

// ── The client ───────────────────────────────────────────────────────────────────────────────────

static void a_closed_client_gives_up_what_waits_and_what_comes(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct tls_target target = {
        .address = server.address, .host = host, .start = TLS_AT_ONCE, .kind = TLS_KIND_ANY};
    struct tls_client *kept = client;
    use(&rsa);
    for (unsigned i = 0; i < 5; i++)
        tls_look(client, &target, on_look, &seen);
    while (server.connections == 0)
        uv_run(&loop, UV_RUN_ONCE);
    assert_true(server.connections <= TLS_FLIGHT_PER_ADDRESS_MAX);
    tls_client_close(client);
    assert_int_equal(seen.count, 5);
    assert_int_equal(seen.outcome, TLS_UNKNOWN);
    tls_look(kept, &target, on_look, &seen);
    assert_int_equal(seen.count, 6);
    client = NULL;
}

static void authorities_that_cannot_be_read_are_told(void **state)
{
    (void)state;
    struct tls_settings settings = {.timeout_ms = TIMEOUT_MS, .authorities = "/nowhere"};
    struct tls_client *none = NULL;
    struct error err = {0};
    assert_int_equal(tls_client_new(&loop, &settings, &none, &err), STATUS_IO);
    assert_non_null(strstr(err.text, "/nowhere: cannot read certificates"));
}

#define test(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(each_kind_of_key_is_seen),
        test(so_it_is_with_tls_1_2),
        test(a_kind_that_is_not_there_is_told),
        test(a_mail_server_is_asked_for_tls_first),
        test(who_is_not_believed_is_seen_all_the_same),
        test(what_a_mail_server_says_decides),
        test(who_hangs_up_is_unknown),
        test(a_greeting_without_end_is_refused),
        test(a_handshake_without_end_is_refused),
        test(nobody_there_is_unknown),
        test(a_file_is_fetched),
        test(a_host_that_is_not_believed_is_not_asked),
        test(another_name_in_the_certificate_is_not_believed),
        test(what_is_no_http_is_broken),
        test(a_file_without_end_is_refused),
        test(a_closed_client_gives_up_what_waits_and_what_comes),
        test(authorities_that_cannot_be_read_are_told),
    };
    return cmocka_run_group_tests(tests, make_identities, free_identities);
}
