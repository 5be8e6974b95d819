/* The issuers that entries of a static-ct log name by fingerprint: each has to be served, be what its fingerprint says, and have
 * the key that precertificates of it were logged with. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "codec/ct/leaf.h"
#include "codec/x509/certificate.h"
#include "service/log_follower/follower_internal.h"

enum issuer_state { ISSUER_WANTED, ISSUER_FETCHING, ISSUER_GOOD, ISSUER_BAD };

struct issuer {
    uint8_t fingerprint[HASH_SIZE];
    enum issuer_state state;
    uint64_t index; /* an entry that names it */
    int64_t withheld_since_ms; /* asked for in vain, since then; 0: not */
    bool has_expected;
    uint8_t expected[HASH_SIZE]; /* issuer_key_hash of an entry that came before it was known */
    uint8_t key_hash[HASH_SIZE];
};

static int compare(const void *key, const void *item)
{
    return memcmp(key, ((const struct issuer *)item)->fingerprint, HASH_SIZE);
}

void follower_issuers_init(struct log_follower *f)
{
    f->issuers = array_of(sizeof(struct issuer), FOLLOWER_ISSUERS_MAX);
}

/* NULL when there are too many: those are not looked at. */
static struct issuer *find(struct log_follower *f, const uint8_t *fingerprint, uint64_t index)
{
    size_t at;
    struct error err;
    if (array_find(&f->issuers, fingerprint, compare, &at))
        return array_at(&f->issuers, at);
    struct issuer issuer = {.state = ISSUER_WANTED, .index = index};
    memcpy(issuer.fingerprint, fingerprint, HASH_SIZE);
    return array_insert(&f->issuers, at, &issuer, "issuers", &err) == STATUS_OK ? array_at(&f->issuers, at) : NULL;
}

static void tell_key(struct log_follower *f, uint64_t index)
{
    char text[FOLLOWER_TEXT_MAX];
    (void)snprintf(text, sizeof text, "entry %" PRIu64 ": issuer_key_hash is not that of the issuer in its chain", index);
    follower_report(f, &(struct report){.id = FINDING_PRECERT_MISMATCH, .text = text, .has_index = true, .index = index});
}

/* The first of a chain is the issuer of a precertificate. */
static void look_at_key(struct log_follower *f, struct issuer *issuer, const struct followed_entry *e)
{
    if (issuer->state == ISSUER_GOOD) {
        if (!bytes_equal(e->issuer_key_hash, BYTES_OF(issuer->key_hash)))
            tell_key(f, e->index);
    } else if (!issuer->has_expected) {
        issuer->has_expected = true;
        memcpy(issuer->expected, e->issuer_key_hash.data, HASH_SIZE);
    } else if (!bytes_equal(e->issuer_key_hash, BYTES_OF(issuer->expected))) {
        tell_key(f, e->index);
    }
}

void follower_issuers_note(struct log_follower *f, const struct followed_batch *batch)
{
    struct bytes before = {NULL, 0}, key_before = {NULL, 0};
    for (size_t i = 0; f->log.kind == LOG_KIND_STATIC_CT && i < batch->count; i++) {
        const struct followed_entry *e = &batch->entries[i];
        /* Most entries are of the issuer of the one before. */
        if (bytes_equal(e->chain, before) && bytes_equal(e->issuer_key_hash, key_before))
            continue;
        before = e->chain;
        key_before = e->issuer_key_hash;
        for (size_t at = 0; at + HASH_SIZE <= e->chain.len; at += HASH_SIZE) {
            struct issuer *issuer = find(f, e->chain.data + at, e->index);
            if (issuer != NULL && at == 0 && e->type == LEAF_PRECERT)
                look_at_key(f, issuer, e);
        }
    }
}

/* ---- fetching ---- */

static void tell_bad(struct log_follower *f, struct issuer *issuer, const char *why)
{
    char text[FOLLOWER_TEXT_MAX], hex[2 * HASH_SIZE + 1];
    text_hex(BYTES_OF(issuer->fingerprint), hex);
    (void)snprintf(text, sizeof text, "issuer/%s, in the chain of entry %" PRIu64 ": %.100s", hex, issuer->index, why);
    follower_report(f, &(struct report){.id = FINDING_BAD_ISSUER, .text = text, .has_index = true, .index = issuer->index});
    issuer->state = ISSUER_BAD;
}

static void take(struct log_follower *f, struct issuer *issuer, struct bytes der)
{
    uint8_t hash[HASH_SIZE];
    struct certificate certificate;
    hasher_one(&f->hasher, der, hash);
    if (memcmp(hash, issuer->fingerprint, HASH_SIZE) != 0) {
        tell_bad(f, issuer, "it does not hash to its fingerprint");
        return;
    }
    issuer->state = ISSUER_BAD;
    if (certificate_parse(der, &certificate, NULL) != STATUS_OK)
        return; /* what was submitted is served: the log did its part */
    issuer->state = ISSUER_GOOD;
    hasher_one(&f->hasher, certificate.spki, issuer->key_hash);
    if (issuer->has_expected && memcmp(issuer->expected, issuer->key_hash, HASH_SIZE) != 0)
        tell_key(f, issuer->index);
}

/* Neither given nor refused. A log that is there and does that for an hour keeps it from us. */
static void look_again(struct log_follower *f, struct issuer *issuer)
{
    int64_t now = follower_now_ms(f);
    bool is_there = f->sources[0].failing_since_ms == 0;
    if (issuer->withheld_since_ms == 0 || !is_there)
        issuer->withheld_since_ms = now;
    if (now - issuer->withheld_since_ms > FOLLOWER_UNREACHABLE_MS)
        tell_bad(f, issuer, "it is asked for in vain, for an hour");
    issuer->state = ISSUER_WANTED;
}

static void on_issuer(void *cookie, struct get *g)
{
    struct log_follower *f = cookie;
    uint8_t fingerprint[HASH_SIZE];
    size_t at;
    f->issuers_under_way--;
    if (text_parse_hex(bytes_of_text(strchr(g->path, '/') + 1), fingerprint, HASH_SIZE) &&
        array_find(&f->issuers, fingerprint, compare, &at)) {
        struct issuer *issuer = array_at(&f->issuers, at);
        if (g->status == STATUS_OK)
            take(f, issuer, builder_view(&g->body));
        else if (g->status == STATUS_NOT_FOUND)
            tell_bad(f, issuer, "it is not served");
        else
            look_again(f, issuer); /* in the next round */
    }
    if (f->issuers_under_way == 0)
        follower_step_done(f);
}

static void fetch_wanted(struct log_follower *f)
{
    struct error err;
    for (size_t i = 0; i < f->issuers.count; i++) {
        struct issuer *issuer = array_at(&f->issuers, i);
        char path[16 + 2 * HASH_SIZE + 1] = "issuer/";
        if (issuer->state != ISSUER_WANTED)
            continue;
        text_hex(BYTES_OF(issuer->fingerprint), path + 7);
        if (follower_get_start(f, &f->sources[0], path, "issuer", CERTIFICATE_SIZE_MAX, false, on_issuer, f, &err) != STATUS_OK)
            continue;
        issuer->state = ISSUER_FETCHING;
        f->issuers_under_way++;
    }
}

void follower_issuers_begin(struct log_follower *f)
{
    f->issuers_under_way = 0;
    fetch_wanted(f);
    if (f->issuers_under_way == 0)
        follower_step_done(f);
}
