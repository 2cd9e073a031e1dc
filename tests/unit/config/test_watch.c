// SPDX-License-Identifier: ISC
// Every way in which editors, certbot and admins change a file is seen, and what others do beside it is not.
#include "config/inputs.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "config/surroundings.h"
#include "tests/support/scratch.h"

static char *config_path;
static struct surroundings surroundings;
static struct inputs_watch *watch;

static int set_up(void **state)
{
    make_scratch(state);
    config_path = in_scratch("etc/z.yaml");
    surroundings = (struct surroundings){.certificates = in_scratch("live"),
                                         .host_keys = in_scratch("ssh/ssh_host_*_key.pub")};
    run("mkdir -p etc && printf 'box: {hostname: b.example.com}\\ndomains: [example.com]\\n' "
        "> etc/z.yaml");
    watch = inputs_watch_new();
    return inputs_watch_fd(watch) < 0;
}

static int tear_down(void **state)
{
    inputs_watch_free(watch);
    free((void *)(uintptr_t)surroundings.certificates);
    free((void *)(uintptr_t)surroundings.host_keys);
    free(config_path);
    return remove_scratch(state);
}

// Reads the inputs and watches them, as the programs do. Returns whether something new is watched.
static bool settle(void)
{
    struct inputs *inputs = NULL;
    struct config_errors errors = {0};
    if (inputs_read_in(&surroundings, config_path, &inputs, &errors) != STATUS_OK)
        fail_msg("%s", errors.list[0].text);
    bool is_other = inputs_watch_set_in(watch, &surroundings, config_path, inputs);
    inputs_free(inputs);
    (void)!inputs_watch_drain(watch);
    return is_other;
}

// inotify queues an event before the call that causes it returns, so there is nothing to wait for.
static bool is_seen(void)
{
    struct pollfd poller = {.fd = inputs_watch_fd(watch), .events = POLLIN};
    bool has_events = poll(&poller, 1, 0) == 1;
    bool is_worth = inputs_watch_drain(watch);
    assert_true(has_events || !is_worth);
    assert_false(inputs_watch_drain(watch)); // all taken, but for what others do in /tmp meanwhile
    return is_worth;
}

static void put_config(const char *box)
{
    runf("printf '%%s' 'box: {hostname: b.example.com%s}\ndomains: [example.com]\n' > etc/z.yaml",
         box);
    settle();
}

static void the_configuration_written_over_or_renamed_over_is_seen(void **state)
{
    (void)state;
    assert_true(settle());
    assert_false(settle());
    assert_false(is_seen());
    run("echo >> etc/z.yaml");
    assert_true(is_seen());
    assert_false(is_seen());
    run("cp etc/z.yaml etc/.z.yaml.swp");
    assert_false(is_seen()); // another name
    run("mv etc/.z.yaml.swp etc/z.yaml");
    assert_true(is_seen());
    run("rm etc/z.yaml");
    assert_true(is_seen());
    run("touch etc/z.yaml");
    assert_true(is_seen());
    run("chmod 600 etc/z.yaml");
    assert_true(is_seen());
}

static void without_inputs_the_configuration_alone_is_watched(void **state)
{
    (void)state;
    assert_true(inputs_watch_set_in(watch, &surroundings, config_path, NULL));
    run("mkdir ssh live");
    assert_false(is_seen());
    run("echo >> etc/z.yaml");
    assert_true(is_seen());
}

static void what_happens_beside_is_not_seen(void **state)
{
    (void)state;
    put_config(", tls: [c.pem], ssh: []");
    run("mkdir etc/state && touch etc/state/data.mdb etc/other.pem && rm -r etc/state");
    assert_false(is_seen());
    run("touch etc/c.pem");
    assert_true(is_seen());
}

// live/HOST/fullchain.pem → ../../archive/HOST/fullchainN.pem, swapped by unlink and symlink.
static void a_renewal_by_certbot_is_seen(void **state)
{
    (void)state;
    run("mkdir -p le/live/b le/archive/b && echo 1 > le/archive/b/fullchain1.pem && "
        "ln -s ../../archive/b/fullchain1.pem le/live/b/fullchain.pem");
    put_config(", tls: [../le/live/b/fullchain.pem], ssh: []");
    run("echo 2 > le/archive/b/fullchain2.pem");
    assert_false(is_seen());
    run("rm le/live/b/fullchain.pem && ln -s ../../archive/b/fullchain2.pem "
        "le/live/b/fullchain.pem");
    assert_true(is_seen());
    assert_true(settle());                       // leads elsewhere now
    run("echo 3 > le/archive/b/fullchain1.pem"); // the old one no longer matters
    assert_false(is_seen());
    run("echo 3 > le/archive/b/fullchain2.pem"); // the target itself
    assert_true(is_seen());
}

// dir/..data → ..2026_1, and dir/cert.pem → ..data/cert.pem, swapped by renaming a link over ..data.
static void a_link_to_a_directory_swapped_by_rename_is_seen(void **state)
{
    (void)state;
    run("mkdir -p tls/v1 tls/v2 && echo 1 > tls/v1/c.pem && echo 2 > tls/v2/c.pem && "
        "ln -s v1 tls/data && ln -s data/c.pem tls/c.pem");
    put_config(", tls: [../tls/c.pem], ssh: []");
    run("ln -s v2 tls/next && mv -T tls/next tls/data");
    assert_true(is_seen());
    settle();
    run("echo 3 > tls/v2/c.pem");
    assert_true(is_seen());
}

static void directories_made_later_are_seen_step_by_step(void **state)
{
    (void)state;
    put_config(", tls: [../a/b/c.pem], ssh: []");
    run("mkdir a");
    assert_true(is_seen());
    assert_true(settle());
    run("mkdir a/b");
    assert_true(is_seen());
    assert_true(settle());
    run("echo 1 > a/b/c.pem");
    assert_true(is_seen());
    settle();
    run("mv a old && mkdir -p new/b && echo 2 > new/b/c.pem && mv new a"); // the whole tree replaced
    assert_true(is_seen());
    assert_true(settle());
    run("echo 3 > old/b/c.pem");
    assert_false(is_seen());
    run("echo 3 > a/b/c.pem");
    assert_true(is_seen());
    run("rm -r a");
    assert_true(is_seen());
}

static void default_certificate_and_host_keys_are_seen_when_they_come(void **state)
{
    (void)state;
    settle();
    run("mkdir ssh");
    assert_true(is_seen());
    assert_true(settle());
    run("echo k > ssh/ssh_host_rsa_key.pub");
    assert_true(is_seen());
    settle();
    run("mkdir live && mkdir live/other.example");
    assert_true(is_seen());
    assert_true(settle());
    run("mkdir live/x.example");
    assert_false(is_seen());
    run("mkdir live/b.example.com && echo 1 > live/b.example.com/fullchain.pem");
    assert_true(is_seen());
}

static void absolute_links_are_followed_from_the_root(void **state)
{
    (void)state;
    run("mkdir far && echo 1 > far/c.pem && ln -s \"$PWD/far\" etc/near");
    put_config(", tls: [near/c.pem], ssh: []");
    run("echo 2 > far/c.pem");
    assert_true(is_seen());
}

// Is there an event of a file with that name, seen or not? Others have theirs in /tmp, which is watched.
static bool has_event_of(const char *name)
{
    union {
        struct inotify_event first;
        char octets[65536];
    } events;
    bool found = false;
    ssize_t len = read(inputs_watch_fd(watch), events.octets, sizeof(events));
    for (ssize_t at = 0; at < len;) {
        const struct inotify_event *event = (const void *)(events.octets + at);
        found = found || (event->len > 0 && strcmp(event->name, name) == 0);
        at += (ssize_t)(sizeof(*event) + event->len);
    }
    return found;
}

static void what_is_no_longer_named_is_no_longer_watched(void **state)
{
    (void)state;
    run("mkdir old && touch old/c.pem");
    put_config(", tls: [../old/c.pem], ssh: []");
    put_config(", tls: [], ssh: []");
    run("echo 2 > old/c.pem");
    assert_false(has_event_of("c.pem"));
}

static void links_in_a_circle_end(void **state)
{
    (void)state;
    run("ln -s y etc/x && ln -s x etc/y");
    put_config(", tls: [x], ssh: []");
    run("rm etc/y && echo 1 > etc/y");
    assert_true(is_seen());
}

static void many_zone_files_in_one_directory_are_one_watch(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_put_text(&text, "box: {hostname: b.example.com, tls: [], ssh: []}\ndomains:\n");
    for (int i = 0; i < 3000; i++)
        buf_printf(&text, "- {name: d%d.example, zone-file: zones/d%d}\n", i, i);
    struct error err = {0};
    assert_int_equal(file_write(config_path, text.data, text.len, 0644, &err), STATUS_OK);
    buf_done(&text);
    run("mkdir etc/zones");
    assert_true(settle());
    run("touch etc/zones/other");
    assert_false(is_seen());
    run("touch etc/zones/d2999");
    assert_true(is_seen());
}

static void included_files_are_seen_when_they_come_change_and_go(void **state)
{
    (void)state;
    run("printf '%s' 'box: {hostname: b.example.com}\ninclude: [conf.d/*.yaml, sub/*/d.yaml, "
        "one.yaml]\n' "
        "> etc/z.yaml; echo > etc/one.yaml");
    settle();
    run("mkdir etc/conf.d"); // the first one is for a directory that was not there
    assert_true(is_seen());
    assert_true(settle());
    run("echo 'domains: [example.com]' > etc/conf.d/a.yaml");
    assert_true(is_seen());
    settle();
    run("echo >> etc/conf.d/a.yaml");
    assert_true(is_seen());
    run("mv etc/conf.d/a.yaml etc/conf.d/b.yaml");
    assert_true(is_seen());
    settle();
    run("rm etc/conf.d/b.yaml");
    assert_true(is_seen());
    run("echo >> etc/one.yaml");
    assert_true(is_seen());
    run("mkdir -p etc/sub/x");
    assert_true(is_seen());
    settle();
    run("mkdir -p etc/sub/y");
    assert_true(is_seen());
    settle();
    run("echo > etc/sub/y/d.yaml");
    assert_true(is_seen());
    run("touch etc/other.yaml");
    assert_false(is_seen());
}

static void an_included_file_by_a_link_is_seen_where_it_is(void **state)
{
    (void)state;
    run("mkdir etc/conf.d real && echo 'domains: [example.com]' > real/a && ln -s ../../real/a "
        "etc/conf.d/a.yaml");
    run("printf '%s' 'box: {hostname: b.example.com}\ninclude: conf.d/*.yaml\n' > etc/z.yaml");
    settle();
    run("echo >> real/a");
    assert_true(is_seen());
}

static void keys_to_come_are_seen_when_they_come(void **state)
{
    (void)state;
    char *pattern = in_scratch("next/*.pub");
    surroundings.tls_next = pattern;
    settle();
    run("mkdir next");
    assert_true(is_seen());
    settle();
    run("echo > next/a.pub");
    assert_true(is_seen());
    put_config(", tls-next: []");
    run("echo > next/b.pub");
    assert_false(is_seen());
    free(pattern);
}

int main(void)
{
#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(the_configuration_written_over_or_renamed_over_is_seen),
        WITH_SCRATCH(without_inputs_the_configuration_alone_is_watched),
        WITH_SCRATCH(what_happens_beside_is_not_seen),
        WITH_SCRATCH(a_renewal_by_certbot_is_seen),
        WITH_SCRATCH(a_link_to_a_directory_swapped_by_rename_is_seen),
        WITH_SCRATCH(directories_made_later_are_seen_step_by_step),
        WITH_SCRATCH(default_certificate_and_host_keys_are_seen_when_they_come),
        WITH_SCRATCH(absolute_links_are_followed_from_the_root),
        WITH_SCRATCH(what_is_no_longer_named_is_no_longer_watched),
        WITH_SCRATCH(included_files_are_seen_when_they_come_change_and_go),
        WITH_SCRATCH(an_included_file_by_a_link_is_seen_where_it_is),
        WITH_SCRATCH(keys_to_come_are_seen_when_they_come),
        WITH_SCRATCH(links_in_a_circle_end),
        WITH_SCRATCH(many_zone_files_in_one_directory_are_one_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
