/* sqlite_domain.h - what the files of the index of names share; private to adapters/sqlite. */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_DOMAIN_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_DOMAIN_H

#include "adapters/sqlite/sqlite_call.h"
#include "adapters/sqlite/sqlite_domain_names.h"
#include "base/builder.h"

/* 2^40 entries of a log, 2^22 logs. */
#define SQLITE_DOMAIN_INDEX_BITS 40
#define SQLITE_DOMAIN_LOG_MAX ((int64_t)1 << 22)

/* The texts are in sqlite_domain_index.c, in this order. */
enum sqlite_domain_statement {
    DOMAIN_SQL_LOG_FIND, DOMAIN_SQL_LOG_ADD, DOMAIN_SQL_LOG_NAME, DOMAIN_SQL_ISSUER_FIND, DOMAIN_SQL_ISSUER_ADD,
    DOMAIN_SQL_ENTRY_ADD, DOMAIN_SQL_NAME_ADD, DOMAIN_SQL_FIND,
    DOMAIN_SQL_PRUNE_LOOK, DOMAIN_SQL_PRUNE, DOMAIN_SQL_SWEEP_LOOK, DOMAIN_SQL_SWEEP, DOMAIN_SQL_STATS, DOMAIN_SQL_COUNT
};

/* CAs issue with some hundred certificates: their names are looked up once. */
#define SQLITE_DOMAIN_ISSUERS 256
#define SQLITE_DOMAIN_LOG_NAME_MAX 255

struct sqlite_domain_issuer {
    uint8_t *name; /* owned */
    size_t len;
    int64_t id;
};

struct sqlite_domain_index {
    struct sqlite_database *db;
    struct sqlite_domain_issuer issuers[SQLITE_DOMAIN_ISSUERS];
    char log[SQLITE_DOMAIN_LOG_NAME_MAX + 1];
    int64_t log_id; /* of `log`; 0: none */
    int64_t pruned_to;       /* where the next prune goes on */
    struct builder swept_to; /* and the sweep of names */
    int64_t swept_entry;
};

/* sqlite_domain_find_names and sqlite_domain_prune are two functions of the port. */
enum status sqlite_domain_find_names(void *context, const struct domain_index_query *query,
                                     bool (*each)(void *each_context, const struct domain_index_result *result),
                                     void *each_context, struct error *err);
enum status sqlite_domain_prune(void *context, int64_t not_after_s, uint64_t max, uint64_t *removed, struct error *err);

#endif
