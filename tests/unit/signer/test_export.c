// SPDX-License-Identifier: ISC
// Whoever takes our key files over in the middle of a rollover goes on in the right place: BIND, Knot DNS and ldns
// publish and sign with the keys that we published and signed with, by the times in the files alone.
#include "tests/unit/signer/key_world.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "signer/life.h"
#include "signer/life_order.h"

#define HOUR 3600

// The keyset of a zone whose keys were ordered to roll so many hours ago, by the clock on the wall, as its keys are in
// state/keys.
static struct keyset rolled_for(int hours)
{
    struct keyset set;
    struct error err = {0};
    int64_t now = (int64_t)time(NULL) - (48 + hours) * HOUR;
    in_shell("rm -rf state");
    write_config("  - {name: example.com, dnssec: {keys: ksk+zsk}}\n");
    struct publisher *publisher = begin(now);
    struct zone *zone = &publisher->zones.list[0];
    for (int i = 0; i < 48; i++)
        world_see(publisher, now += HOUR);
    struct rollover_policy policy = life_policy(zone, 0);
    life_read(&zone->state, &set);
    assert_true(keyset_ds_is_in(&set));
    rollover_order_roll(&set, &policy, KEY_ROLE_CSK, 0, false, now);
    assert_int_equal(life_keep(publisher, zone, &set, &err), STATUS_OK);
    work(publisher, now);
    for (int i = 0; i < hours; i++)
        world_see(publisher, now += HOUR);
    life_read(&zone->state, &set);
    publisher_close(publisher);
    return set;
}

// ── What others make of the files ────────────────────────────────────────────────────────────────

struct roles {
    keyset_mask published, signs_keys, signs_zone;
};

static struct roles roles_of(const struct keyset *set)
{
    return (struct roles){keyset_dnskeys(set), keyset_key_signers(set), keyset_signers(set)};
}

static keyset_mask bit_of(const struct keyset *set, uint16_t tag)
{
    size_t slot = keyset_find(set, (struct dnskey_id){tag, 13});
    if (slot == KEYSET_KEYS_MAX)
        fail_msg("key %u is none of ours", tag);
    return keyset_bit(slot);
}

static void take_record(const struct keyset *set, const ldns_rr *rr, struct roles *ret)
{
    if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_DNSKEY)
        ret->published |= bit_of(set, ldns_calc_keytag(rr));
    if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_RRSIG)
        return;
    keyset_mask bit = bit_of(set, ldns_rdf2native_int16(ldns_rr_rrsig_keytag(rr)));
    ldns_rr_type covered = ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(rr));
    ret->signs_keys |= covered == LDNS_RR_TYPE_DNSKEY ? bit : 0;
    ret->signs_zone |= covered == LDNS_RR_TYPE_SOA ? bit : 0;
}

static struct roles read_zone(const struct keyset *set, const char *name)
{
    struct roles roles = {0};
    ldns_zone *zone = NULL;
    char *path = path_join(directory, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(ldns_zone_new_frm_fp(&zone, file, NULL, 0, LDNS_RR_CLASS_IN), LDNS_STATUS_OK);
    for (size_t i = 0; i < ldns_rr_list_rr_count(ldns_zone_rrs(zone)); i++)
        take_record(set, ldns_rr_list_rr(ldns_zone_rrs(zone), i), &roles);
    ldns_zone_deep_free(zone);
    fclose(file);
    free(path);
    return roles;
}

static void assert_same(const char *who, struct roles theirs, struct roles ours)
{
    if (theirs.published != ours.published || theirs.signs_keys != ours.signs_keys ||
        theirs.signs_zone != ours.signs_zone)
        fail_msg("%s publishes %x, signs keys with %x and the zone with %x; we do %x, %x, %x", who,
                 theirs.published, theirs.signs_keys, theirs.signs_zone, ours.published,
                 ours.signs_keys, ours.signs_zone);
}

static struct roles by_bind(const struct keyset *set)
{
    in_shell("dnssec-signzone -x -S -K keys -o example.com -f bind.signed zone >log 2>&1 || "
             "{ cat log; false; }");
    in_shell("dnssec-verify -q -o example.com bind.signed && ldns-verify-zone bind.signed >log");
    return read_zone(set, "bind.signed");
}

// ldns knows no times: who uses it names the keys in use, and has the others' records in the zone.
static struct roles by_ldns(const struct keyset *set)
{
    struct roles ours = roles_of(set);
    struct buf command = {0};
    buf_put_text(&command, "cp zone ldns.zone");
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((ours.published & keyset_bit(i)) != 0)
            buf_printf(&command, " && cat keys/Kexample.com.+013+%05u.key >>ldns.zone",
                       set->keys[i].id.tag);
    buf_put_text(&command, " && ldns-signzone -o example.com -f ldns.signed ldns.zone");
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (((ours.signs_keys | ours.signs_zone) & keyset_bit(i)) != 0)
            buf_printf(&command, " keys/Kexample.com.+013+%05u", set->keys[i].id.tag);
    in_shell(buf_text(&command));
    buf_done(&command);
    in_shell("ldns-verify-zone ldns.signed >log && dnssec-verify -q -o example.com ldns.signed");
    return read_zone(set, "ldns.signed");
}

static bool is_by(const char *line, const char *timer, int64_t now)
{
    char *name = xasprintf(" %s=", timer);
    const char *found = strstr(line, name);
    int64_t at = found != NULL ? strtoll(found + strlen(name), NULL, 10) : 0;
    free(name);
    return at != 0 && at <= now;
}

// By the timers that keymgr shows, as knotd goes by them with manual key management.
static struct roles by_knot(const struct keyset *set)
{
    struct roles roles = {0};
    char line[512];
    int64_t now = (int64_t)time(NULL) + 2; // its files are a second old
    in_shell("rm -rf knot && mkdir knot && printf 'database:\\n  storage: knot\\n' >knot.conf && "
             "for k in keys/*.key; do keymgr -c knot.conf example.com import-bind $k >log || "
             "{ cat log; exit 1; }; done && keymgr -c knot.conf example.com list epoch >list");
    char *path = path_join(directory, "list");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        unsigned tag;
        char role[8]; // "KSK" or "ZSK"
        assert_int_equal(sscanf(line, "%*s %u %7s", &tag, role), 2);
        bool published = is_by(line, "publish", now) && !is_by(line, "remove", now);
        // One that is dead is in our set no more.
        bool dead = !published &&
                    keyset_find(set, (struct dnskey_id){(uint16_t)tag, 13}) == KEYSET_KEYS_MAX;
        keyset_mask bit = dead ? 0 : bit_of(set, (uint16_t)tag);
        bool active = is_by(line, "active", now) && !is_by(line, "retire", now);
        roles.published |= published ? bit : 0;
        if (active && strcmp(role, "KSK") == 0)
            roles.signs_keys |= bit;
        if (active && strcmp(role, "ZSK") == 0)
            roles.signs_zone |= bit;
    }
    fclose(file);
    free(path);
    return roles;
}

// ── Tests ────────────────────────────────────────────────────────────────────────────────────────

static void others_go_on_where_we_are(void **state)
{
    (void)state;
    static const int hours[] = {0, 1, 3, 6, 12, 30, 60};
    size_t halfway = 0;
    write_text("zone", "$TTL 300\n@ SOA ns1 hostmaster 1 14400 3600 604800 300\n"
                       "@ NS ns1\nns1 A 192.0.2.1\n");
    for (size_t i = 0; i < sizeof(hours) / sizeof(hours[0]); i++) {
        struct keyset set = rolled_for(hours[i]);
        struct roles ours = roles_of(&set);
        in_shell("rm -rf keys && cp -r state/keys keys"); // BIND writes into them
        halfway += ours.published != (ours.signs_keys | ours.signs_zone) ? 1 : 0;
        assert_same("ldns-signzone", by_ldns(&set), ours);
        assert_same("keymgr", by_knot(&set), ours);
        assert_same("dnssec-signzone", by_bind(&set), ours);
    }
    assert_in_range(halfway, 2, 6); // a key was published and did not sign, before and after
}

static void dnssec_settime_shows_what_happened(void **state)
{
    (void)state;
    struct keyset set = rolled_for(60);
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        const struct keyset_key *key = &set.keys[i];
        if (key->role == 0)
            continue;
        char *command =
            xasprintf("dnssec-settime -u -p all state/keys/Kexample.com.+013+%05u.key >times; "
                      "grep -qx 'Publish: %lld' times",
                      key->id.tag, (long long)key->published_at);
        in_shell(command);
        free(command);
        command = xasprintf("grep -qx '%s: %lld' times", "Activate", (long long)key->active_at);
        if (key->active_at != 0)
            in_shell(command);
        free(command);
    }
    in_shell("cat state/keys/*.key | grep -q '^; Inactive' && "
             "cat state/keys/*.key | grep -q '^; SyncPublish'");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(others_go_on_where_we_are),
        TEST(dnssec_settime_shows_what_happened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
