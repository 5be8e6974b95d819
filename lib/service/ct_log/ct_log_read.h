/* ct_log_read.h - the RFC 6962 reads: what the loop asks, and what the read worker knows; private to service/ct_log. */
#ifndef CATHAYA_SERVICE_CT_LOG_CT_LOG_READ_H
#define CATHAYA_SERVICE_CT_LOG_CT_LOG_READ_H

#include "service/ct_log/ct_log_internal.h"
#include "tiled_tree/tree_read.h"

/* Bytes of an answer: get-entries gives fewer entries rather than more bytes, as every client expects it to. The entries of a tile
 * fit, and what all connections of one address hold while they read slowly is a gigabyte. */
#define CT_LOG_READ_BYTES_MAX ((size_t)2 << 20)
/* One entry of the largest size with its chain, in base64, always fits. */
#define CT_LOG_READ_BODY_MAX ((size_t)32 << 20)
/* Issuers in memory, some 4 MiB of them, for extra_data. */
#define CT_LOG_READ_ISSUERS_MAX 2048

enum ct_log_read_kind {
    CT_LOG_GET_STH,
    CT_LOG_GET_ROOTS,
    CT_LOG_GET_CONSISTENCY,
    CT_LOG_GET_PROOF,
    CT_LOG_GET_ENTRIES,
    CT_LOG_GET_ENTRY_AND_PROOF
};

/* A read under way. */
struct ct_log_query {
    struct ct_log *log;
    struct http_exchange *x;
    enum ct_log_read_kind kind;
    uint64_t first, second;  /* start and end (inclusive), first and second, leaf_index and tree_size */
    uint8_t hash[HASH_SIZE]; /* get-proof-by-hash, whose tree_size is `second` */
    struct log_tree_head head; /* when it was asked */
    uint64_t min_index, index_size;
    enum status status;
    struct error err;
    struct builder body;
};

/* An issuer that was read; a free slot has no DER. */
struct ct_log_read_issuer {
    uint8_t fingerprint[HASH_SIZE];
    struct builder der;
};

struct ct_log_reader {
    const struct ct_log *log; /* its configuration alone */
    struct object_store store;
    struct hasher hasher;
    struct builder scratch, bundle, leaf_input, extra_data;
    struct tile_cache cache;
    struct tree_edge edge;
    bool has_edge;
    uint64_t bundle_index; /* in `parsed`; UINT64_MAX: none */
    struct leaf_bundle parsed;
    struct ct_log_read_issuer *issuers; /* CT_LOG_READ_ISSUERS_MAX slots by fingerprint; a new one takes the place of an old */
};

/* ct_log_query_parse reads the parameters of a kind. STATUS_MALFORMED with the reason. */
MUST_USE enum status ct_log_query_parse(struct bytes query, enum ct_log_read_kind kind, struct ct_log_query *out,
                                        struct error *err);

/* ct_log_reader_answer writes the body. STATUS_NOT_FOUND, STATUS_AGAIN while the index is behind, or a failure of ours. */
void ct_log_reader_answer(struct ct_log_reader *reader, struct ct_log_query *q);

/* ct_log_reader_entries writes get-entries, or the entry of get-entry-and-proof into leaf_input and extra_data. */
MUST_USE enum status ct_log_reader_entries(struct ct_log_reader *reader, struct ct_log_query *q, struct error *err);
MUST_USE enum status ct_log_reader_entry(struct ct_log_reader *reader, const struct ct_log_query *q, uint64_t index,
                                         struct error *err);

/* ct_log_reader_reading is what reading the tree needs, once it is ready. */
struct tree_read ct_log_reader_reading(struct ct_log_reader *reader, uint64_t min_index);

/* ct_log_reader_tree readies the reader for the tree of q. */
MUST_USE enum status ct_log_reader_tree(struct ct_log_reader *reader, const struct ct_log_query *q, struct error *err);

#endif
