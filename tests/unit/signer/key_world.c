// SPDX-License-Identifier: ISC
#include "tests/unit/signer/key_world.h"

#include <ldns/ldns.h>

#include "dns/types.h"
#include "dns/wire.h"
#include "signer/life.h"
#include "signer/life_order.h"
#include "signer/questions.h"

#define QUESTIONS 128

struct zone *world_zone(const struct publisher *publisher)
{
    return zone_named(publisher, WORLD_ZONE);
}

void world_keyset(const struct publisher *publisher, struct keyset *ret)
{
    life_read(&world_zone(publisher)->state, ret);
}

struct dnskey_id world_wanted(const struct publisher *publisher)
{
    struct keyset set;
    struct dnskey_id id = {0, 0};
    world_keyset(publisher, &set);
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set.keys[i].role != 0 && set.keys[i].wanted)
            id = set.keys[i].id;
    assert_true(id.algorithm != 0);
    return id;
}

void world_see(struct publisher *publisher, int64_t now)
{
    struct zone *zone = world_zone(publisher);
    struct keyset set;
    struct error err = {0};
    life_read(&zone->state, &set);
    const struct keyset_sight zone_sight = {.seen_at = now, .revision = set.revision, .ok = 1};
    const struct keyset_parent_sight parent_sight = {
        .seen_at = now, .ok = 1, .ttl = 300, .sets = {{.keys = set.offered}}, .set_count = 1};
    keyset_see_zone(&set, &zone_sight, now);
    keyset_see_parent(&set, &parent_sight, now);
    assert_int_equal(life_keep(publisher, zone, &set, &err), STATUS_OK);
    work(publisher, now);
}

static bool same(struct dnskey_id a, struct dnskey_id b)
{
    return a.tag == b.tag && a.algorithm == b.algorithm;
}

bool world_has_ds(const struct world *world, struct dnskey_id id)
{
    bool found = false;
    for (size_t i = 0; i < world->ds_count; i++)
        found = found || same(world->ds[i], id);
    return found;
}

// ── What is published ────────────────────────────────────────────────────────────────────────────

static const struct observe_key *by_digest(const struct observe_question *question,
                                           const struct image_rr *rr)
{
    struct name name;
    uint8_t octets[NAME_WIRE_MAX + 1024], digest[32];
    assert_int_equal(name_from_text(WORLD_ZONE, &name, NULL), STATUS_OK);
    assert_true(rr->rdata_len <= 1024);
    memcpy(octets, name.wire, name.len);
    memcpy(octets + name.len, rr->rdata, rr->rdata_len);
    ldns_sha256(octets, (unsigned)(name.len + rr->rdata_len), digest);
    for (size_t i = 0; i < question->key_count; i++)
        if (memcmp(question->keys[i].sha256, digest, sizeof(digest)) == 0)
            return &question->keys[i];
    return NULL;
}

// Is the RRset signed by exactly the keys with that use?
static bool signed_by(const struct image *image, uint16_t type,
                      const struct observe_question *question, uint8_t use)
{
    const struct image_rrset *rrset = image_rrset(image, image->nodes, type);
    struct image_cursor cursor;
    struct image_rr rr;
    size_t wanted = 0, found = 0;
    for (size_t i = 0; i < question->key_count; i++)
        wanted += (question->keys[i].use & use) != 0;
    if (rrset == NULL)
        return wanted == 0;
    for (image_rrs(&cursor, image, rrset, true); image_rrs_next(&cursor, &rr);) {
        size_t hits = 0;
        if (rr.type != RR_TYPE_RRSIG)
            continue;
        for (size_t i = 0; i < question->key_count; i++)
            hits += (question->keys[i].use & use) != 0 &&
                    question->keys[i].tag == wire_get_u16(rr.rdata + 16) &&
                    question->keys[i].algorithm == rr.rdata[2];
        if (hits != 1)
            return false;
        found++;
    }
    return found == wanted;
}

static bool is_published(struct publisher *publisher, const struct observe_question *question)
{
    struct image image;
    struct image_cursor cursor;
    struct image_rr rr;
    size_t wanted = 0, found = 0;
    assert_true(look(publisher, WORLD_ZONE, &image));
    for (size_t i = 0; i < question->key_count; i++)
        wanted += (question->keys[i].use & OBSERVE_IN_DNSKEY) != 0;
    bool good = true;
    const struct image_rrset *rrset = image_rrset(&image, image.nodes, RR_TYPE_DNSKEY);
    if (rrset != NULL)
        for (image_rrs(&cursor, &image, rrset, false); image_rrs_next(&cursor, &rr);) {
            const struct observe_key *key = by_digest(question, &rr);
            good = good && key != NULL && (key->use & OBSERVE_IN_DNSKEY) != 0;
            found++;
        }
    good = good && found == wanted &&
           signed_by(&image, RR_TYPE_DNSKEY, question, OBSERVE_SIGNS_KEYS) &&
           signed_by(&image, RR_TYPE_SOA, question, OBSERVE_SIGNS_ZONE);
    stores_reset(&publisher->stores);
    return good;
}

// The keys that CDS names. False: there is no CDS.
static bool read_cds(struct publisher *publisher, struct dnskey_id ret[KEYSET_KEYS_MAX],
                     size_t *ret_count)
{
    struct image image;
    struct image_cursor cursor;
    struct image_rr rr;
    *ret_count = 0;
    assert_true(look(publisher, WORLD_ZONE, &image));
    const struct image_rrset *rrset = image_rrset(&image, image.nodes, RR_TYPE_CDS);
    if (rrset != NULL)
        for (image_rrs(&cursor, &image, rrset, false); image_rrs_next(&cursor, &rr);)
            if (rr.rdata[2] != 0) // else: delete
                ret[(*ret_count)++] = (struct dnskey_id){wire_get_u16(rr.rdata), rr.rdata[2]};
    stores_reset(&publisher->stores);
    return rrset != NULL;
}

// ── Answers ──────────────────────────────────────────────────────────────────────────────────────

static void answer_keys(struct publisher *publisher, const struct world *world,
                        const struct observe_question *question, struct observe_answer *ret)
{
    bool good = is_published(publisher, question);
    uint32_t servers = 2;
    ret->ttl = 3600;
    ret->unknown = world->unreachable;
    ret->wrong = !good ? servers - world->unreachable : world->behind ? 1 : 0;
    ret->ok = servers - ret->unknown - ret->wrong;
    ret->expires_at =
        world->expires_at != 0 ? world->expires_at : world_zone(publisher)->published.expires_at;
    if (world->expires_at != 0)
        memcpy(ret->first_expiring, (uint8_t[16]){[10] = 0xff, 0xff, 192, 0, 2, 77}, 16);
    if (ret->wrong > 0)
        memcpy(ret->first_wrong, (uint8_t[16]){[10] = 0xff, 0xff, 192, 0, 2, 53}, 16);
}

static void answer_ds(const struct world *world, const struct observe_question *question,
                      struct observe_answer *ret)
{
    uint16_t keys = 0;
    for (size_t i = 0; i < question->key_count; i++) {
        struct dnskey_id id = {question->keys[i].tag, question->keys[i].algorithm};
        if (world_has_ds(world, id))
            keys |= (uint16_t)(1U << i);
    }
    if (world->parent_is_silent) {
        ret->unknown = 2;
        return;
    }
    ret->ok = 2;
    ret->ttl = world->ds_count + world->foreign > 0 ? WORLD_PARENT_TTL : 0;
    ret->set_count = 1;
    ret->ns_ttl = WORLD_NS_TTL;
    ret->sets[0] = (struct observe_set){.keys = keys,
                                        .strong = world->foreign_is_stronger ? 0 : keys,
                                        .foreign = world->foreign,
                                        .servers = 2};
    if (world->ds_count + world->foreign > 0)
        ret->sets[0].traits = OBSERVE_DS_COUNTS | (world->foreign_is_other ? OBSERVE_DS_LACKS : 0);
}

void world_answer(struct publisher *publisher, struct world *world,
                  const struct observe_question *question, int64_t now)
{
    struct observe_answer answer = {.version = OBSERVE_VERSION, .id = question->id, .seen_at = now};
    world->asked[question->kind]++;
    if (question->kind == OBSERVE_KEYS)
        answer_keys(publisher, world, question, &answer);
    else if (question->kind == OBSERVE_DS)
        answer_ds(world, question, &answer);
    else if (question->kind == OBSERVE_RECORD && question->type == RR_TYPE_CDS &&
             (world->behind || world->lacks_cds))
        answer.wrong = answer.ok = 1;
    else
        answer.ok = 1;
    questions_answer(publisher, &answer, now);
}

size_t world_answer_all(struct publisher *publisher, struct world *world, int64_t now)
{
    struct observe_question questions[QUESTIONS];
    size_t all = 0, count;
    while ((count = questions_take(publisher, now, questions, QUESTIONS)) > 0) {
        for (size_t i = 0; i < count; i++)
            world_answer(publisher, world, &questions[i], now);
        all += count;
        assert_true(all < 10000);
    }
    return all;
}

// ── Time ─────────────────────────────────────────────────────────────────────────────────────────

static void follow_cds(struct publisher *publisher, struct world *world, int64_t now)
{
    struct dnskey_id ids[KEYSET_KEYS_MAX];
    size_t count;
    bool any = world->parent_takes_cds && read_cds(publisher, ids, &count);
    bool differs = any && count != world->ds_count;
    for (size_t i = 0; any && i < count; i++)
        differs = differs || !world_has_ds(world, ids[i]);
    if (!differs) {
        world->follows_at = 0;
    } else if (world->follows_at == 0) {
        world->follows_at = now + WORLD_REGISTRAR;
    } else if (now >= world->follows_at) {
        memcpy(world->ds, ids, sizeof(ids));
        world->ds_count = count;
        world->follows_at = 0;
    }
}

// What the parent has is in the zone, and signs its keys.
static void assert_holds(const struct publisher *publisher, const struct world *world)
{
    struct keyset set;
    world_keyset(publisher, &set);
    bool chained = world->ds_count == 0;
    for (size_t i = 0; i < world->ds_count; i++) {
        size_t slot = keyset_find(&set, world->ds[i]);
        chained = chained ||
                  (slot < KEYSET_KEYS_MAX && (keyset_key_signers(&set) & keyset_bit(slot)) != 0);
    }
    assert_true(chained);
    assert_true(!set.begun || keyset_holds(&set));
}

int64_t world_run(struct publisher *publisher, struct world *world, int64_t now, int64_t end,
                  bool (*done)(const struct publisher *publisher))
{
    for (size_t turns = 0; now < end; turns++) {
        assert_true(turns < 100000);
        work(publisher, now);
        follow_cds(publisher, world, now);
        world_answer_all(publisher, world, now);
        work(publisher, now);
        assert_holds(publisher, world);
        if (done != NULL && done(publisher))
            return now;
        int64_t next = publisher_next(publisher, now), ask = questions_next(publisher);
        next = ask < next ? ask : next;
        next = world->follows_at != 0 && world->follows_at < next ? world->follows_at : next;
        next = next > now ? next : now + 1;
        now = next < end ? next : end;
    }
    return now;
}
