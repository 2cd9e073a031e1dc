// SPDX-License-Identifier: ISC
// What an admin, a reboot or a broken file does to a running publisher: nothing that was good is lost, and what is
// wrong is said once.
#include "tests/unit/signer/box.h"

static void write_whole_config(const char *box, const char *domains)
{
    char *text = xasprintf("box: {hostname: box.example.com, dkim: no, %s}\nstate: %s/state\n"
                           "domains:\n%s",
                           box, directory, domains);
    write_text("box.yaml", text);
    free(text);
}

// ── Notes ────────────────────────────────────────────────────────────────────────────────────────

// Valid for the ten days from NOW on.
static void write_certificate(void)
{
    in_shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 10 "
             "-subj /CN=box.example.com -keyout tls.key -out tls.pem 2>errors");
}

static void a_certificate_that_expires_is_said_once_when_it_does(void **state)
{
    (void)state;
    write_certificate();
    int64_t now = time(NULL);
    write_whole_config("addresses: [192.0.2.1], ssh: [], tls: [tls.pem]", "  - example.com\n");
    struct publisher *publisher = start(now);
    listen_to_log();
    work(publisher, now);
    int64_t next = publisher_next(publisher, now);
    assert_int_equal(end_listening("expired"), 0);
    // Signatures are renewed first; the end of the certificate is no later than the next but one.
    listen_to_log();
    for (int64_t end = now + 11 * DAY; next < end; next = publisher_next(publisher, next))
        work(publisher, next);
    assert_int_equal(end_listening("zone-note zone=example.com input="), 1);
    // A change that has nothing to do with it does not say it again.
    listen_to_log();
    write_whole_config("addresses: [192.0.2.1], ssh: [], tls: [tls.pem]",
                       "  - example.com\n  - example.org\n");
    take(publisher, now + 11 * DAY);
    assert_int_equal(end_listening("zone-note"), 0);
    publisher_close(publisher);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_certificate_that_expires_is_said_once_when_it_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
