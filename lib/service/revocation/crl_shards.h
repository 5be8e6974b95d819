/* crl_shards.h - all CRLs of a CA: its revoked certificates in shards by serial number, signed and put
 * where relying parties read [RFC5280 5], [BR 4.9.7]. Blocking: for the CA's worker. */
#ifndef CATHAYA_SERVICE_REVOCATION_CRL_SHARDS_H
#define CATHAYA_SERVICE_REVOCATION_CRL_SHARDS_H

#include "codec/x509/crl.h"
#include "ports/clock.h"
#include "ports/document_signer.h"
#include "ports/object_store.h"

/* Objects "crl/<shard>.crl". */
#define CRL_SHARDS_FOLDER "crl"
/* [BR 4.9.7] allows 10 days; a weekend without anybody must be survived. */
#define CRL_SHARDS_LIFETIME_S (7 * (int64_t)86400)

struct crl_shards {
    struct document_signer signer;
    struct bytes issuer;  /* whole Name */
    struct bytes key_id;
    const char *url;      /* the shards are at <url>/<shard>.crl; no '/' at its end */
    struct object_store store;
    struct clock_port clock;
};

/* crl_shards_publish signs and puts every shard, durably. The number of a list is greater than that of
 * the one before it. STATUS_LIMIT when a shard would become too long: the others are published. */
MUST_USE enum status crl_shards_publish(const struct crl_shards *shards,
                                        const struct crl_entry *entries, size_t count,
                                        struct error *err);

#endif
