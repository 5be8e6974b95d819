/* sqlite_acme.h - what the files of the ACME store share; private to adapters/sqlite.
 *
 * Rows are small and do not grow: a row that is changed after its page was filled would split the page
 * and leave it half empty. So a column `status` is the enum's value plus 1 (SQLite keeps 0 and 1 in no
 * bytes at all), what comes later has a fixed size in `body`, and what comes seldom, or goes again, has
 * a table of its own. `body` is packed: integers as in builder.h, lengths and counts in base 128.
 */
#ifndef CATHAYA_ADAPTERS_SQLITE_SQLITE_ACME_H
#define CATHAYA_ADAPTERS_SQLITE_SQLITE_ACME_H

#include "adapters/sqlite/sqlite_acme_store.h"
#include "adapters/sqlite/sqlite_call.h"
#include "base/builder.h"
#include "base/reader.h"

/* The texts are in sqlite_acme_schema.c, in this order. */
enum sqlite_acme_statement {
    ACME_SQL_INSTANCE,
    ACME_SQL_WORDS, ACME_SQL_WORD_ADD,
    ACME_SQL_ACCOUNT_ADD, ACME_SQL_ACCOUNT_CHANGE, ACME_SQL_ACCOUNT_GET, ACME_SQL_ACCOUNT_FIND,
    ACME_SQL_ORDER_ADD, ACME_SQL_ORDER_CHANGE, ACME_SQL_ORDER_CHANGE_ALL, ACME_SQL_ORDER_GET,
    ACME_SQL_ORDER_KEY_PUT, ACME_SQL_ORDER_KEY_DROP,
    ACME_SQL_ORDER_LIST, ACME_SQL_ORDER_PROCESSING,
    ACME_SQL_WAIT_ADD, ACME_SQL_WAIT_DROP, ACME_SQL_WAIT_LIST,
    ACME_SQL_AUTHZ_ADD, ACME_SQL_AUTHZ_CHANGE, ACME_SQL_AUTHZ_CHANGE_ALL, ACME_SQL_AUTHZ_GET,
    ACME_SQL_AUTHZ_FIND,
    ACME_SQL_CERTIFICATE_ADD, ACME_SQL_CERTIFICATE_CHANGE, ACME_SQL_CERTIFICATE_CHANGE_ALL,
    ACME_SQL_CERTIFICATE_GET, ACME_SQL_CERTIFICATE_FIND,
    ACME_SQL_DER_PUT, ACME_SQL_DER_DROP, ACME_SQL_REVOCATION_PUT, ACME_SQL_REVOCATION_DROP,
    ACME_SQL_LIST_ALL, ACME_SQL_LIST_ACCOUNT, ACME_SQL_LIST_KEY, ACME_SQL_LIST_REVOKED,
    ACME_SQL_LIST_SERIAL,
    ACME_SQL_TOKEN_GET, ACME_SQL_TOKEN_PUT, ACME_SQL_TOKEN_SCAN, ACME_SQL_TOKEN_DROP,
    ACME_SQL_OLD_ORDERS, ACME_SQL_OLD_AUTHZS, ACME_SQL_OLD_CERTIFICATES,
    ACME_SQL_ORDER_DROP, ACME_SQL_AUTHZ_DROP, ACME_SQL_CERTIFICATE_DROP,
    ACME_SQL_COUNT
};

extern const struct sqlite_kind sqlite_acme_schema;

/* Names of profiles and CAs come again in every row: a row has their number. They come from the
 * configuration, so there are few. */
#define ACME_WORDS_MAX 1024
struct acme_word {
    int64_t id;
    char text[ACME_NAME_SIZE];
};

/* What a packed body may have: 100 names, a problem document with as many subproblems. */
#define ACME_BODY_MAX (1u << 20)
/* Keys of limits are hashed to this. */
#define ACME_TOKEN_KEY_SIZE 16

struct sqlite_acme_store {
    struct sqlite_database *db;
    uint8_t instance[SQLITE_ACME_INSTANCE_SIZE];
    struct builder body; /* of the row being written */
    struct acme_word *words;
    size_t word_count;
    bool are_words_loaded;
    uint8_t token_at[ACME_TOKEN_KEY_SIZE]; /* how far expire has looked at limits */
};

/* ---- words: sqlite_acme_words.c ---- */

/* sqlite_acme_words_id gives the number of a text; with may_add a new text gets one. Without,
 * STATUS_NOT_FOUND. */
MUST_USE enum status sqlite_acme_words_id(struct sqlite_acme_store *s, const char *text,
                                          bool may_add, int64_t *id, struct error *err);
MUST_USE enum status sqlite_acme_words_text(struct sqlite_acme_store *s, int64_t id,
                                            char out[ACME_NAME_SIZE], struct error *err);
void sqlite_acme_words_forget(struct sqlite_acme_store *s);

/* ---- packed bodies: sqlite_acme_pack.c ---- */

void sqlite_acme_pack_bytes(struct builder *b, struct bytes value);
MUST_USE bool sqlite_acme_pack_read_number(struct reader *r, uint64_t *out);
MUST_USE bool sqlite_acme_pack_read_bytes(struct reader *r, struct bytes *out);
MUST_USE bool sqlite_acme_pack_read_time(struct reader *r, int64_t *out);
void sqlite_acme_pack_identifier(struct builder *b, const struct acme_identifier *identifier);
MUST_USE bool sqlite_acme_pack_read_identifier(struct reader *r, struct acme_identifier *out);
/* sqlite_acme_pack_damaged is STATUS_IO: a row is not what was written. */
enum status sqlite_acme_pack_damaged(const struct sqlite_acme_store *s, const char *what,
                                     acme_id id, struct error *err);
/* sqlite_acme_pack_keep copies a row's bytes into the caller's memory, which has to have room for all of
 * them before anything points into it. */
MUST_USE enum status sqlite_acme_pack_reserve(struct builder *memory, size_t len, struct error *err);
struct bytes sqlite_acme_pack_keep(struct builder *memory, struct bytes value);

/* ---- the functions of the port, by record type ---- */

enum status sqlite_acme_account_put(void *context, struct acme_account *account, struct error *err);
enum status sqlite_acme_account_get(void *context, acme_id id, struct builder *memory,
                                    struct acme_account *out, struct error *err);
enum status sqlite_acme_account_find(void *context, const uint8_t thumbprint[32],
                                     struct builder *memory, struct acme_account *out,
                                     struct error *err);

enum status sqlite_acme_order_put(void *context, struct acme_order *order, struct error *err);
enum status sqlite_acme_order_get(void *context, acme_id id, struct builder *memory,
                                  struct acme_order *out, struct error *err);
enum status sqlite_acme_order_list(void *context, acme_id account, int64_t now_s, acme_id after,
                                   acme_id *out, size_t max, size_t *count, struct error *err);
enum status sqlite_acme_order_processing(void *context, acme_id after, acme_id *out, size_t max,
                                         size_t *count, struct error *err);
enum status sqlite_acme_order_waiting(void *context, acme_id authz, acme_id after, acme_id *out,
                                      size_t max, size_t *count, struct error *err);
/* sqlite_acme_order_drop removes an order with all that belongs to it. */
MUST_USE enum status sqlite_acme_order_drop(struct sqlite_acme_store *s, acme_id id,
                                            struct error *err);

enum status sqlite_acme_authz_put(void *context, struct acme_authz *authz, struct error *err);
enum status sqlite_acme_authz_get(void *context, acme_id id, struct builder *memory,
                                  struct acme_authz *out, struct error *err);
enum status sqlite_acme_authz_find(void *context, acme_id account,
                                   const struct acme_identifier *identifier, bool is_wildcard,
                                   bool is_intranet, bool may_be_pending, int64_t expires_after_s,
                                   struct builder *memory, struct acme_authz *out,
                                   struct error *err);

enum status sqlite_acme_certificate_put(void *context, struct acme_certificate *c,
                                        struct error *err);
enum status sqlite_acme_certificate_get(void *context, acme_id id, struct builder *memory,
                                        struct acme_certificate *out, struct error *err);
enum status sqlite_acme_certificate_find(void *context, const char *ca, struct bytes serial,
                                         struct builder *memory, struct acme_certificate *out,
                                         struct error *err);
enum status sqlite_acme_query_list(void *context, const struct acme_certificate_query *query,
                                   acme_id *out, size_t max, size_t *count, struct error *err);

enum status sqlite_acme_token_take(void *context, const char *key, uint64_t burst,
                                   uint64_t interval_ms, int64_t now_ms, bool is_look,
                                   int64_t *retry_after_ms, struct error *err);
/* sqlite_acme_token_expire removes limits that are full again. */
MUST_USE enum status sqlite_acme_token_expire(struct sqlite_acme_store *s, int64_t now_ms,
                                              size_t max, size_t *removed, struct error *err);

enum status sqlite_acme_expire_run(void *context, int64_t now_s, int64_t keep_s, size_t max,
                                   size_t *removed, struct error *err);

/* sqlite_acme_store_ids ends a call whose rows are IDs, and gives them. */
MUST_USE enum status sqlite_acme_store_ids(struct sqlite_call *call, acme_id *out, size_t max,
                                           size_t *count);
/* sqlite_acme_store_changed ends a change: STATUS_NOT_FOUND when there was nothing to change. */
MUST_USE enum status sqlite_acme_store_changed(struct sqlite_call *call, const char *what,
                                               acme_id id);

#endif
