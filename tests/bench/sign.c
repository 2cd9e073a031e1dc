// SPDX-License-Identifier: ISC
// What libcrypto can do: signs SHA-256 digests with one P-256 key, one context kept, in each of some threads, and does
// nothing else. The measure of tests/bench/sign.py.
//
//   bare_sign THREADS SECONDS
//
// Prints: signatures, seconds of wall time, seconds of CPU time.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#define THREADS_MAX 256
// The clock is read between so many signatures: 1 ms.
#define SIGNATURES_AT_ONCE 32

struct worker {
    pthread_t thread;
    EVP_PKEY *key;
    double end;
    uint64_t made;
};

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fail(const char *what)
{
    fprintf(stderr, "bare_sign: %s failed\n", what);
    exit(1);
}

static void *work(void *data)
{
    struct worker *worker = data;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, worker->key, NULL);
    if (context == NULL || EVP_PKEY_sign_init(context) != 1 ||
        EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) != 1)
        fail("the context");
    uint8_t digest[32] = {0};
    uint8_t signature[128];
    while (seconds(CLOCK_MONOTONIC) < worker->end) {
        for (unsigned i = 0; i < SIGNATURES_AT_ONCE; i++) {
            size_t len = sizeof(signature);
            if (EVP_PKEY_sign(context, signature, &len, digest, sizeof(digest)) != 1)
                fail("a signature");
            digest[i] ^= signature[len - 1];
            worker->made++;
        }
    }
    EVP_PKEY_CTX_free(context);
    return NULL;
}

int main(int argc, char **argv)
{
    static struct worker workers[THREADS_MAX];
    unsigned long count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    if (count == 0 || count > THREADS_MAX) {
        fprintf(stderr, "usage: bare_sign THREADS SECONDS\n");
        return 2;
    }
    EVP_PKEY *key = EVP_EC_gen("P-256");
    if (key == NULL)
        fail("the key");
    double begin = seconds(CLOCK_MONOTONIC);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t made = 0;
    for (size_t i = 0; i < count; i++) {
        workers[i].key = key;
        workers[i].end = begin + strtod(argv[2], NULL);
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            fail("a thread");
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
        made += workers[i].made;
    }
    printf("%llu %.4f %.4f\n", (unsigned long long)made, seconds(CLOCK_MONOTONIC) - begin,
           seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    EVP_PKEY_free(key);
    return 0;
}
