// SPDX-License-Identifier: ISC
#include "tests/unit/signer/box.h"

#include "base/file.h"
#include "config/surroundings.h"

char *directory;

int box_set_up(void **state)
{
    make_scratch(state);
    directory = scratch;
    write_text("host.pub", host_key);
    return 0;
}

int box_tear_down(void **state)
{
    return remove_scratch(state);
}

void write_text(const char *name, const char *text)
{
    put_file(name, text);
}

void write_box(const char *options, const char *domains)
{
    char *text = xasprintf("box: {hostname: box.example.com, %s}\nstate: %s/state\ndomains:\n%s",
                           options, directory, domains);
    write_text("box.yaml", text);
    free(text);
}

void write_config(const char *domains)
{
    write_box("addresses: [192.0.2.1], dkim: no, ssh: [host.pub]", domains);
}

const char host_key[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJfkNV4OS33ImTXvorZr72q4v5XhVEQKfvqsxOEJ/XaR root@box\n";
const char other_host_key[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUZzHwKqCCvuj7sTfBUqCVEXdvCPtUMsn7JGjvvWS8Y root@box\n";

struct inputs *read_inputs(void)
{
    char *path = path_join(directory, "box.yaml");
    char *next = path_join(directory, "next/*.pub");
    const struct surroundings surroundings = {.tls_next = next};
    struct inputs *inputs = NULL;
    struct config_errors errors = {0};
    if (inputs_read_in(&surroundings, path, &inputs, &errors) != STATUS_OK)
        fail_msg("%s", errors.list[0].text);
    free(path);
    free(next);
    return inputs;
}

struct publisher *start(int64_t now)
{
    char *path = path_join(directory, "state");
    struct publisher *publisher = NULL;
    struct error err = {0};
    if (publisher_open(path, &publisher, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    free(path);
    publisher_set_inputs(publisher, read_inputs(), now);
    return publisher;
}

struct batch *sign_next(struct publisher *publisher, int64_t now)
{
    struct batch *batch = publisher_collect(publisher, now);
    for (size_t i = 0; batch != NULL && i < batch_piece_count(batch); i++)
        batch_run_piece(batch, i);
    return batch;
}

void work(struct publisher *publisher, int64_t now)
{
    struct batch *batch;
    for (int turns = 0; (batch = sign_next(publisher, now)) != NULL; turns++) {
        assert_int_equal(publisher_commit(publisher, batch, now), STATUS_OK);
        assert_true(turns < 50);
    }
}

void prepare(struct publisher *publisher, int64_t now)
{
    assert_non_null(sign_next(publisher, now));
}

struct publisher *begin(int64_t now)
{
    struct publisher *publisher = start(now);
    work(publisher, now);
    return publisher;
}

struct publisher *begin_sound(const char *domains)
{
    write_config(domains);
    struct publisher *publisher = begin(NOW);
    assert_false(publisher_has_trouble(publisher));
    return publisher;
}

struct zone *zone_named(const struct publisher *publisher, const char *name)
{
    for (size_t i = 0; i < publisher->zones.count; i++)
        if (strcmp(publisher->zones.list[i].name, name) == 0)
            return &publisher->zones.list[i];
    fail_msg("no zone %s", name);
    return NULL;
}

bool look(struct publisher *publisher, const char *zone, struct image *ret)
{
    struct name name;
    struct name_key key;
    struct store_entry entry;
    struct error err = {0};
    assert_int_equal(name_from_text(zone, &name, NULL), STATUS_OK);
    name_key(name.wire, &key);
    assert_int_equal(stores_renew(&publisher->stores, &err), STATUS_OK);
    bool found = store_get(publisher->stores.serve_reader, STORE_IMAGES, key.octets, key.len,
                           &entry) == STATUS_OK;
    if (found && image_open(entry.value, entry.value_len, ret, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return found;
}

uint32_t serial_of(struct publisher *publisher, const char *zone)
{
    struct image image;
    uint32_t serial = look(publisher, zone, &image) ? image.header->serial : 0;
    stores_reset(&publisher->stores);
    return serial;
}

bool zone_has(struct publisher *publisher, const char *zone, const char *owner, uint16_t type)
{
    struct image image;
    assert_true(look(publisher, zone, &image));
    bool found = find_rrset(&image, zone, owner, type) != NULL;
    stores_reset(&publisher->stores);
    return found;
}

// As a validator at that time would see it, with the keys in the directory.
void assert_valid(struct publisher *publisher, const char *zone, int64_t now)
{
    struct image image;
    struct name name;
    struct dnskey_set keys;
    struct error err = {0};
    char *path = path_join(directory, "state/keys");
    assert_true(look(publisher, zone, &image));
    assert_int_equal(name_from_text(zone, &name, NULL), STATUS_OK);
    assert_int_equal(dnskey_load(path, zone, false, &keys, &err), STATUS_OK);
    for (size_t i = 0; i < keys.count; i++)
        keys.keys[i].use = DNSKEY_PUBLISHED | DNSKEY_SIGNS_KEYS | DNSKEY_SIGNS_ZONE;
    struct verify_request request = {
        .image = &image,
        .apex = name.wire,
        .dnssec = CONFIG_DNSSEC_ON,
        .denial = (image.header->flags & IMAGE_NSEC3) != 0 ? DENIAL_NSEC3 : DENIAL_NSEC,
        .keys = &keys,
        .policy = {.lifetime = 14 * DAY, .refresh = 6 * DAY},
        .serial = image.header->serial,
        .now = now,
    };
    if (verify_image(&request, &err) != STATUS_OK)
        fail_msg("%s at %lld: %s", zone, (long long)(now - NOW), err.text);
    dnskey_set_done(&keys);
    stores_reset(&publisher->stores);
    free(path);
}

size_t count_keys(void)
{
    char *path = path_join(directory, "state/keys");
    struct dnskey_listing listing;
    assert_int_equal(dnskey_listing_read(path, &listing, NULL), STATUS_OK);
    size_t count = listing.count;
    dnskey_listing_done(&listing);
    free(path);
    return count;
}

// A line of shell in the scratch directory.
void in_shell(const char *command)
{
    run(command);
}

void take(struct publisher *publisher, int64_t now)
{
    publisher_set_inputs(publisher, read_inputs(), now);
    work(publisher, now);
}

// ── What is logged ───────────────────────────────────────────────────────────────────────────────

static FILE *heard;
static int said_to; // standard error as it was

void listen_to_log(void)
{
    heard = tmpfile();
    assert_non_null(heard);
    said_to = dup(STDERR_FILENO);
    assert_true(said_to >= 0 && dup2(fileno(heard), STDERR_FILENO) >= 0);
}

size_t end_listening(const char *words)
{
    char line[4096];
    size_t count = 0;
    assert_true(dup2(said_to, STDERR_FILENO) >= 0);
    close(said_to);
    rewind(heard);
    while (fgets(line, sizeof(line), heard) != NULL) {
        count += strstr(line, words) != NULL;
        fputs(line, stderr);
    }
    fclose(heard);
    return count;
}
