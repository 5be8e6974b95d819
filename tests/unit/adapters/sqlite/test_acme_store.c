#include "unit/adapters/sqlite/acme_records.h"

static struct error err;

static int set_up(void **state)
{
    (void)world_set_up(state);
    records_open();
    return 0;
}

static int tear_down(void **state)
{
    records_close();
    return world_tear_down(state);
}

#define PORT records_port
#define CONTEXT records_port.context
#define MEMORY &records_memory

/* ---- accounts ---- */

static void assert_account(const struct acme_account *got, const struct acme_account *want)
{
    assert_int_equal(got->id, want->id);
    assert_int_equal(got->status, want->status);
    assert_memory_equal(got->thumbprint, want->thumbprint, 32);
    assert_bytes(got->jwk, want->jwk);
    assert_bytes(got->contacts, want->contacts);
    assert_bytes(got->eab_kid, want->eab_kid);
    assert_bytes(got->created_from, want->created_from);
    assert_int_equal(got->has_agreed, want->has_agreed);
    assert_int_equal(got->created_s, want->created_s);
}

static void accounts_are_kept(void **state)
{
    (void)state;
    struct acme_account a = records_account(1), b = records_account(2), got;
    b.eab_kid = bytes_of_text("customer-7");
    OK(PORT.put_account(CONTEXT, &a, &err));
    OK(PORT.put_account(CONTEXT, &b, &err));
    assert_int_equal(a.id, 1);
    assert_int_equal(b.id, 2);
    assert_true(PORT.has_uncommitted(CONTEXT));
    OK(PORT.find_account(CONTEXT, b.thumbprint, MEMORY, &got, &err));
    assert_account(&got, &b);
    records_reopen();
    OK(PORT.get_account(CONTEXT, a.id, MEMORY, &got, &err));
    assert_account(&got, &a);
    /* Key rollover and deactivation. */
    memset(a.thumbprint, 9, sizeof a.thumbprint);
    a.jwk = bytes_of_text("{}");
    a.status = ACME_ACCOUNT_DEACTIVATED;
    a.contacts = (struct bytes){NULL, 0};
    a.has_agreed = false;
    OK(PORT.put_account(CONTEXT, &a, &err));
    records_reopen();
    OK(PORT.find_account(CONTEXT, a.thumbprint, MEMORY, &got, &err));
    assert_account(&got, &a);
    uint8_t old[32];
    memset(old, 1, sizeof old);
    assert_int_equal(PORT.find_account(CONTEXT, old, MEMORY, &got, &err), STATUS_NOT_FOUND);
    assert_int_equal(PORT.get_account(CONTEXT, 3, MEMORY, &got, &err), STATUS_NOT_FOUND);
    assert_int_equal(PORT.get_account(CONTEXT, 0, MEMORY, &got, &err), STATUS_NOT_FOUND);
    assert_int_equal(PORT.get_account(CONTEXT, UINT64_MAX, MEMORY, &got, &err), STATUS_NOT_FOUND);
}

static void two_accounts_do_not_share_a_key(void **state)
{
    (void)state;
    struct acme_account a = records_account(1), b = records_account(2), again = records_account(1);
    OK(PORT.put_account(CONTEXT, &a, &err));
    OK(PORT.put_account(CONTEXT, &b, &err));
    assert_int_equal(PORT.put_account(CONTEXT, &again, &err), STATUS_CONFLICT);
    assert_int_equal(again.id, 0);
    memcpy(b.thumbprint, a.thumbprint, 32);
    assert_int_equal(PORT.put_account(CONTEXT, &b, &err), STATUS_CONFLICT);
    again = records_account(3);
    again.id = 77;
    assert_int_equal(PORT.put_account(CONTEXT, &again, &err), STATUS_NOT_FOUND);
    /* The group goes on: a refusal is no failure of the store. */
    OK(PORT.commit(CONTEXT, &err));
    OK(PORT.get_account(CONTEXT, b.id, MEMORY, &b, &err));
    assert_int_equal(b.thumbprint[0], 2);
}

static void memory_that_is_too_small_is_a_limit(void **state)
{
    (void)state;
    struct acme_account a = records_account(1), got;
    uint8_t small[16];
    struct builder fixed;
    OK(PORT.put_account(CONTEXT, &a, &err));
    builder_init_fixed(&fixed, small, sizeof small);
    assert_int_equal(PORT.get_account(CONTEXT, a.id, &fixed, &got, &err), STATUS_LIMIT);
    OK(PORT.get_account(CONTEXT, a.id, MEMORY, &got, &err));
}

/* ---- orders ---- */

static void assert_order(const struct acme_order *got, const struct acme_order *want)
{
    assert_int_equal(got->id, want->id);
    assert_int_equal(got->account, want->account);
    assert_int_equal(got->status, want->status);
    assert_int_equal(got->created_s, want->created_s);
    assert_int_equal(got->expires_s, want->expires_s);
    assert_int_equal(got->not_before_s, want->not_before_s);
    assert_int_equal(got->not_after_s, want->not_after_s);
    assert_string_equal(got->profile, want->profile);
    assert_int_equal(got->identifier_count, want->identifier_count);
    for (size_t i = 0; i < want->identifier_count; i++) {
        assert_int_equal(got->identifiers[i].type, want->identifiers[i].type);
        assert_string_equal(got->identifiers[i].value, want->identifiers[i].value);
        assert_int_equal(got->authorizations[i], want->authorizations[i]);
    }
    assert_bytes(got->spki, want->spki);
    assert_bytes(got->problem, want->problem);
    assert_bytes(got->replaces, want->replaces);
    assert_int_equal(got->certificate, want->certificate);
}

static void orders_go_their_way(void **state)
{
    (void)state;
    uint8_t spki[400];
    memset(spki, 0x30, sizeof spki);
    const struct acme_identifier names[] = {records_name("*.example.com"), {ACME_IP, "2001:db8::1"}};
    const acme_id authorizations[] = {7, 3000000000};
    struct acme_order o = records_order(4, names, authorizations, 2), got;
    o.not_after_s = RECORDS_NOW_S + 5;
    o.replaces = bytes_of_text("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
    OK(PORT.put_order(CONTEXT, &o, &err));
    records_reopen();
    OK(PORT.get_order(CONTEXT, o.id, MEMORY, &got, &err));
    assert_order(&got, &o);
    o.status = ACME_ORDER_READY;
    OK(PORT.put_order(CONTEXT, &o, &err));
    o.status = ACME_ORDER_PROCESSING;
    o.spki = BYTES_OF(spki);
    OK(PORT.put_order(CONTEXT, &o, &err));
    OK(PORT.get_order(CONTEXT, o.id, MEMORY, &got, &err));
    assert_order(&got, &o);
    acme_id ids[4];
    size_t count;
    OK(PORT.list_processing(CONTEXT, 0, ids, 4, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], o.id);
    o.status = ACME_ORDER_VALID;
    o.spki = (struct bytes){NULL, 0};
    o.certificate = INT64_MAX;
    o.expires_s += 3; /* the columns of an index too */
    OK(PORT.put_order(CONTEXT, &o, &err));
    records_reopen();
    OK(PORT.get_order(CONTEXT, o.id, MEMORY, &got, &err));
    assert_order(&got, &o);
    OK(PORT.list_processing(CONTEXT, 0, ids, 4, &count, &err));
    assert_int_equal(count, 0);
}

static void a_failed_order_has_its_problem(void **state)
{
    (void)state;
    const struct acme_identifier name = records_name("example.com");
    const acme_id authz = 1;
    struct acme_order o = records_order(4, &name, &authz, 1), got;
    OK(PORT.put_order(CONTEXT, &o, &err));
    o.status = ACME_ORDER_INVALID;
    o.problem = bytes_of_text("{\"type\":\"urn:ietf:params:acme:error:caa\"}");
    OK(PORT.put_order(CONTEXT, &o, &err));
    OK(PORT.get_order(CONTEXT, o.id, MEMORY, &got, &err));
    assert_order(&got, &o);
}

static void an_order_has_a_hundred_names(void **state)
{
    (void)state;
    static struct acme_identifier names[ACME_IDENTIFIERS_MAX + 1];
    static acme_id authorizations[ACME_IDENTIFIERS_MAX + 1];
    for (size_t i = 0; i < LENGTH(names); i++) {
        names[i].type = ACME_DNS;
        memset(names[i].value, 'a' + (int)(i % 26), ACME_IDENTIFIER_SIZE - 1);
        authorizations[i] = INT64_MAX - i;
    }
    struct acme_order o = records_order(4, names, authorizations, ACME_IDENTIFIERS_MAX), got;
    OK(PORT.put_order(CONTEXT, &o, &err));
    OK(PORT.get_order(CONTEXT, o.id, MEMORY, &got, &err));
    assert_order(&got, &o);
    /* Memory that stands on an odd address. */
    static uint8_t odd[100000];
    struct builder fixed;
    builder_init_fixed(&fixed, odd + 1, sizeof odd - 1);
    OK(PORT.get_order(CONTEXT, o.id, &fixed, &got, &err));
    assert_order(&got, &o);
    o.id = 0;
    o.identifier_count++;
    assert_int_equal(PORT.put_order(CONTEXT, &o, &err), STATUS_LIMIT);
    o.identifier_count = 0;
    OK(PORT.put_order(CONTEXT, &o, &err));
    OK(PORT.get_order(CONTEXT, o.id, MEMORY, &got, &err));
    assert_int_equal(got.identifier_count, 0);
    o.id = 99;
    assert_int_equal(PORT.put_order(CONTEXT, &o, &err), STATUS_NOT_FOUND);
}

static acme_id put_order(acme_id account, enum acme_order_status status, int64_t expires_s, acme_id authz)
{
    const struct acme_identifier name = records_name("example.com");
    struct acme_order o = records_order(account, &name, &authz, 1);
    o.status = status;
    o.expires_s = expires_s;
    OK(PORT.put_order(CONTEXT, &o, &err));
    return o.id;
}

static void set_order_status(acme_id id, enum acme_order_status status)
{
    struct acme_order o;
    struct builder memory;
    builder_init(&memory, 1u << 16);
    OK(PORT.get_order(CONTEXT, id, &memory, &o, &err));
    o.status = status;
    OK(PORT.put_order(CONTEXT, &o, &err));
    builder_clear(&memory);
}

static void orders_of_an_account_are_listed(void **state)
{
    (void)state;
    acme_id a = put_order(1, ACME_ORDER_PENDING, RECORDS_NOW_S + 1, 1);
    acme_id b = put_order(1, ACME_ORDER_VALID, RECORDS_NOW_S + 9, 1);
    (void)put_order(2, ACME_ORDER_PENDING, RECORDS_NOW_S + 1, 1);   /* another's */
    (void)put_order(1, ACME_ORDER_INVALID, RECORDS_NOW_S + 1, 1);
    (void)put_order(1, ACME_ORDER_PENDING, RECORDS_NOW_S, 1); /* expired now */
    acme_id c = put_order(1, ACME_ORDER_PROCESSING, RECORDS_NOW_S + 2, 1);
    acme_id ids[8];
    size_t count;
    OK(PORT.list_orders(CONTEXT, 1, RECORDS_NOW_S, 0, ids, 8, &count, &err));
    assert_int_equal(count, 3);
    assert_true(ids[0] == a && ids[1] == b && ids[2] == c);
    OK(PORT.list_orders(CONTEXT, 1, RECORDS_NOW_S, 0, ids, 2, &count, &err));
    assert_int_equal(count, 2);
    OK(PORT.list_orders(CONTEXT, 1, RECORDS_NOW_S, ids[1], ids, 2, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], c);
    OK(PORT.list_orders(CONTEXT, 3, RECORDS_NOW_S, 0, ids, 2, &count, &err));
    assert_int_equal(count, 0);
    OK(PORT.list_orders(CONTEXT, 1, RECORDS_NOW_S, 0, ids, 0, &count, &err));
    assert_int_equal(count, 0);
}

static void pending_orders_wait_for_their_authorizations(void **state)
{
    (void)state;
    const struct acme_identifier names[] = {records_name("a.example"), records_name("b.example")};
    const acme_id both[] = {5, 6}, same[] = {6, 6};
    struct acme_order o = records_order(1, names, both, 2), p = records_order(1, names, same, 2);
    acme_id ids[8];
    size_t count;
    OK(PORT.put_order(CONTEXT, &o, &err));
    OK(PORT.put_order(CONTEXT, &p, &err));
    (void)put_order(1, ACME_ORDER_READY, RECORDS_NOW_S + 9, 6);
    OK(PORT.list_authz_orders(CONTEXT, 6, 0, ids, 8, &count, &err));
    assert_int_equal(count, 2);
    assert_true(ids[0] == o.id && ids[1] == p.id);
    OK(PORT.list_authz_orders(CONTEXT, 6, o.id, ids, 8, &count, &err));
    assert_int_equal(count, 1);
    set_order_status(p.id, ACME_ORDER_INVALID);
    set_order_status(o.id, ACME_ORDER_READY);
    OK(PORT.list_authz_orders(CONTEXT, 6, 0, ids, 8, &count, &err));
    assert_int_equal(count, 0);
    OK(PORT.list_authz_orders(CONTEXT, 5, 0, ids, 8, &count, &err));
    assert_int_equal(count, 0);
}

/* ---- authorizations ---- */

static void assert_authz(const struct acme_authz *got, const struct acme_authz *want)
{
    assert_int_equal(got->id, want->id);
    assert_int_equal(got->account, want->account);
    assert_int_equal(got->identifier.type, want->identifier.type);
    assert_string_equal(got->identifier.value, want->identifier.value);
    assert_int_equal(got->is_wildcard, want->is_wildcard);
    assert_int_equal(got->status, want->status);
    assert_int_equal(got->created_s, want->created_s);
    assert_int_equal(got->expires_s, want->expires_s);
    assert_memory_equal(got->token, want->token, ACME_TOKEN_SIZE);
    assert_int_equal(got->offered, want->offered);
    assert_int_equal(got->tried, want->tried);
    assert_int_equal(got->is_processing, want->is_processing);
    assert_int_equal(got->validated_s, want->validated_s);
    assert_int_equal(got->caa_checked_s, want->caa_checked_s);
    assert_int_equal(got->is_intranet, want->is_intranet);
    assert_bytes(got->problem, want->problem);
}

static void authorizations_go_their_way(void **state)
{
    (void)state;
    struct acme_authz a = records_authz(4, "example.com"), got;
    a.is_wildcard = true;
    OK(PORT.put_authz(CONTEXT, &a, &err));
    records_reopen();
    OK(PORT.get_authz(CONTEXT, a.id, MEMORY, &got, &err));
    assert_authz(&got, &a);
    a.tried = ACME_DNS_PERSIST_01;
    a.is_processing = true;
    OK(PORT.put_authz(CONTEXT, &a, &err));
    OK(PORT.get_authz(CONTEXT, a.id, MEMORY, &got, &err));
    assert_authz(&got, &a);
    a.is_processing = false;
    a.status = ACME_AUTHZ_VALID;
    a.validated_s = a.caa_checked_s = RECORDS_NOW_S + 1;
    a.expires_s = RECORDS_NOW_S + 90 * RECORDS_DAY_S;
    a.is_intranet = true;
    OK(PORT.put_authz(CONTEXT, &a, &err));
    records_reopen();
    OK(PORT.get_authz(CONTEXT, a.id, MEMORY, &got, &err));
    assert_authz(&got, &a);
    a.status = ACME_AUTHZ_INVALID;
    a.problem = bytes_of_text("{\"detail\":\"no route\"}");
    OK(PORT.put_authz(CONTEXT, &a, &err));
    OK(PORT.get_authz(CONTEXT, a.id, MEMORY, &got, &err));
    assert_authz(&got, &a);
    assert_int_equal(PORT.get_authz(CONTEXT, 2, MEMORY, &got, &err), STATUS_NOT_FOUND);
    a.id = 2;
    assert_int_equal(PORT.put_authz(CONTEXT, &a, &err), STATUS_NOT_FOUND);
    a.id = 0;
    memset(a.identifier.value, 'a', sizeof a.identifier.value); /* without end */
    assert_int_equal(PORT.put_authz(CONTEXT, &a, &err), STATUS_LIMIT);
}

static acme_id put_authz(struct acme_authz a, enum acme_authz_status status, int64_t expires_s)
{
    a.status = status;
    a.expires_s = expires_s;
    OK(PORT.put_authz(CONTEXT, &a, &err));
    return a.id;
}

static acme_id find(const char *name, bool is_wildcard, bool is_intranet, bool may_be_pending, int64_t after_s)
{
    const struct acme_identifier identifier = records_name(name);
    struct acme_authz got;
    enum status s = PORT.find_authz(CONTEXT, 1, &identifier, is_wildcard, is_intranet, may_be_pending, after_s, MEMORY,
                                    &got, &err);
    if (s == STATUS_NOT_FOUND)
        return 0;
    OK(s);
    return got.id;
}

static void the_newest_valid_authorization_is_found(void **state)
{
    (void)state;
    const int64_t now = RECORDS_NOW_S, later = now + 100;
    struct acme_authz a = records_authz(1, "example.com"), wild = a, intranet = a, other = records_authz(2, "example.com");
    wild.is_wildcard = true;
    intranet.is_intranet = true;
    (void)put_authz(other, ACME_AUTHZ_VALID, later);
    assert_int_equal(find("example.com", false, false, true, now), 0);
    acme_id pending = put_authz(a, ACME_AUTHZ_PENDING, later);
    assert_int_equal(find("example.com", false, false, true, now), pending);
    assert_int_equal(find("example.com", false, false, false, now), 0);
    acme_id first = put_authz(a, ACME_AUTHZ_VALID, later);
    acme_id second = put_authz(a, ACME_AUTHZ_VALID, later - 50);
    acme_id newest_pending = put_authz(a, ACME_AUTHZ_PENDING, later + 1);
    assert_int_equal(find("example.com", false, false, true, now), second);
    assert_int_equal(find("example.com", false, false, false, later - 50), first); /* after, not at */
    assert_int_equal(find("example.com", false, false, true, later), newest_pending);
    assert_int_equal(find("example.com", false, false, true, later + 1), 0);
    assert_int_equal(find("example.com", true, false, true, now), 0);
    assert_int_equal(find("example.com", false, true, true, now), 0);
    assert_int_equal(find("www.example.com", false, false, true, now), 0);
    acme_id w = put_authz(wild, ACME_AUTHZ_VALID, later), i = put_authz(intranet, ACME_AUTHZ_VALID, later);
    assert_int_equal(find("example.com", true, false, false, now), w);
    assert_int_equal(find("example.com", false, true, false, now), i);
    /* What has become something else is not found any more. */
    struct acme_authz got;
    OK(PORT.get_authz(CONTEXT, second, MEMORY, &got, &err));
    (void)put_authz(got, ACME_AUTHZ_DEACTIVATED, later);
    assert_int_equal(find("example.com", false, false, true, now), first);
}

/* ---- rate limits ---- */

static enum status take(const char *key, uint64_t burst, uint64_t interval_ms, int64_t now_ms, int64_t *retry_ms)
{
    return PORT.take_token(CONTEXT, key, burst, interval_ms, now_ms, false, retry_ms, &err);
}

static void a_limit_is_exhausted_and_refills(void **state)
{
    (void)state;
    int64_t retry = -1;
    for (int i = 0; i < 3; i++) {
        OK(take("new-order 1", 3, 1000, 50000, &retry));
        assert_int_equal(retry, 0);
    }
    assert_int_equal(take("new-order 1", 3, 1000, 50000, &retry), STATUS_LIMIT);
    assert_int_equal(retry, 1000);
    OK(take("new-order 2", 3, 1000, 50000, &retry));
    records_reopen();
    assert_int_equal(take("new-order 1", 3, 1000, 50999, &retry), STATUS_LIMIT);
    assert_int_equal(retry, 1);
    OK(take("new-order 1", 3, 1000, 51000, &retry));
    assert_int_equal(take("new-order 1", 3, 1000, 51000, &retry), STATUS_LIMIT);
    /* Full again, and never more than full. */
    for (int i = 0; i < 3; i++)
        OK(take("new-order 1", 3, 1000, 99000, &retry));
    assert_int_equal(take("new-order 1", 3, 1000, 99000, &retry), STATUS_LIMIT);
}

static void a_look_counts_nothing(void **state)
{
    (void)state;
    int64_t retry;
    for (int i = 0; i < 5; i++)
        OK(PORT.take_token(CONTEXT, "k", 1, 10, 7, true, &retry, &err));
    assert_false(PORT.has_uncommitted(CONTEXT));
    OK(take("k", 1, 10, 7, &retry));
    assert_int_equal(PORT.take_token(CONTEXT, "k", 1, 10, 7, true, &retry, &err), STATUS_LIMIT);
    assert_int_equal(retry, 10);
}

static void limits_have_their_edges(void **state)
{
    (void)state;
    int64_t retry;
    assert_int_equal(take("none", 0, 1000, 5, &retry), STATUS_LIMIT);
    assert_int_equal(retry, 1000);
    for (int i = 0; i < 4; i++)
        OK(take("free", 1, 0, 5, &retry));
    /* A clock that is set back, and a limit that is tightened, lock nobody out for longer than the limit. */
    OK(take("back", 2, 1000, 1000000, &retry));
    OK(take("back", 2, 1000, 1000000, &retry));
    assert_int_equal(take("back", 2, 1000, 500, &retry), STATUS_LIMIT);
    assert_int_equal(retry, 1000);
    OK(take("huge", UINT64_MAX, UINT64_MAX, 5, &retry));
    assert_int_equal(take("huge", 1, UINT64_MAX, 5, &retry), STATUS_LIMIT);
    assert_true(retry > 0);
}

/* ---- groups ---- */

static void what_is_rolled_back_never_was(void **state)
{
    (void)state;
    struct acme_account a = records_account(1), b = records_account(2), got;
    struct acme_certificate c = records_certificate(1, 1, 1);
    const struct acme_identifier name = records_name("example.com");
    const acme_id authz = 1;
    struct acme_order o = records_order(1, &name, &authz, 1), read;
    OK(PORT.put_account(CONTEXT, &a, &err));
    OK(PORT.commit(CONTEXT, &err));
    OK(PORT.put_account(CONTEXT, &b, &err));
    OK(PORT.put_certificate(CONTEXT, &c, &err)); /* new words too */
    PORT.rollback(CONTEXT);
    assert_false(PORT.has_uncommitted(CONTEXT));
    assert_int_equal(PORT.get_account(CONTEXT, b.id, MEMORY, &got, &err), STATUS_NOT_FOUND);
    OK(PORT.get_account(CONTEXT, a.id, MEMORY, &got, &err));
    OK(PORT.put_order(CONTEXT, &o, &err));
    records_reopen();
    OK(PORT.get_order(CONTEXT, o.id, MEMORY, &read, &err));
    assert_string_equal(read.profile, "gm-mtc");
    OK(PORT.put_account(CONTEXT, &b, &err) == STATUS_NOT_FOUND ? STATUS_OK : STATUS_IO);
    records_close();
    records_open();
    OK(PORT.commit(CONTEXT, &err)); /* nothing to do */
    PORT.rollback(CONTEXT);
}

/* ---- expiry ---- */

static size_t expire(int64_t now_s, size_t max)
{
    size_t removed;
    OK(PORT.expire(CONTEXT, now_s, 30 * RECORDS_DAY_S, max, &removed, &err));
    return removed;
}

static bool has_order(acme_id id)
{
    struct acme_order o;
    return PORT.get_order(CONTEXT, id, MEMORY, &o, &err) == STATUS_OK;
}

static bool has_authz(acme_id id)
{
    struct acme_authz a;
    return PORT.get_authz(CONTEXT, id, MEMORY, &a, &err) == STATUS_OK;
}

static bool has_certificate(acme_id id)
{
    struct acme_certificate c;
    return PORT.get_certificate(CONTEXT, id, MEMORY, &c, &err) == STATUS_OK;
}

static void old_orders_go_after_a_week(void **state)
{
    (void)state;
    const int64_t week = 7 * RECORDS_DAY_S, end = RECORDS_NOW_S;
    acme_id pending = put_order(1, ACME_ORDER_PENDING, end, 50), invalid = put_order(1, ACME_ORDER_INVALID, end, 50);
    acme_id valid = put_order(1, ACME_ORDER_VALID, end, 50), ready = put_order(1, ACME_ORDER_READY, end, 50);
    acme_id later = put_order(1, ACME_ORDER_PENDING, end + 5, 50), newest = put_order(1, ACME_ORDER_READY, end, 50);
    assert_int_equal(expire(end + week, 100), 0);
    assert_int_equal(expire(end + week + 1, 2), 2);
    assert_int_equal(expire(end + week + 1, 100), 1);
    assert_false(has_order(pending) || has_order(invalid) || has_order(ready));
    assert_true(has_order(valid) && has_order(later) && has_order(newest));
    acme_id ids[4];
    size_t count;
    OK(PORT.list_authz_orders(CONTEXT, 50, 0, ids, 4, &count, &err));
    assert_int_equal(count, 1); /* `later` alone */
    /* IDs are never given again, also when everything has gone. */
    assert_int_equal(expire(end + 100 * week, 100), 1);
    assert_int_equal(put_order(1, ACME_ORDER_PENDING, end, 50), newest + 1);
}

static void authorizations_go_when_no_order_needs_them(void **state)
{
    (void)state;
    const int64_t week = 7 * RECORDS_DAY_S, end = RECORDS_NOW_S;
    struct acme_authz a = records_authz(1, "example.com");
    acme_id needed = put_authz(a, ACME_AUTHZ_PENDING, end), done = put_authz(a, ACME_AUTHZ_VALID, end);
    acme_id young = put_authz(a, ACME_AUTHZ_VALID, end + 9), newest = put_authz(a, ACME_AUTHZ_INVALID, end);
    acme_id order = put_order(1, ACME_ORDER_PENDING, end + 2 * week, needed);
    assert_int_equal(expire(end + week + 1, 100), 1);
    assert_true(has_authz(needed) && !has_authz(done) && has_authz(young) && has_authz(newest));
    set_order_status(order, ACME_ORDER_INVALID);
    assert_int_equal(expire(end + week + 1, 100), 1);
    assert_false(has_authz(needed));
}

static void certificates_go_with_their_orders(void **state)
{
    (void)state;
    acme_id order = put_order(1, ACME_ORDER_VALID, RECORDS_NOW_S, 1);
    acme_id open = put_order(1, ACME_ORDER_VALID, RECORDS_NOW_S, 1);
    struct acme_certificate c = records_certificate(1, order, 1), newest = records_certificate(1, open, 2);
    c.revoked_s = 5;
    c.der = bytes_of_text("der");
    OK(PORT.put_certificate(CONTEXT, &c, &err));
    OK(PORT.put_certificate(CONTEXT, &newest, &err));
    int64_t end = c.not_after_s + 30 * RECORDS_DAY_S;
    assert_int_equal(expire(end, 100), 0);
    assert_int_equal(expire(end + 1, 100), 1);
    assert_false(has_certificate(c.id) || has_order(order));
    assert_true(has_certificate(newest.id) && has_order(open));
}

static void full_limits_go(void **state)
{
    (void)state;
    int64_t retry, now_ms = (int64_t)RECORDS_NOW_S * 1000;
    char key[16];
    for (int i = 0; i < 40; i++) {
        (void)snprintf(key, sizeof key, "key %d", i);
        OK(take(key, 1, i % 2 == 0 ? 1000 : 9000, now_ms, &retry));
    }
    size_t removed = 0;
    for (int i = 0; i < 20; i++)
        removed += expire(RECORDS_NOW_S + 1, 3);
    assert_int_equal(removed, 20);
    assert_int_equal(take("key 1", 1, 9000, now_ms + 1000, &retry), STATUS_LIMIT);
    assert_int_equal(expire(RECORDS_NOW_S + 9, 100) + expire(RECORDS_NOW_S + 9, 100), 20);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(accounts_are_kept),
        TEST(two_accounts_do_not_share_a_key),
        TEST(memory_that_is_too_small_is_a_limit),
        TEST(orders_go_their_way),
        TEST(a_failed_order_has_its_problem),
        TEST(an_order_has_a_hundred_names),
        TEST(orders_of_an_account_are_listed),
        TEST(pending_orders_wait_for_their_authorizations),
        TEST(authorizations_go_their_way),
        TEST(the_newest_valid_authorization_is_found),
        TEST(a_limit_is_exhausted_and_refills),
        TEST(a_look_counts_nothing),
        TEST(limits_have_their_edges),
        TEST(what_is_rolled_back_never_was),
        TEST(old_orders_go_after_a_week),
        TEST(authorizations_go_when_no_order_needs_them),
        TEST(certificates_go_with_their_orders),
        TEST(full_limits_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
