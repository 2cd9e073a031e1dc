// SPDX-License-Identifier: ISC
#include "server/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "server/certificate.h"
#include "server/tickets.h"

struct tls {
    struct connection_way way;
    SSL_CTX *context;
    BIO_METHOD *method;
    struct tickets tickets;
    struct tls_times times;
    struct statistics *statistics;
};

// A connection's own.
struct session {
    struct tls *tls;
    SSL *ssl;
    int fd;
    bool may_receive; // the socket was not read yet in this turn
    bool ended;       // the socket has no more
    bool more;        // OpenSSL has octets that were not taken
    bool established; // the handshake is complete
    bool asked;       // octets came through it
    bool lost;
};

// ── Between OpenSSL and the socket ───────────────────────────────────────────────────────────────

static int socket_read(BIO *bio, char *octets, size_t cap, size_t *ret_len)
{
    struct session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *ret_len = 0;
    if (!session->may_receive) {
        BIO_set_retry_read(bio);
        return 0;
    }
    session->may_receive = false;
    ssize_t len = recv(session->fd, octets, cap, 0);
    if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        BIO_set_retry_read(bio);
    session->ended = session->ended || len == 0;
    if (len <= 0)
        return 0;
    *ret_len = (size_t)len;
    return 1;
}

static int socket_write(BIO *bio, const char *octets, size_t len, size_t *ret_len)
{
    const struct session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *ret_len = 0;
    ssize_t taken = send(session->fd, octets, len, MSG_NOSIGNAL);
    if (taken < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        BIO_set_retry_write(bio);
    if (taken <= 0)
        return 0;
    *ret_len = (size_t)taken;
    return 1;
}

static long socket_control(BIO *bio, int command, long number, void *pointer)
{
    const struct session *session = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    if (command == BIO_CTRL_EOF)
        return session->ended;
    return command == BIO_CTRL_FLUSH; // nothing is held back
}

// ── A connection ─────────────────────────────────────────────────────────────────────────────────

static bool session_open(void *own, int fd, void *data)
{
    struct session *session = own;
    struct tls *tls = data;
    BIO *bio = BIO_new(tls->method);
    SSL *ssl = SSL_new(tls->context);
    if (bio == NULL || ssl == NULL) {
        BIO_free(bio);
        SSL_free(ssl);
        return false;
    }
    *session = (struct session){.tls = tls, .ssl = ssl, .fd = fd};
    BIO_set_data(bio, session);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
    return true;
}

static void note_established(struct session *session)
{
    if (session->established || !SSL_is_init_finished(session->ssl))
        return;
    session->established = true;
    bool resumed = SSL_session_reused(session->ssl) == 1;
    session->tls->statistics->handshakes[resumed ? HANDSHAKE_RESUMED : HANDSHAKE_FULL]++;
}

// What to do after OpenSSL did not do what it was called for.
static ssize_t failure(struct session *session)
{
    int error = SSL_get_error(session->ssl, 0);
    ERR_clear_error();
    switch (error) {
    case SSL_ERROR_WANT_READ:
        return WAY_WAIT_READ;
    case SSL_ERROR_WANT_WRITE:
        return WAY_WAIT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return WAY_END;
    default:
        session->lost = true;
        return WAY_LOST;
    }
}

static ssize_t session_read(void *own, int fd, uint8_t *octets, size_t cap)
{
    struct session *session = own;
    size_t len = 0, got = 0;
    ssize_t wait = WAY_WAIT_READ;
    (void)fd;
    if (session->lost)
        return WAY_LOST;
    session->may_receive = !session->more; // else the socket would never get to the end of a turn
    session->more = false;
    ERR_clear_error();
    while (len < cap && SSL_read_ex(session->ssl, octets + len, cap - len, &got) == 1)
        len += got;
    if (len < cap)
        wait = failure(session);
    note_established(session);
    if (len == 0)
        return wait;
    session->asked = true;
    session->more = len < cap ? wait == WAY_END || wait == WAY_LOST : SSL_has_pending(session->ssl);
    return (ssize_t)len;
}

static ssize_t session_write(void *own, int fd, const uint8_t *octets, size_t len)
{
    struct session *session = own;
    size_t done = 0, taken = 0;
    (void)fd;
    if (session->lost)
        return WAY_LOST;
    // Behind half a message of the handshake (a KeyUpdate in two records) nothing is sent before the other half has
    // come; what comes with it is to be read afterwards.
    session->may_receive = true;
    ERR_clear_error();
    while (done < len && SSL_write_ex(session->ssl, octets + done, len - done, &taken) == 1)
        done += taken; // a record
    session->more = session->more || SSL_has_pending(session->ssl);
    if (done == len)
        return (ssize_t)done;
    ssize_t wait = failure(session);
    // So it is called when a client that has said its end does not take what is sent.
    if (wait == WAY_END) {
        session->lost = true;
        return WAY_LOST;
    }
    return done > 0 && wait != WAY_LOST ? (ssize_t)done : wait;
}

static bool session_pending(const void *own)
{
    const struct session *session = own;
    return session->more;
}

static bool session_is_opening(const void *own)
{
    const struct session *session = own;
    return !session->asked;
}

// RFC 8446 §6.1: so that the client can tell the end from a connection that was cut.
static bool session_end(void *own, int fd)
{
    struct session *session = own;
    bool told = !session->lost && session->established && SSL_shutdown(session->ssl) >= 0;
    ERR_clear_error();
    return told && shutdown(fd, SHUT_WR) == 0;
}

static void session_close(void *own, int fd)
{
    struct session *session = own;
    (void)fd;
    if (session->ssl == NULL)
        return;
    if (!session->established)
        session->tls->statistics->handshakes[HANDSHAKE_FAILED]++;
    else if (!session->lost && (SSL_get_shutdown(session->ssl) & SSL_SENT_SHUTDOWN) == 0)
        (void)SSL_shutdown(session->ssl);
    ERR_clear_error();
    SSL_free(session->ssl);
}

// ── What all connections share ───────────────────────────────────────────────────────────────────

static int choose_protocol(SSL *ssl, const unsigned char **ret, unsigned char *ret_len,
                           const unsigned char *offered, unsigned offered_len, void *data)
{
    static const unsigned char dot[] = {3, 'd', 'o', 't'}; // as IANA has it for DNS over TLS
    unsigned char *chosen;
    (void)ssl;
    (void)data;
    if (SSL_select_next_proto(&chosen, ret_len, dot, sizeof(dot), offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *ret = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool use_ticket_key(const struct ticket_key *key, const unsigned char *iv,
                           EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int making)
{
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_init(mac, key->mac, sizeof(key->mac), parameters) == 1 &&
           EVP_CipherInit_ex2(cipher, EVP_aes_256_cbc(), key->cipher, iv, making, NULL) == 1;
}

// Makes (1) or takes (0) a ticket. SSL_CTX_set_tlsext_ticket_key_evp_cb(3) says what is returned.
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int making)
{
    struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    int64_t now = clock_ms();
    const struct ticket_key *newest = tickets_newest(&tls->tickets, now);
    if (making == 0) {
        const struct ticket_key *key = tickets_find(&tls->tickets, now, name);
        if (key == NULL)
            return 0; // a whole handshake
        if (!use_ticket_key(key, iv, cipher, mac, making))
            return -1;
        return key == newest ? 1 : 2;
    }
    if (newest == NULL || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
        return 0; // no ticket
    memcpy(name, newest->name, TICKET_NAME_LEN);
    return use_ticket_key(newest, iv, cipher, mac, making) ? 1 : -1;
}

static void set_rules(SSL_CTX *context)
{
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1); // one read for many records
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, TICKET_LIFE_S);
    SSL_CTX_set_num_tickets(context, 1); // a client of DNS has one connection at a time
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
}

static enum status make_context(struct tls *tls, const struct certificate *certificate,
                                struct error *err)
{
    tls->context = SSL_CTX_new(TLS_server_method());
    if (tls->context == NULL)
        return error_set(err, STATUS_CRYPTO, "OpenSSL has no TLS");
    SSL_CTX_set_app_data(tls->context, tls);
    set_rules(tls->context);
    ERR_clear_error();
    if (SSL_CTX_use_cert_and_key(tls->context, certificate->leaf, certificate->key,
                                 certificate->chain, 1) == 1)
        return STATUS_OK;
    const char *words = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return error_set(err, STATUS_CRYPTO, "OpenSSL does not take the certificate: %s",
                     words != NULL ? words : "no reason is known");
}

static BIO_METHOD *make_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "connection");
    if (method == NULL)
        abort(); // as base/alloc.h: memory has ended
    BIO_meth_set_read_ex(method, socket_read);
    BIO_meth_set_write_ex(method, socket_write);
    BIO_meth_set_ctrl(method, socket_control);
    return method;
}

enum status tls_new(int fd, struct tls **ret, struct error *err)
{
    struct certificate certificate;
    enum status status = certificate_read(fd, &certificate, err);
    if (status != STATUS_OK)
        return status;
    struct tls *tls = xcalloc(1, sizeof(*tls));
    tls->times = (struct tls_times){.from = certificate.from, .until = certificate.until};
    tls->method = make_method();
    tls->way = (struct connection_way){
        .transport = TRANSPORT_TLS,
        .own_size = sizeof(struct session),
        .open = session_open,
        .read = session_read,
        .write = session_write,
        .pending = session_pending,
        .is_opening = session_is_opening,
        .end = session_end,
        .close = session_close,
        .data = tls,
    };
    status = make_context(tls, &certificate, err);
    certificate_done(&certificate);
    if (status != STATUS_OK) {
        tls_free(tls);
        return status;
    }
    *ret = tls;
    return STATUS_OK;
}

void tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    BIO_meth_free(tls->method);
    OPENSSL_cleanse(&tls->tickets, sizeof(tls->tickets));
    free(tls);
}

void tls_count_in(struct tls *tls, struct statistics *statistics)
{
    tls->statistics = statistics;
}

const struct connection_way *tls_way(const struct tls *tls)
{
    return &tls->way;
}

struct tls_times tls_times(const struct tls *tls)
{
    return tls->times;
}
