// SPDX-License-Identifier: ISC
// The judge is openssl: what it says is the SHA-256 of the public key.
#include "tests/unit/zonegen/world.h"

#define SELF_SIGNED "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 "

static int make_certificates(void **state)
{
    if (enter_scratch(state) != 0)
        return 1;
    run(SELF_SIGNED
        "-subj /CN=box.example.com -addext subjectAltName=DNS:box.example.com -keyout key.pem "
        "-out cert.pem 2>/dev/null");
    run(SELF_SIGNED "-subj /CN=other -keyout other.key -out other.pem 2>/dev/null");
    run("for c in cert other; do openssl x509 -in $c.pem -pubkey -noout | openssl pkey -pubin "
        "-outform DER | "
        "openssl dgst -sha256 -r | cut -c1-64 | tr -d '\\n' >$c.digest; done");
    run("cat cert.pem other.pem >chain.pem; cat key.pem cert.pem >both.pem");
    return 0;
}

static char *expected(const char *digest_file)
{
    struct buf digest = {0};
    struct error err = {0};
    assert_int_equal(file_read(digest_file, 100, &digest, &err), STATUS_OK);
    char *line = xasprintf("_25._tcp.box 3600 IN TLSA 3 1 1 %s", buf_text(&digest));
    buf_done(&digest);
    return line;
}

static void the_record_is_the_digest_of_the_public_key(void **state)
{
    (void)state;
    static const char *const files[] = {"cert.pem", "chain.pem", "both.pem"};
    char *cert = expected("cert.digest");
    char *other = expected("other.digest");
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char *more = xasprintf("  tls: [%s]\n  ssh: []\n", files[i]);
        struct world w = world(more, "domains: [example.com]\n");
        char *text = dump_zone(&w, "example.com");
        assert_line(text, cert);
        assert_no(text, other + strlen("_25._tcp.box 3600 IN TLSA "));
        assert_has(text, files[i]);
        assert_no(text, scratch); // the path as the admin wrote it
        free(text);
        world_done(&w);
        free(more);
    }
    free(cert);
    free(other);
}

static void several_certificates_are_several_records(void **state)
{
    (void)state;
    char *cert = expected("cert.digest");
    char *other = expected("other.digest");
    struct world w = world("  tls: [cert.pem, other.pem]\n  ssh: []\n", "domains: [example.com]\n");
    char *text = dump_zone(&w, "example.com");
    assert_line(text, cert);
    assert_line(text, other);
    free(text);
    world_done(&w);
    free(cert);
    free(other);
}

static void dates_and_names_are_notes(void **state)
{
    (void)state;
    struct world w = world("  tls: [other.pem]\n  ssh: []\n", "domains: [example.com]\n");
    struct zone_content *content = make_zone(&w, "example.com");
    const struct zone_note *expired = find_note(content, "expired on ");
    const struct zone_note *early = find_note(content, "not valid before ");
    int64_t now = time(NULL);
    assert_non_null(find_note(content, "is not for box.example.com"));
    assert_false(expired->error);
    assert_false(zone_note_holds(expired, now));
    assert_false(zone_note_holds(expired, now + 89 * 86400));
    assert_true(zone_note_holds(expired, now + 91 * 86400));
    assert_false(zone_note_holds(early, now + 60));
    assert_true(zone_note_holds(early, now - 86400));
    zone_content_free(content);
    world_done(&w);
    w = world("  tls: [cert.pem]\n  ssh: []\n", "domains: [example.com]\n");
    content = make_zone(&w, "example.com");
    assert_null(find_note(content, "is not for"));
    zone_content_free(content);
    world_done(&w);
}

static void what_is_no_certificate_is_a_gap_and_an_error(void **state)
{
    (void)state;
    put_file("garbage.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    put_file("empty.pem", "");
    static const char *const files[] = {"garbage.pem", "empty.pem", "key.pem", "nothing.pem"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char *more = xasprintf("  tls: [%s]\n  ssh: []\n", files[i]);
        struct world w = world(more, "domains: [example.com]\n");
        struct zone_content *content = make_zone(&w, "example.com");
        const struct zone_note *note = find_note(content, files[i]);
        assert_non_null(note);
        assert_true(note->error);
        assert_has(note->input, files[i]);
        zone_content_free(content);
        char *text = dump_zone(&w, "example.com");
        assert_has(text, "; missing: _25._tcp.box.example.com. TLSA — ");
        free(text);
        world_done(&w);
        free(more);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_record_is_the_digest_of_the_public_key),
        cmocka_unit_test(several_certificates_are_several_records),
        cmocka_unit_test(dates_and_names_are_notes),
        cmocka_unit_test(what_is_no_certificate_is_a_gap_and_an_error),
    };
    return cmocka_run_group_tests(tests, make_certificates, remove_scratch);
}
