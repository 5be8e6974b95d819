/* domain_index.h - which log entries have which names: what a monitor remembers of everything that it has seen.
 *
 * Trust: it is a cache of the logs. Whoever can write it can hide a certificate from a search, and nothing else; lost, it is
 * filled again from the logs. Everything on one thread at a time.
 */
#ifndef CATHAYA_PORTS_DOMAIN_INDEX_H
#define CATHAYA_PORTS_DOMAIN_INDEX_H

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/hash.h"

/* A name in a certificate may be longer than DNS allows: the rest is cut. */
#define DOMAIN_INDEX_NAME_MAX 255
/* A certificate for more names than that is found by its first ones; public CAs stop at 100 to 250. */
#define DOMAIN_INDEX_NAMES_MAX 1000

/* As stored: numbers stay. */
enum domain_index_kind {
    DOMAIN_INDEX_CERTIFICATE = 0,
    DOMAIN_INDEX_PRECERTIFICATE = 1,
    DOMAIN_INDEX_TBS_CERT_ENTRY = 2, /* of a Merkle Tree Certificate, in a CT log or an issuance log */
    DOMAIN_INDEX_BROKEN = 3          /* a certificate that could not be read to its end */
};

struct domain_index_entry {
    const char *log; /* its name in the configuration */
    uint64_t index;
    enum domain_index_kind kind;
    int64_t not_before_s, not_after_s; /* 0 when they are not known */
    struct bytes issuer;               /* as text */
    uint8_t fingerprint[HASH_SIZE];    /* SHA-256 of the certificate, or of the TBS where there is none */
    const struct bytes *names;         /* as in the certificate; kept in lower case, without a dot at the end */
    size_t name_count;
};

struct domain_index_query {
    struct bytes name;  /* lower case; A-labels */
    bool is_subtree;    /* and everything below; otherwise also the wildcard that covers it */
    uint64_t limit;     /* results; the rest is not looked at */
};

/* One result; borrowed for the call. */
struct domain_index_result {
    struct bytes name; /* the one that was found */
    const char *log;
    uint64_t index;
    enum domain_index_kind kind;
    int64_t not_before_s, not_after_s;
    struct bytes issuer;
    uint8_t fingerprint[HASH_SIZE];
};

struct domain_index_stats {
    uint64_t entry_count, name_count, byte_count; /* byte_count: of the database */
};

struct domain_index {
    void *context;
    /* add puts entries in; one that is there already (log, index) is left as it is. Durable with commit. */
    enum status (*add)(void *context, const struct domain_index_entry *entries, size_t count, struct error *err);
    enum status (*commit)(void *context, struct error *err);
    void (*rollback)(void *context);
    /* find calls each for every result in the order of names, until it says false. */
    enum status (*find)(void *context, const struct domain_index_query *query,
                        bool (*each)(void *each_context, const struct domain_index_result *result), void *each_context,
                        struct error *err);
    /* prune removes at most max entries that ended before the time; *removed is how many. Durable with commit. */
    enum status (*prune)(void *context, int64_t not_after_s, uint64_t max, uint64_t *removed, struct error *err);
    enum status (*stats)(void *context, struct domain_index_stats *out, struct error *err);
};

#endif
