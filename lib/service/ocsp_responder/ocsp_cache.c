#include "service/ocsp_responder/ocsp_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"

/* Serial numbers of our certificates are random, and of others there is nothing here. */
static struct ocsp_cached **bucket_of(struct ocsp_cache *cache, struct bytes serial)
{
    uint32_t sum = 2166136261U;
    for (size_t i = 0; i < serial.len; i++)
        sum = (sum ^ serial.data[i]) * 16777619U;
    return &cache->buckets[sum % OCSP_CACHE_BUCKETS];
}

static struct bytes serial_of(const struct ocsp_cached *one)
{
    return bytes_of(one->serial, one->serial_len);
}

static void unlink_asked(struct ocsp_cache *cache, struct ocsp_cached *one)
{
    if (one->previous_asked != NULL)
        one->previous_asked->next_asked = one->next_asked;
    else
        cache->newest = one->next_asked;
    if (one->next_asked != NULL)
        one->next_asked->previous_asked = one->previous_asked;
    else
        cache->oldest = one->previous_asked;
}

static void push_asked(struct ocsp_cache *cache, struct ocsp_cached *one)
{
    one->previous_asked = NULL;
    one->next_asked = cache->newest;
    if (cache->newest != NULL)
        cache->newest->previous_asked = one;
    else
        cache->oldest = one;
    cache->newest = one;
}

static void drop(struct ocsp_cache *cache, struct ocsp_cached *one)
{
    struct ocsp_cached **bucket = bucket_of(cache, serial_of(one));
    LIST_REMOVE(*bucket, one);
    unlink_asked(cache, one);
    cache->count--;
    free(one->response);
    free(one);
}

static struct ocsp_cached *find(struct ocsp_cache *cache, const struct cert_id *id)
{
    for (struct ocsp_cached *one = *bucket_of(cache, id->serial); one != NULL; one = one->next)
        if (one->hash == id->hash && one->has_null == id->has_null && bytes_equal(serial_of(one), id->serial))
            return one;
    return NULL;
}

const struct ocsp_cached *ocsp_cache_find(struct ocsp_cache *cache, const struct cert_id *id)
{
    struct ocsp_cached *one = find(cache, id);
    if (one != NULL) {
        unlink_asked(cache, one);
        push_asked(cache, one);
    }
    return one;
}

void ocsp_cache_put(struct ocsp_cache *cache, const struct cert_id *id, const struct ocsp_answer_times *times,
                    struct bytes response)
{
    struct ocsp_cached *old = find(cache, id);
    if (old != NULL)
        drop(cache, old);
    struct ocsp_cached *one = calloc(1, sizeof *one);
    uint8_t *copy = one != NULL && id->serial.len <= sizeof one->serial ? malloc(response.len) : NULL;
    if (copy == NULL) {
        free(one);
        return;
    }
    if (cache->count == cache->max)
        drop(cache, cache->oldest);
    memcpy(copy, response.data, response.len);
    memcpy(one->serial, id->serial.data, id->serial.len);
    one->serial_len = id->serial.len;
    one->hash = id->hash;
    one->has_null = id->has_null;
    one->times = *times;
    one->response = copy;
    one->response_len = response.len;
    struct ocsp_cached **bucket = bucket_of(cache, id->serial);
    LIST_PUSH(*bucket, one);
    push_asked(cache, one);
    cache->count++;
}

void ocsp_cache_forget(struct ocsp_cache *cache, struct bytes serial)
{
    struct ocsp_cached *next;
    for (struct ocsp_cached *one = *bucket_of(cache, serial); one != NULL; one = next) {
        next = one->next;
        if (bytes_equal(serial_of(one), serial))
            drop(cache, one);
    }
}

void ocsp_cache_clear(struct ocsp_cache *cache)
{
    while (cache->oldest != NULL)
        drop(cache, cache->oldest);
}
