// SPDX-License-Identifier: ISC
// The judge is ssh-keygen -r.
#include "tests/unit/zonegen/world.h"

static void fingerprints_are_those_of_ssh_keygen(void **state)
{
    (void)state;
    run("ssh-keygen -q -t ed25519 -N '' -f key_ed25519; for t in rsa_2048 ecdsa_256 ecdsa_384 "
        "ecdsa_521; do "
        "ssh-keygen -q -t ${t%_*} -b ${t#*_} -N '' -f key_$t; done");
    struct world w =
        world("  tls: []\n  ssh: [key_rsa_2048.pub, key_ecdsa_256.pub, key_ecdsa_384.pub, "
              "key_ecdsa_521.pub, key_ed25519.pub]\n",
              "domains: [example.com]\n");
    char *text = dump_zone(&w, "example.com");
    put_file("dump", text);
    run("for k in key_*.pub; do ssh-keygen -r box -f $k; done | grep 'SSHFP [0-9] 2' | cut -d' ' "
        "-f4- | sort "
        ">theirs; sed -n 's/^box .* SSHFP *//p' dump | sort >ours; diff ours theirs");
    assert_no(text, " 1 1 ");
    assert_has(text, "host key in key_ed25519.pub (RFC 4255");
    free(text);
    world_done(&w);
}

static void old_dsa_key_is_left_out_quietly(void **state)
{
    (void)state;
    put_file("dsa.pub", "ssh-dss AAAAB3NzaC1kc3MAAACBAP root@box\n");
    struct world w = world("  tls: []\n  ssh: [dsa.pub]\n", "domains: [example.com]\n");
    struct zone_content *content = make_zone(&w, "example.com");
    assert_int_equal(content->note_count, 0);
    zone_content_free(content);
    char *text = dump_zone(&w, "example.com");
    assert_no(text, " SSHFP ");
    free(text);
    world_done(&w);
}

static void comments_and_options_of_the_file_do_no_harm(void **state)
{
    (void)state;
    put_file("key.pub",
             "# a comment\n\n  ssh-ed25519 "
             "AAAAC3NzaC1lZDI1NTE5AAAAIIs0BfYsVp0EXx0kmRZSq6PNBtmRa5IvQgBcVAb9DYMx  root\r\n");
    struct world w = world("  tls: []\n  ssh: [key.pub]\n", "domains: [example.com]\n");
    char *text = dump_zone(&w, "example.com");
    assert_has(text, "SSHFP  4 2 ");
    free(text);
    world_done(&w);
}

static void garbage_is_a_gap_and_an_error(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "\n# nothing\n",
        "garbage",
        "ssh-ed25519",
        "ssh-ed25519 ",
        "ssh-ed25519 AAAA",
        "ssh-ed25519 !!!!",
        // The blob says ssh-rsa.
        "ssh-ed25519 AAAAB3NzaC1yc2EAAAADAQABAAAAQQ==",
        // Cut short.
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIs0BfYsVp0EXx0k",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUA\n",
        "ssh-unknown AAAAC3NzaC1lZDI1NTE5AAAAIIs0BfYsVp0EXx0kmRZSq6PNBtmRa5IvQgBcVAb9DYMx",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        put_file("bad.pub", texts[i]);
        struct world w = world("  tls: []\n  ssh: [bad.pub]\n", "domains: [example.com]\n");
        struct zone_content *content = make_zone(&w, "example.com");
        const struct zone_note *note = find_note(content, "bad.pub");
        if (note == NULL)
            fail_msg("no note for: %s", texts[i]);
        assert_true(note->error);
        zone_content_free(content);
        char *text = dump_zone(&w, "example.com");
        assert_has(text, "; missing: box.example.com. SSHFP — ");
        assert_no(text, "IN SSHFP");
        free(text);
        world_done(&w);
    }
}

static void missing_file_is_an_error(void **state)
{
    (void)state;
    struct world w = world("  tls: []\n  ssh: [gone.pub]\n", "domains: [example.com]\n");
    struct zone_content *content = make_zone(&w, "example.com");
    assert_true(find_note(content, "gone.pub: cannot open")->error);
    assert_has(find_note(content, "gone.pub: cannot open")->text, "zonebox.yaml:");
    zone_content_free(content);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fingerprints_are_those_of_ssh_keygen),
        cmocka_unit_test(old_dsa_key_is_left_out_quietly),
        cmocka_unit_test(comments_and_options_of_the_file_do_no_harm),
        cmocka_unit_test(garbage_is_a_gap_and_an_error),
        cmocka_unit_test(missing_file_is_an_error),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
