/* The generic cell rate algorithm: a limit is one time, that at which it will be full again. Every event
 * moves it on by the interval, and it may not be more than burst intervals away. */
#include <stdlib.h>
#include <string.h>

#include "adapters/sqlite/sqlite_acme.h"
#include "crypto/hash.h"

/* Limits that are looked at for one that is removed: most are in use. */
#define SCAN_FACTOR 8

static bool hash_key(const char *key, uint8_t out[ACME_TOKEN_KEY_SIZE])
{
    uint8_t hash[HASH_SIZE];
    struct bytes part = bytes_of_text(key);
    if (!hash_label_sha256(&part, 1, hash))
        return false;
    memcpy(out, hash, ACME_TOKEN_KEY_SIZE);
    return true;
}

static enum status load(struct sqlite_acme_store *s, struct bytes key, int64_t *full_ms, struct error *err)
{
    struct sqlite_call call;
    sqlite_call_read(&call, s->db, ACME_SQL_TOKEN_GET, err);
    sqlite_call_bytes(&call, key);
    *full_ms = sqlite_call_next(&call) ? sqlite_call_get_int(&call) : INT64_MIN;
    return sqlite_call_end(&call);
}

static int64_t multiply(uint64_t a, uint64_t b)
{
    /* So far away that sums of two stay within 64 bits. */
    const uint64_t most = INT64_MAX / 4;
    return (int64_t)(b != 0 && a > most / b ? most : a * b);
}

enum status sqlite_acme_token_take(void *context, const char *key, uint64_t burst,
                                   uint64_t interval_ms, int64_t now_ms, bool is_look,
                                   int64_t *retry_after_ms, struct error *err)
{
    struct sqlite_acme_store *s = context;
    uint8_t hash[ACME_TOKEN_KEY_SIZE];
    int64_t full_ms, step_ms = multiply(1, interval_ms), most_ms = multiply(burst, interval_ms);
    *retry_after_ms = 0;
    if (!hash_key(key, hash))
        return error_set(err, STATUS_NO_MEMORY, "no memory for a hash");
    enum status status = load(s, BYTES_OF(hash), &full_ms, err);
    if (status != STATUS_OK)
        return status;
    if (full_ms < now_ms)
        full_ms = now_ms;
    if (full_ms > now_ms + most_ms) /* the clock was set back, or the limit was tightened */
        full_ms = now_ms + most_ms;
    int64_t next_ms = full_ms + step_ms;
    if (burst == 0 || next_ms > now_ms + most_ms) {
        *retry_after_ms = burst == 0 ? step_ms : next_ms - now_ms - most_ms;
        return error_set(err, STATUS_LIMIT, "rate limit");
    }
    if (is_look)
        return STATUS_OK;
    struct sqlite_call call;
    sqlite_call_write(&call, s->db, ACME_SQL_TOKEN_PUT, err);
    sqlite_call_bytes(&call, BYTES_OF(hash));
    sqlite_call_int(&call, next_ms);
    return sqlite_call_run(&call);
}

/* ---- expiry ---- */

struct full_keys {
    uint8_t (*keys)[ACME_TOKEN_KEY_SIZE];
    size_t count, seen;
};

/* Looks at the next limits in the order of their keys, and goes on from the start behind the last. */
static enum status scan(struct sqlite_acme_store *s, int64_t now_ms, size_t max,
                        struct full_keys *full, struct error *err)
{
    struct sqlite_call call;
    size_t limit = SCAN_FACTOR * max;
    uint8_t from[ACME_TOKEN_KEY_SIZE];
    memcpy(from, s->token_at, sizeof from);
    sqlite_call_read(&call, s->db, ACME_SQL_TOKEN_SCAN, err);
    sqlite_call_bytes(&call, BYTES_OF(from));
    sqlite_call_int(&call, (int64_t)limit);
    while (full->count < max && sqlite_call_next(&call)) {
        struct bytes key = sqlite_call_get_bytes(&call);
        int64_t full_ms = sqlite_call_get_int(&call);
        full->seen++;
        if (key.len != sizeof s->token_at)
            continue;
        memcpy(s->token_at, key.data, key.len);
        if (full_ms <= now_ms)
            memcpy(full->keys[full->count++], key.data, key.len);
    }
    if (call.status == STATUS_OK && full->count < max && full->seen < limit)
        memset(s->token_at, 0, sizeof s->token_at);
    return sqlite_call_end(&call);
}

static enum status drop(struct sqlite_acme_store *s, struct bytes key, struct error *err)
{
    struct sqlite_call call;
    sqlite_call_write(&call, s->db, ACME_SQL_TOKEN_DROP, err);
    sqlite_call_bytes(&call, key);
    return sqlite_call_run(&call);
}

enum status sqlite_acme_token_expire(struct sqlite_acme_store *s, int64_t now_ms, size_t max,
                                     size_t *removed, struct error *err)
{
    struct full_keys full = {.keys = calloc(max + 1, sizeof *full.keys)};
    *removed = 0;
    if (full.keys == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for expired limits");
    enum status status = scan(s, now_ms, max, &full, err);
    for (size_t i = 0; status == STATUS_OK && i < full.count; i++) {
        status = drop(s, BYTES_OF(full.keys[i]), err);
        *removed += status == STATUS_OK;
    }
    free(full.keys);
    return status;
}
