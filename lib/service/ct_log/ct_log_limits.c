#include "service/ct_log/ct_log_limits.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/random.h"
#include "rules/dns_name.h"

/* Above any /64 that is routed; 0 is free, so what is no address has a key of its own too. */
#define IPV4_MARK ((uint64_t)0x0100 << 48)
#define OTHER_KEY ((uint64_t)0x0101 << 48)

enum status ct_log_limits_init(struct ct_log_limits_table *t, uint32_t per_address_per_s, uint32_t per_s,
                               struct error *err)
{
    *t = (struct ct_log_limits_table){.per_address_per_s = per_address_per_s, .per_s = per_s};
    t->buckets = calloc((size_t)CT_LOG_LIMITS_SETS * CT_LOG_LIMITS_WAYS, sizeof *t->buckets);
    if (t->buckets == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for rate limits");
    return random_bytes(&t->seed, sizeof t->seed, err);
}

void ct_log_limits_clear(struct ct_log_limits_table *t)
{
    free(t->buckets);
    t->buckets = NULL;
}

static uint64_t key_of(const char *peer)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    uint8_t address[16];
    size_t len = 0;
    uint64_t key = 0;
    if (!ip_address_parse(bytes_of(peer, strcspn(peer, "%")), address, &len))
        return OTHER_KEY;
    if (len == 16 && memcmp(address, mapped, sizeof mapped) == 0) {
        memmove(address, address + 12, 4);
        len = 4;
    }
    for (size_t i = 0; i < (len == 4 ? 4U : 8U); i++)
        key = key << 8 | address[i];
    if (len == 4)
        return IPV4_MARK | key;
    return key != 0 ? key : OTHER_KEY; /* ::1 */
}

static int64_t free_at_us(const struct ct_log_bucket *b, int64_t now_us)
{
    return b->key != 0 && b->full_at_us > now_us ? b->full_at_us : now_us;
}

static struct ct_log_bucket *find(struct ct_log_limits_table *t, uint64_t key, int64_t now_us)
{
    uint64_t mixed = (key ^ t->seed) * 0x9e3779b97f4a7c15U;
    mixed = (mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9U;
    struct ct_log_bucket *set = &t->buckets[(mixed >> 32) % CT_LOG_LIMITS_SETS * CT_LOG_LIMITS_WAYS];
    struct ct_log_bucket *fullest = set;
    for (size_t i = 0; i < CT_LOG_LIMITS_WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (free_at_us(&set[i], now_us) < free_at_us(fullest, now_us))
            fullest = &set[i];
    }
    *fullest = (struct ct_log_bucket){.key = key, .full_at_us = now_us};
    return fullest;
}

/* How long until the bucket has `count` tokens; 0: it has. */
static int64_t wait_us(const struct ct_log_bucket *b, uint32_t rate, int64_t now_us, uint32_t count)
{
    const int64_t burst_us = (int64_t)CT_LOG_LIMITS_BURST_S * 1000000;
    int64_t lacks_us = b->full_at_us > now_us ? b->full_at_us - now_us : 0;
    int64_t cost_us = (int64_t)count * 1000000 / rate;
    if (cost_us > burst_us)
        cost_us = burst_us; /* a full bucket is enough for anything */
    return lacks_us + cost_us > burst_us ? lacks_us + cost_us - burst_us : 0;
}

static void pay(struct ct_log_bucket *b, uint32_t rate, int64_t now_us, uint32_t count)
{
    int64_t cost_us = (int64_t)count * 1000000 / rate;
    b->full_at_us = (b->full_at_us > now_us ? b->full_at_us : now_us) + cost_us;
}

/* A clock that was set back would make everybody wait for the time that it lost. */
static void follow_clock(struct ct_log_bucket *b, int64_t now_us)
{
    const int64_t most_us = now_us + (int64_t)1000000 * 60;
    if (b->full_at_us > most_us)
        b->full_at_us = most_us;
}

enum status ct_log_limits_take(struct ct_log_limits_table *t, const char *peer, int64_t now_ms, uint32_t count,
                               uint32_t *retry_after_s, bool *is_address)
{
    int64_t now_us = now_ms * 1000, address_us = 0, all_us = 0;
    struct ct_log_bucket *own = NULL;
    if (t->per_address_per_s > 0) {
        own = find(t, key_of(peer), now_us);
        follow_clock(own, now_us);
        address_us = wait_us(own, t->per_address_per_s, now_us, count);
    }
    if (t->per_s > 0) {
        follow_clock(&t->all, now_us);
        all_us = wait_us(&t->all, t->per_s, now_us, count);
    }
    if (address_us > 0 || all_us > 0) {
        int64_t longest_us = address_us > all_us ? address_us : all_us;
        *is_address = address_us > 0;
        *retry_after_s = (uint32_t)((longest_us + 999999) / 1000000);
        return STATUS_LIMIT;
    }
    if (own != NULL)
        pay(own, t->per_address_per_s, now_us, count);
    if (t->per_s > 0)
        pay(&t->all, t->per_s, now_us, count);
    return STATUS_OK;
}
