// SPDX-License-Identifier: ISC
#include "tests/unit/zonegen/world.h"

#include "zonegen/owners.h"

// The id in the dump of the zone.
static void id_of(const struct world *world, char ret[64])
{
    char *text = dump_zone(world, "example.com");
    const char *at = strstr(text, "v=STSv1; id=");
    assert_non_null(at);
    size_t len = strspn(at + 12, "0123456789abcdef");
    assert_int_equal(len, 32);
    assert_true(at[12 + len] == ';');
    memcpy(ret, at + 12, len);
    ret[len] = '\0';
    free(text);
}

static bool policy_of(const struct zone_content *content, struct buf *ret)
{
    struct owners owners = {0};
    owners_follow(&owners, content->records, content->record_count);
    bool has_policy = zonegen_mta_sts_policy(content, &owners, content->domain, ret);
    owners_done(&owners);
    return has_policy;
}

static void the_policy_follows_from_the_zone(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com]\n");
    struct buf policy = {0};
    struct config_mail *mail = own_mail(&w, 0);
    struct zone_content *content = make_zone(&w, "example.com");
    assert_false(policy_of(content, &policy));
    zone_content_free(content);
    mail->mta_sts = (struct config_mta_sts){true, CONFIG_STS_TESTING, 86400};
    content = make_zone(&w, "example.com");
    assert_true(policy_of(content, &policy));
    assert_string_equal(buf_text(&policy),
                        "version: STSv1\nmode: testing\nmx: box.example.com\nmax_age: 86400\n");
    zone_content_free(content);
    buf_done(&policy);
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "mta-sts 3600 IN A 192.0.2.10");
    assert_line(text, "mta-sts 3600 IN MX 0 .");
    assert_has(text, "; MTA-STS: the policy with this id has to be at "
                     "https://mta-sts.example.com/.well-known/mta-sts.txt: version: STSv1 / mode: "
                     "testing / mx: box.example.com / max_age: 86400 (RFC 8461 §3)\n");
    free(text);
    world_done(&w);
}

static void the_id_changes_with_the_policy_and_only_then(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com]\n");
    struct config_mail *mail = own_mail(&w, 0);
    char first[64], second[64];
    mail->mta_sts = (struct config_mta_sts){true, CONFIG_STS_ENFORCE, 604800};
    id_of(&w, first);
    mail->dmarc.policy = CONFIG_DMARC_REJECT;
    id_of(&w, second);
    assert_string_equal(first, second);
    mail->mta_sts.max_age = 604801;
    id_of(&w, second);
    assert_string_not_equal(first, second);
    mail->mta_sts = (struct config_mta_sts){true, CONFIG_STS_NONE, 604800};
    id_of(&w, second);
    assert_string_not_equal(first, second);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_policy_follows_from_the_zone),
        cmocka_unit_test(the_id_changes_with_the_policy_and_only_then),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
