/* log_feed.h - what somebody who follows a log hands over: entries in batches, tree heads, contacts. Types alone: the role that
 * follows (service/log_follower) and those that listen (service/monitor) do not know each other.
 */
#ifndef CATHAYA_PORTS_LOG_FEED_H
#define CATHAYA_PORTS_LOG_FEED_H

#include "crypto/hash.h"

/* Entries in one batch: a tile, or what a log's get-entries gives at once. */
#define LOG_FEED_BATCH_MAX 1024

/* One entry; everything is borrowed from the batch. */
struct followed_entry {
    uint64_t index;
    uint16_t type;         /* CT: 0 x509, 1 precert, 0xff01 tbs_cert_entry; mtc: 0 null, 1 tbs_cert. Others come too */
    uint64_t timestamp_ms; /* 0: mtc */
    const uint8_t *leaf_hash;   /* HASH_SIZE bytes */
    struct bytes leaf;          /* CT: the TimestampedEntry; mtc: the MTCLogEntry */
    struct bytes certificate;   /* DER: the certificate, the precertificate; tbs_cert_entry and mtc: empty */
    struct bytes tbs;           /* DER: the TBSCertificate of a precertificate. mtc, tbs_cert_entry: the contents of the
                                   TBSCertificateLogEntry, empty for a null entry */
    struct bytes issuer_key_hash; /* precertificates, HASH_SIZE bytes; tbs_cert_entry: ca_key_hash */
    struct bytes chain;         /* static-ct: fingerprints of HASH_SIZE bytes; rfc6962: the certificates, each with a 24-bit length */
    bool is_other;              /* precertificates: certificate is not what the leaf was made of: nobody has signed that it is the same */
    bool is_malformed;          /* it could not be split: type (0xffff: not known) and leaf_hash alone mean something, and leaf, which
                                   is empty where an entry before it in its tile is of an unknown type */
};

/* A run of entries [start, start + count). */
struct followed_batch {
    uint64_t start;
    size_t count;
    const struct followed_entry *entries;
    const struct hash_alg *hash;
    void *look_result; /* look's; given back by `entries` */
};

/* The newest head that is trusted, for gossip. */
struct followed_head {
    uint64_t size;
    uint64_t timestamp_ms;
    uint8_t root[HASH_SIZE];
    struct bytes signature; /* CT: DigitallySigned of the TreeHeadSignature; mtc: the whole signed checkpoint */
};

/* One request to the log, for uptime. */
struct followed_contact {
    const char *endpoint; /* "checkpoint", "tile", "data", "get-sth", "get-entries", "landmarks"... */
    const char *source;   /* the URL prefix */
    bool is_good;         /* answered with what was asked for (404 of a partial tile that is full by now counts as good) */
    int status;           /* of HTTP, 0: none */
    int64_t duration_ms;
    const char *failure; /* "" when good */
};

#endif
