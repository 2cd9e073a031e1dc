// SPDX-License-Identifier: ISC
// The judge is openssl: what it says is the SHA-256 of the public key.
#include "tests/unit/zonegen/world.h"

#include "config/shared.h"
#include "keys/tls_spki.h"
#include "keys/tls_text.h"

#define SELF_SIGNED "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 "

static int make_certificates(void **state)
{
    if (enter_scratch(state) != 0)
        return 1;
    run(SELF_SIGNED
        "-subj /CN=box.example.com -addext subjectAltName=DNS:box.example.com -keyout key.pem "
        "-out cert.pem 2>/dev/null");
    run(SELF_SIGNED "-subj /CN=other -keyout other.key -out other.pem 2>/dev/null");
    run("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout "
        "issued.key -out issued.csr 2>/dev/null && openssl x509 -req -in issued.csr -CA cert.pem "
        "-CAkey key.pem -out alone.pem 2>/dev/null && cat alone.pem cert.pem >issued.pem");
    run("openssl genpkey -algorithm RSA -out next.key 2>/dev/null && openssl pkey -in next.key "
        "-pubout -out next.pub && openssl pkey -in next.key -pubout -outform DER | openssl dgst "
        "-sha256 -r | cut -c1-64 | tr -d '\\n' >next.digest");
    run("for c in cert other issued; do openssl x509 -in $c.pem -pubkey -noout | openssl pkey "
        "-pubin "
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
        assert_has(note->text, "zonebox.yaml:4:9: "); // where it is named
        zone_content_free(content);
        char *text = dump_zone(&w, "example.com");
        assert_has(text, "; missing: _25._tcp.box.example.com. TLSA — ");
        free(text);
        world_done(&w);
        free(more);
    }
}

// ── Ports, issuers, keys to come and to go ───────────────────────────────────────────────────────

// A box with cert.pem (and its issuer), the next key `next.pub`, two ports and `2 1 1`.
struct planned {
    struct world world;
    struct config_box *box;
    struct config_box written;
    struct config_text next;
    uint32_t ports[2];
};

static int compare_inputs(const void *a, const void *b)
{
    return strcmp(((const struct input_file *)a)->path, ((const struct input_file *)b)->path);
}

static void add_input(struct inputs *inputs, const char *path)
{
    struct buf octets = {0};
    struct input_file file = {.kind = INPUT_TLS_NEXT, .path = xstrdup(path)};
    if (file_read(path, 1 << 16, &octets, &file.error) == STATUS_OK) {
        file.octets = shared_make(octets.data, octets.len);
        file.len = octets.len;
    }
    buf_done(&octets);
    inputs->files = xreallocarray(inputs->files, inputs->file_count + 1, sizeof(*inputs->files));
    inputs->files[inputs->file_count++] = file;
    qsort(inputs->files, inputs->file_count, sizeof(*inputs->files), compare_inputs);
}

static void plan_world(struct planned *planned, const char *more, const char *next)
{
    planned->world = world(more, "domains: [example.com]\n");
    planned->box = &planned->world.inputs->config->box;
    planned->written = *planned->box;
    planned->ports[0] = 25;
    planned->ports[1] = 465;
    planned->next = (struct config_text){.text = xstrdup(next)};
    planned->box->tls_ports = planned->ports;
    planned->box->tls_port_count = 2;
    planned->box->tls_issuer = true;
    planned->box->tls_next = &planned->next;
    planned->box->tls_next_count = 1;
    add_input(planned->world.inputs, next);
}

static void planned_done(struct planned *planned)
{
    free(planned->next.text);
    *planned->box = planned->written;
    world_done(&planned->world);
}

static char *dump_with(const struct planned *planned, const struct tls_plan *plan)
{
    struct zonegen_keys more = keys;
    struct zone_content *content = NULL;
    struct buf text = {0};
    struct error err = {0};
    more.tls = plan;
    if (zonegen_make(
            planned->world.inputs, &more,
            zonegen_target_find(planned->world.targets, planned->world.count, "example.com"),
            &content, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    zone_content_dump(content, &text);
    zone_content_free(content);
    char *ret = xstrdup(buf_text(&text));
    buf_done(&text);
    return ret;
}

static void assert_tlsa(const char *text, const char *port, const char *usage, const char *digest)
{
    char *line = xasprintf("_%s._tcp.box 3600 IN TLSA %s 1 1 %s", port, usage, digest);
    assert_line(text, line);
    free(line);
}

static char *digest_in(const char *path)
{
    struct buf digest = {0};
    assert_int_equal(file_read(path, 100, &digest, NULL), STATUS_OK);
    char *text = xstrdup(buf_text(&digest));
    buf_done(&digest);
    return text;
}

static void each_port_has_the_key_the_next_one_and_the_issuer(void **state)
{
    (void)state;
    struct planned planned;
    plan_world(&planned, "  tls: [issued.pem]\n  ssh: []\n", "next.pub");
    char *text = dump_with(&planned, NULL);
    char *issued = digest_in("issued.digest"), *next = digest_in("next.digest");
    char *issuer = digest_in("cert.digest");
    static const char *const ports[] = {"25", "465"};
    for (size_t i = 0; i < 2; i++) {
        assert_tlsa(text, ports[i], "3", issued);
        assert_tlsa(text, ports[i], "3", next);
        assert_tlsa(text, ports[i], "2", issuer);
    }
    assert_has(text, "the mail server on port 25: the public key");
    assert_has(text, "the server on port 465: the public key");
    assert_has(text, "not to be deployed before");
    free(text);
    planned_done(&planned);
    plan_world(&planned, "  tls: [other.pem]\n  ssh: []\n", "next.pub");
    struct zone_content *content = make_zone(&planned.world, "example.com");
    assert_non_null(find_note(content, "certificate of its issuer is not in the file"));
    zone_content_free(content);
    planned_done(&planned);
    free(issued);
    free(next);
    free(issuer);
}

static void a_next_key_is_not_published_alone(void **state)
{
    (void)state;
    struct planned planned;
    struct tls_plan plan = {.begun = true, .count = 1};
    char *next = digest_in("next.digest");
    assert_true(tls_digest_read(next, plan.keys[0].digest));
    plan.keys[0].state = TLS_NEXT;
    plan_world(&planned, "  tls: [nothing.pem]\n  ssh: []\n", "next.pub");
    char *text = dump_with(&planned, &plan);
    assert_no(text, " 3 1 1 ");
    struct zone_content *content = make_zone(&planned.world, "example.com");
    assert_false(find_note(content, "waits until a certificate is known")->error);
    zone_content_free(content);
    free(text);
    plan.count = 2;
    memset(plan.keys[1].digest, 0xab, TLS_DIGEST_LEN);
    plan.keys[1].state = TLS_LEAVING;
    text = dump_with(&planned, &plan);
    assert_tlsa(text, "25", "3", next);
    free(text);
    planned_done(&planned);
    free(next);
}

static void the_plan_adds_what_no_file_has_and_takes_out_what_was_forgotten(void **state)
{
    (void)state;
    struct planned planned;
    struct tls_plan plan = {.begun = true, .count = 3};
    char *issued = digest_in("issued.digest"), *next = digest_in("next.digest");
    char gone[TLS_DIGEST_HEX];
    memset(plan.keys[0].digest, 0xab, TLS_DIGEST_LEN);
    plan.keys[0].state = TLS_LEAVING;
    plan.keys[0].since = 1790000000;
    assert_true(tls_digest_read(next, plan.keys[1].digest));
    plan.keys[1].state = TLS_SAFE;
    plan.keys[1].safe_at = 1790000000;
    assert_true(tls_digest_read(issued, plan.keys[2].digest));
    plan.keys[2].state = TLS_CURRENT;
    plan_world(&planned, "  tls: [issued.pem]\n  ssh: []\n", "next.pub");
    char *text = dump_with(&planned, &plan);
    assert_tlsa(text, "25", "3", tls_digest_text(plan.keys[0].digest, gone));
    assert_tlsa(text, "25", "3", issued);
    assert_has(text, "safe to deploy after 2026-09-21T14:13:20Z");
    assert_has(text, "no certificate has it since 2026-09-21T14:13:20Z");
    free(text);
    for (int i = 0; i < 3; i++) {
        plan.keys[i].state = TLS_DROPPED;
        plan.keys[i].forgotten = true;
    }
    text = dump_with(&planned, &plan);
    assert_no(text, " 3 1 1 ");
    free(text);
    planned_done(&planned);
    free(issued);
    free(next);
}

static void the_plan_in_the_public_file_is_printed_as_the_signer_publishes_it(void **state)
{
    (void)state;
    struct tls_plan plan = {.begun = true, .count = 1, .ttl = 3600};
    struct buf text = {0};
    struct zonegen_keys more = keys;
    memset(plan.keys[0].digest, 0xab, TLS_DIGEST_LEN);
    plan.keys[0].state = TLS_CURRENT;
    plan.keys[0].since = plan.keys[0].added_at = 1790000000;
    tls_plan_print(&plan, &text);
    more.public_directory = ".";
    put_file("tls.keys", buf_text(&text));
    struct planned planned;
    plan_world(&planned, "  tls: [nothing.pem]\n  ssh: []\n", "nothing.pub");
    for (int i = 0; i < 2; i++) {
        struct zone_content *content = NULL;
        assert_int_equal(zonegen_make(planned.world.inputs, &more,
                                      zonegen_target_find(planned.world.targets,
                                                          planned.world.count, "example.com"),
                                      &content, NULL),
                         STATUS_OK);
        buf_clear(&text);
        zone_content_dump(content, &text);
        const char *record = strstr(buf_text(&text), "3 1 1 abab");
        assert_int_equal(record != NULL, i == 0);
        assert_int_equal(find_note(content, "./tls.keys: line 1") != NULL, i == 1);
        assert_true(find_note(content, "nothing.pub")->error);
        zone_content_free(content);
        put_file("tls.keys", "garbage\n");
    }
    planned_done(&planned);
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_record_is_the_digest_of_the_public_key),
        cmocka_unit_test(several_certificates_are_several_records),
        cmocka_unit_test(dates_and_names_are_notes),
        cmocka_unit_test(what_is_no_certificate_is_a_gap_and_an_error),
        cmocka_unit_test(each_port_has_the_key_the_next_one_and_the_issuer),
        cmocka_unit_test(a_next_key_is_not_published_alone),
        cmocka_unit_test(the_plan_adds_what_no_file_has_and_takes_out_what_was_forgotten),
        cmocka_unit_test(the_plan_in_the_public_file_is_printed_as_the_signer_publishes_it),
    };
    return cmocka_run_group_tests(tests, make_certificates, remove_scratch);
}
