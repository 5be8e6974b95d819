/* ocsp_cache.h - signed responses by certificate, the one that was asked for longest ago goes first. Inside
 * service/ocsp_responder; on the loop. */
#ifndef CATHAYA_SERVICE_OCSP_RESPONDER_OCSP_CACHE_H
#define CATHAYA_SERVICE_OCSP_RESPONDER_OCSP_CACHE_H

#include "codec/ocsp/cert_id.h"

/* A signed response and its times. */
struct ocsp_answer_times {
    int64_t this_update_s, next_update_s;
    int64_t fresh_until_s; /* then there should be another */
};

struct ocsp_cached {
    struct ocsp_cached *next, *previous;             /* of the bucket */
    struct ocsp_cached *next_asked, *previous_asked; /* of all, the newest first */
    enum cert_id_hash hash;
    bool has_null;
    uint8_t serial[CERT_ID_SERIAL_MAX];
    size_t serial_len;
    struct ocsp_answer_times times;
    uint8_t *response;
    size_t response_len;
};

#define OCSP_CACHE_BUCKETS 4096

struct ocsp_cache {
    size_t count, max;
    struct ocsp_cached *newest, *oldest;
    struct ocsp_cached *buckets[OCSP_CACHE_BUCKETS];
};

/* ocsp_cache_find gives what is kept for that ID, whose issuer is ours; NULL: nothing. */
const struct ocsp_cached *ocsp_cache_find(struct ocsp_cache *cache, const struct cert_id *id);

/* ocsp_cache_put keeps a copy in place of what there was; without memory it does not. */
void ocsp_cache_put(struct ocsp_cache *cache, const struct cert_id *id, const struct ocsp_answer_times *times,
                    struct bytes response);

/* ocsp_cache_forget drops all about a serial number, ocsp_cache_clear all. */
void ocsp_cache_forget(struct ocsp_cache *cache, struct bytes serial);
void ocsp_cache_clear(struct ocsp_cache *cache);

#endif
