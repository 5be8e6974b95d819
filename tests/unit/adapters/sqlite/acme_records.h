/* acme_records.h - records as the tests of the ACME store make them. */
#ifndef CATHAYA_TESTS_ACME_RECORDS_H
#define CATHAYA_TESTS_ACME_RECORDS_H

#include "adapters/sqlite/sqlite_acme_store.h"
#include "unit/adapters/sqlite/sqlite_world.h"

#define RECORDS_NOW_S 1800000000
#define RECORDS_DAY_S 86400

static struct sqlite_acme_store *records_store;
static struct acme_store records_port;
static struct builder records_memory;

static inline void records_open(void)
{
    struct error err = {.status = STATUS_OK};
    OK(sqlite_acme_store_open(world_path, SQLITE_MAY_CREATE, &records_store, &err));
    records_port = sqlite_acme_store_port(records_store);
    builder_init(&records_memory, 1u << 20);
}

static inline void records_close(void)
{
    sqlite_acme_store_close(records_store);
    builder_clear(&records_memory);
    records_store = NULL;
}

static inline void records_reopen(void)
{
    struct error err = {.status = STATUS_OK};
    OK(records_port.commit(records_port.context, &err));
    assert_false(records_port.has_uncommitted(records_port.context));
    records_close();
    records_open();
}

static inline struct acme_account records_account(uint8_t number)
{
    struct acme_account a = {
        .status = ACME_ACCOUNT_VALID,
        .jwk = bytes_of_text("{\"crv\":\"P-256\",\"kty\":\"EC\"}"),
        .contacts = bytes_of_text("[\"mailto:a@example.com\"]"),
        .has_agreed = true,
        .created_s = RECORDS_NOW_S,
        .created_from = bytes_of_text("192.0.2.7"),
    };
    memset(a.thumbprint, number, sizeof a.thumbprint);
    return a;
}

static inline struct acme_identifier records_name(const char *name)
{
    struct acme_identifier identifier = {.type = ACME_DNS};
    (void)snprintf(identifier.value, sizeof identifier.value, "%s", name);
    return identifier;
}

static inline struct acme_authz records_authz(acme_id account, const char *name)
{
    struct acme_authz a = {
        .account = account,
        .identifier = records_name(name),
        .status = ACME_AUTHZ_PENDING,
        .created_s = RECORDS_NOW_S,
        .expires_s = RECORDS_NOW_S + 7 * RECORDS_DAY_S,
        .offered = ACME_HTTP_01 | ACME_DNS_01 | ACME_DNS_PERSIST_01,
    };
    memset(a.token, 0xa5, sizeof a.token);
    return a;
}

static inline struct acme_order records_order(acme_id account, const struct acme_identifier *names,
                                              const acme_id *authorizations, size_t count)
{
    return (struct acme_order){
        .account = account,
        .status = ACME_ORDER_PENDING,
        .created_s = RECORDS_NOW_S,
        .expires_s = RECORDS_NOW_S + 7 * RECORDS_DAY_S,
        .profile = "gm-mtc",
        .identifier_count = count,
        .identifiers = names,
        .authorizations = authorizations,
    };
}

static inline struct acme_certificate records_certificate(acme_id account, acme_id order,
                                                          uint64_t index)
{
    struct acme_certificate c = {
        .order = order,
        .account = account,
        .ca = "gm",
        .profile = "gm-mtc",
        .serial_len = 8,
        .not_before_s = RECORDS_NOW_S,
        .not_after_s = RECORDS_NOW_S + 7 * RECORDS_DAY_S - 1,
        .names = bytes_of_text("www.example.com\n*.example.org\n"),
    };
    for (size_t i = 0; i < 8; i++)
        c.serial[i] = (uint8_t)(index >> (8 * (7 - i)));
    memset(c.spki_hash, (int)(index % 5) + 1, sizeof c.spki_hash);
    return c;
}

#endif
