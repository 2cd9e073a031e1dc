// SPDX-License-Identifier: ISC
// `server: tls:`: what it means when little is written, and the words for what cannot be.
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/config/reading.h"

#define DOMAINS "domains: [example.com]\n"
#define BOX     "box: {hostname: b.example.com, tls: [/c/fullchain.pem]}\n" DOMAINS
#define NO_TLS  "box: {hostname: b.example.com, tls: []}\n" DOMAINS
#define KNOWN   "known here: listen, certificate, key, handshakes-per-address"

static void yes_is_the_certificate_of_the_box_and_the_key_beside_it(void **state)
{
    (void)state;
    struct config *config = parse(BOX "server: {tls: yes}\n");
    const struct config_server_tls *tls = &config->server.tls;
    assert_true(tls->enabled);
    assert_int_equal(tls->listen_count, 0);
    assert_string_equal(tls->certificate, "/c/fullchain.pem");
    assert_string_equal(tls->key, "/c/privkey.pem");
    assert_int_equal(tls->handshakes, 20);
    config_free(config);
}

static void what_is_written_counts_and_the_port_is_853(void **state)
{
    (void)state;
    struct config *config =
        parse(NO_TLS "server:\n"
                     "  tls: {listen: [192.0.2.1, '2001:db8::1@8530'], certificate: c.pem, key: "
                     "c.pem, handshakes-per-address: no}\n");
    const struct config_server_tls *tls = &config->server.tls;
    char text[ADDRESS_TEXT_MAX];
    assert_int_equal(tls->listen_count, 2);
    assert_string_equal(address_text(&tls->listen[0], true, text), "192.0.2.1@853");
    assert_string_equal(address_text(&tls->listen[1], true, text), "2001:db8::1@8530");
    assert_string_equal(tls->certificate, "/etc/zonebox/c.pem");
    assert_string_equal(tls->key, "/etc/zonebox/c.pem");
    assert_int_equal(tls->handshakes, 0);
    config_free(config);
}

// So that a box may be set up before its certificate is there.
static void a_box_whose_certificate_is_still_to_come_is_no_mistake(void **state)
{
    (void)state;
    struct config *config =
        parse("box: {hostname: b.example.com}\n" DOMAINS "server: {tls: yes}\n");
    assert_true(config->server.tls.enabled);
    assert_null(config->server.tls.certificate);
    config_free(config);
}

static const struct {
    const char *text, *errors;
} rows[] = {
    {NO_TLS "server: {tls: yes}\n",
     "z.yaml:3:15: server.tls: the box has no certificate (box.tls); write `certificate: FILE` "
     "here, or `tls: no`\n"},
    {BOX "server:\n  tls: {certificate: c.pem}\n",
     "z.yaml:4:8: server.tls: where is the key of /etc/zonebox/c.pem? Write `tls: {key: FILE}`\n"},
    {BOX "server: {listen: [192.0.2.1@5300], tls: {listen: [192.0.2.1@853, 192.0.2.1@5300]}}\n",
     "z.yaml:3:50: server.tls.listen: 192.0.2.1@5300 is listened on without TLS; write another "
     "port, 853 is usual\n"},
    {BOX "resolver: {listen: 127.0.0.1@853}\nserver: {tls: {listen: 127.0.0.1}}\n",
     "z.yaml:4:24: server.tls.listen: 127.0.0.1@853 is listened on without TLS; write another "
     "port, 853 is usual\n"},
    {BOX "server: {listen: [192.0.2.1@53, 192.0.2.1@853], tls: yes}\n",
     "z.yaml:3:54: server.tls: 192.0.2.1@853 is listened on without TLS; write another port in "
     "`server: listen:`, or `tls: {listen: …}`\n"},
    {BOX "server: {tls: {listen: [0.0.0.0]}}\n",
     "z.yaml:3:25: server.tls.listen: \"0.0.0.0\" is not one address of this box; name each "
     "address to listen on, or leave the option out for all of them\n"},
    {BOX "server: {tls: {handshakes-per-address: 0}}\n",
     "z.yaml:3:40: server.tls.handshakes-per-address: \"0\" is out of range; write 1 to 10000, or "
     "no\n"},
    {BOX "server: {tls: {cert: c.pem}}\n",
     "z.yaml:3:16: server.tls: unknown key \"cert\"; " KNOWN "\n"},
    {BOX "server: {tls: certificate.pem}\n",
     "z.yaml:3:15: server.tls: neither yes nor no; write one of them or a mapping, such as "
     "tls: {listen: …}\n"},
};

static void each_mistake_has_its_place_and_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        must_refuse(rows[i].text, rows[i].errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yes_is_the_certificate_of_the_box_and_the_key_beside_it),
        cmocka_unit_test(what_is_written_counts_and_the_port_is_853),
        cmocka_unit_test(a_box_whose_certificate_is_still_to_come_is_no_mistake),
        cmocka_unit_test(each_mistake_has_its_place_and_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
