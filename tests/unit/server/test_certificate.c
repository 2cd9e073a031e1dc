// SPDX-License-Identifier: ISC
// Certificates and keys as others write them, sound and not, and what an admin is told of them.
#include "server/certificate.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "server/tls.h"

#define FROM  INT64_C(1700000000)
#define UNTIL INT64_C(1707776000)

struct pair {
    EVP_PKEY *key;
    X509 *certificate;
};

static struct pair leaf, issuer, root, rsa, weak;

// ── Making them ──────────────────────────────────────────────────────────────────────────────────

static void make(struct pair *ret, EVP_PKEY *key, const char *name, const struct pair *by)
{
    *ret = (struct pair){key, X509_new()};
    X509_NAME *subject = X509_get_subject_name(ret->certificate);
    X509_set_version(ret->certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(ret->certificate), 1);
    ASN1_TIME_set(X509_getm_notBefore(ret->certificate), FROM);
    ASN1_TIME_set(X509_getm_notAfter(ret->certificate), UNTIL);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1, 0);
    X509_set_issuer_name(ret->certificate,
                         by != NULL ? X509_get_subject_name(by->certificate) : subject);
    X509_set_pubkey(ret->certificate, key);
    assert_true(X509_sign(ret->certificate, by != NULL ? by->key : key, EVP_sha256()) > 0);
}

static int make_all(void **state)
{
    (void)state;
    make(&root, EVP_EC_gen("P-256"), "root", NULL);
    make(&issuer, EVP_EC_gen("P-256"), "issuer", &root);
    make(&leaf, EVP_EC_gen("P-256"), "box.example.com", &issuer);
    make(&rsa, EVP_RSA_gen(2048), "box.example.com", &issuer);
    make(&weak, EVP_RSA_gen(1024), "box.example.com", NULL);
    return 0;
}

static int free_all(void **state)
{
    (void)state;
    struct pair *const all[] = {&leaf, &issuer, &root, &rsa, &weak};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        EVP_PKEY_free(all[i]->key);
        X509_free(all[i]->certificate);
    }
    return 0;
}

enum form { KEY, LOCKED_KEY, CERTIFICATE };

static char *pem(enum form form, const struct pair *pair)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text, *ret;
    if (form == CERTIFICATE)
        assert_int_equal(PEM_write_bio_X509(bio, pair->certificate), 1);
    else
        assert_int_equal(PEM_write_bio_PKCS8PrivateKey(
                             bio, pair->key, form == LOCKED_KEY ? EVP_aes_128_cbc() : NULL,
                             form == LOCKED_KEY ? "secret" : NULL, form == LOCKED_KEY ? 6 : 0, NULL,
                             NULL),
                         1);
    long len = BIO_get_mem_data(bio, &text);
    ret = strndup(text, (size_t)len);
    BIO_free(bio);
    return ret;
}

// What the descriptor of zoned is: memory, its offset anywhere.
static int in_memory(const char *text, size_t len)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_int_equal(write(fd, text, len), len);
    return fd;
}

static int joined(char *const parts[], size_t count)
{
    char text[16384] = "";
    for (size_t i = 0; i < count; i++) {
        strcat(text, parts[i]);
        free(parts[i]);
    }
    return in_memory(text, strlen(text));
}

#define FILE_OF(...)                                                                               \
    joined((char *const[]){__VA_ARGS__}, sizeof((char *const[]){__VA_ARGS__}) / sizeof(char *))

// ── Reading them ─────────────────────────────────────────────────────────────────────────────────

// Takes the descriptor: the leaf, and `chain` in this order.
static void expect(int fd, const struct pair *of, const struct pair *const chain[], int count)
{
    struct certificate certificate;
    struct error err = {0};
    assert_int_equal(certificate_read(fd, &certificate, &err), STATUS_OK);
    assert_int_equal(X509_cmp(certificate.leaf, of->certificate), 0);
    assert_int_equal(EVP_PKEY_eq(certificate.key, of->key), 1);
    assert_int_equal(sk_X509_num(certificate.chain), count);
    for (int i = 0; i < count; i++)
        assert_int_equal(X509_cmp(sk_X509_value(certificate.chain, i), chain[i]->certificate), 0);
    assert_int_equal(certificate.from, FROM);
    assert_int_equal(certificate.until, UNTIL);
    certificate_done(&certificate);
    struct tls *tls = NULL;
    assert_int_equal(tls_new(fd, &tls, &err), STATUS_OK); // and OpenSSL takes it
    assert_int_equal(tls_times(tls).until, UNTIL);
    tls_free(tls);
    close(fd);
}

static void refuse(int fd, const char *words)
{
    struct certificate certificate;
    struct error err = {0};
    assert_int_not_equal(certificate_read(fd, &certificate, &err), STATUS_OK);
    assert_non_null(strstr(err.text, words));
    assert_null(certificate.leaf);
    assert_null(certificate.chain);
    assert_null(certificate.key);
    close(fd);
}

static void the_key_may_be_anywhere_and_of_both_kinds(void **state)
{
    (void)state;
    expect(FILE_OF(pem(CERTIFICATE, &leaf), pem(KEY, &leaf)), &leaf, NULL, 0);
    expect(FILE_OF(pem(KEY, &leaf), pem(CERTIFICATE, &leaf)), &leaf, NULL, 0);
    expect(FILE_OF(pem(KEY, &rsa), pem(CERTIFICATE, &rsa)), &rsa, NULL, 0);
    const struct pair *const one[] = {&issuer};
    expect(FILE_OF(pem(CERTIFICATE, &leaf), pem(KEY, &leaf), pem(CERTIFICATE, &issuer)), &leaf, one,
           1);
}

static void the_chain_is_shown_in_the_order_of_the_file(void **state)
{
    (void)state;
    const struct pair *const up[] = {&issuer, &root}, *const down[] = {&root, &issuer};
    expect(FILE_OF(pem(CERTIFICATE, &leaf), pem(CERTIFICATE, &issuer), pem(CERTIFICATE, &root),
                   pem(KEY, &leaf)),
           &leaf, up, 2);
    expect(FILE_OF(pem(CERTIFICATE, &leaf), pem(CERTIFICATE, &root), pem(CERTIFICATE, &issuer),
                   pem(KEY, &leaf)),
           &leaf, down, 2);
}

static void what_others_write_around_them_is_no_matter(void **state)
{
    (void)state;
    expect(FILE_OF(strdup("subject=CN = box.example.com\r\n\r\n"), pem(CERTIFICATE, &leaf),
                   strdup("\n\n# the key\n"), pem(KEY, &leaf), strdup("bye")),
           &leaf, NULL, 0);
}

// More than one process reads the same memory, at any place.
static void where_the_descriptor_stands_is_no_matter(void **state)
{
    (void)state;
    int fd = FILE_OF(pem(CERTIFICATE, &leaf), pem(KEY, &leaf));
    struct certificate certificate;
    struct error err = {0};
    off_t end = lseek(fd, 0, SEEK_END);
    for (off_t at = 0; at <= end; at += end / 2) {
        assert_int_equal(lseek(fd, at, SEEK_SET), at);
        assert_int_equal(certificate_read(fd, &certificate, &err), STATUS_OK);
        certificate_done(&certificate);
        assert_int_equal(lseek(fd, 0, SEEK_CUR), at);
    }
    close(fd);
}

static void a_pipe_is_read_to_its_end(void **state)
{
    (void)state;
    int fds[2];
    char *parts[] = {pem(CERTIFICATE, &leaf), pem(KEY, &leaf)};
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(write(fds[1], parts[i], strlen(parts[i])), strlen(parts[i]));
        free(parts[i]);
    }
    close(fds[1]);
    struct certificate certificate;
    struct error err = {0};
    assert_int_equal(certificate_read(fds[0], &certificate, &err), STATUS_OK);
    certificate_done(&certificate);
    close(fds[0]);
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    refuse(in_memory("", 0), "there is no certificate (PEM)");
    refuse(FILE_OF(pem(KEY, &leaf)), "there is no certificate (PEM)");
    refuse(FILE_OF(pem(CERTIFICATE, &leaf)), "there is no private key (PEM) that can be read");
    refuse(FILE_OF(pem(CERTIFICATE, &leaf), pem(LOCKED_KEY, &leaf)),
           "the private key is encrypted, and nobody is there to be asked");
}

static void what_is_damaged_is_named(void **state)
{
    (void)state;
    char *cut = pem(CERTIFICATE, &leaf), *second = pem(CERTIFICATE, &issuer);
    cut[strlen(cut) / 2] = '\0'; // as while it is written
    refuse(FILE_OF(strdup(cut), pem(KEY, &leaf)), "certificate 1 is damaged: ");
    refuse(FILE_OF(cut), "certificate 1 is damaged: ");
    memset(second + 40, '*', 40);
    refuse(FILE_OF(pem(CERTIFICATE, &leaf), second, pem(KEY, &leaf)), "certificate 2 is damaged: ");
    char *key = pem(KEY, &leaf);
    memset(key + 40, 'A', 40);
    refuse(FILE_OF(pem(CERTIFICATE, &leaf), key), "there is no private key (PEM) that can be read");
}

static void a_key_that_belongs_to_another_is_refused(void **state)
{
    (void)state;
    refuse(FILE_OF(pem(CERTIFICATE, &leaf), pem(KEY, &root)),
           "the private key is not the certificate's");
    refuse(FILE_OF(pem(CERTIFICATE, &leaf), pem(KEY, &rsa)),
           "the private key is not the certificate's");
    refuse(FILE_OF(pem(CERTIFICATE, &issuer), pem(CERTIFICATE, &leaf), pem(KEY, &leaf)),
           "the private key is that of certificate 2; it has to come first, its issuer's behind");
}

static void more_than_any_chain_has_is_not_read(void **state)
{
    (void)state;
    size_t len = CERTIFICATE_MAX + 1;
    char *text = calloc(1, len);
    memset(text, '\n', len);
    refuse(in_memory(text, len), "larger than");
    free(text);
    refuse(open("/", O_RDONLY | O_CLOEXEC), "cannot be read");
}

// The library's own rules; see ssl_ctx_set_security_level(3).
static void a_key_that_is_too_small_is_not_shown(void **state)
{
    (void)state;
    struct tls *tls = NULL;
    struct error err = {0};
    int fd = FILE_OF(pem(CERTIFICATE, &weak), pem(KEY, &weak));
    assert_int_equal(tls_new(fd, &tls, &err), STATUS_CRYPTO);
    assert_non_null(strstr(err.text, "OpenSSL does not take the certificate: ee key too small"));
    assert_null(tls);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_may_be_anywhere_and_of_both_kinds),
        cmocka_unit_test(the_chain_is_shown_in_the_order_of_the_file),
        cmocka_unit_test(what_others_write_around_them_is_no_matter),
        cmocka_unit_test(where_the_descriptor_stands_is_no_matter),
        cmocka_unit_test(a_pipe_is_read_to_its_end),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(what_is_damaged_is_named),
        cmocka_unit_test(a_key_that_belongs_to_another_is_refused),
        cmocka_unit_test(more_than_any_chain_has_is_not_read),
        cmocka_unit_test(a_key_that_is_too_small_is_not_shown),
    };
    return cmocka_run_group_tests(tests, make_all, free_all);
}
