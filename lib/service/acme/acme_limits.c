/* Rate limits: each is a row of the store that counts events of a subject. The general rates are those
 * that large public CAs have found to be enough for everybody and too few for a flood. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <libpsl.h>

#include "base/text.h"
#include "crypto/hash.h"
#include "rules/dns_name.h"
#include "service/acme/acme_frame.h"

#define HOUR_S 3600
#define WEEK_S (7 * 86400)
/* Longer than an account's ID, a slash and an identifier. */
#define KEY_SIZE (ACME_IDENTIFIER_SIZE + 64)
/* They are looked through for each name of an order. */
#define OVERRIDES_MAX 4096

struct acme_limits {
    const struct acme_limits_config *config;
    psl_ctx_t *loaded; /* NULL: the one built in */
    const psl_ctx_t *suffixes;
};

/* Where a limit counts, and how. */
struct count {
    enum acme_limit limit;
    char key[KEY_SIZE];
    char subject[ACME_IDENTIFIER_SIZE]; /* by which it may be overridden, and that the client is told */
    acme_id account;                    /* by which it may be as well; 0: not */
};

static const struct row {
    const char *key, *what;
} rows[ACME_LIMITS] = {
    [ACME_LIMIT_ACCOUNTS] = {"accounts", "new accounts from address"},
    [ACME_LIMIT_ACCOUNTS_RANGE] = {"range", "new accounts from network"},
    [ACME_LIMIT_ORDERS] = {"orders", "new orders of account"},
    [ACME_LIMIT_DOMAIN] = {"domain", "certificates for"},
    [ACME_LIMIT_SET] = {"set", "certificates for this exact set of names, with"},
    [ACME_LIMIT_FAILED_VALIDATION] = {"failed", "failed validations of"},
};

void acme_limits_default(struct acme_limits_config *config)
{
    *config = (struct acme_limits_config){
        .rates = {
            [ACME_LIMIT_ACCOUNTS] = {10, 3 * HOUR_S},
            [ACME_LIMIT_ACCOUNTS_RANGE] = {500, 3 * HOUR_S},
            [ACME_LIMIT_ORDERS] = {300, 3 * HOUR_S},
            [ACME_LIMIT_DOMAIN] = {50, WEEK_S},
            [ACME_LIMIT_SET] = {5, WEEK_S},
            [ACME_LIMIT_FAILED_VALIDATION] = {5, HOUR_S},
        },
    };
}

static bool is_rate(const struct acme_rate *rate)
{
    /* A year and a million: nothing overflows, and a refill takes a millisecond at least. */
    return rate->count == 0 || (rate->count <= 1000000 && rate->period_s > 0 && rate->period_s <= 366 * 86400 &&
                                (uint64_t)rate->period_s * 1000 >= rate->count);
}

static enum status check_config(const struct acme_limits_config *config, struct error *err)
{
    if (config->override_count > OVERRIDES_MAX)
        return error_set(err, STATUS_USAGE, "more than %d exceptions from rate limits", OVERRIDES_MAX);
    for (size_t i = 0; i < ACME_LIMITS; i++)
        if (!is_rate(&config->rates[i]))
            return error_set(err, STATUS_USAGE, "rate limit of %s: not a rate", rows[i].what);
    for (size_t i = 0; i < config->override_count; i++)
        if (!is_rate(&config->overrides[i].rate) || config->overrides[i].limit >= ACME_LIMITS)
            return error_set(err, STATUS_USAGE, "rate limit for %s: not a rate",
                             config->overrides[i].subject);
    return STATUS_OK;
}

enum status acme_limits_new(const struct acme_limits_config *config, struct acme_limits **out,
                            struct error *err)
{
    *out = NULL;
    enum status s = check_config(config, err);
    if (s != STATUS_OK)
        return s;
    struct acme_limits *limits = calloc(1, sizeof *limits);
    if (limits == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    limits->config = config;
    const char *file = config->public_suffix_file;
    if (file != NULL)
        limits->loaded = psl_load_file(file);
    limits->suffixes = limits->loaded != NULL ? limits->loaded : psl_builtin();
    /* A file without a rule was read, but is no list. */
    bool is_list = file == NULL || (limits->loaded != NULL && psl_suffix_count(limits->loaded) > 0);
    *out = limits;
    if (is_list && limits->suffixes != NULL)
        return STATUS_OK;
    acme_limits_free(limits);
    *out = NULL;
    return error_set(err, STATUS_USAGE, "%s: not a public suffix list that can be read",
                     file != NULL ? file : "libpsl has no list built in");
}

void acme_limits_free(struct acme_limits *limits)
{
    if (limits == NULL)
        return;
    psl_free(limits->loaded);
    free(limits);
}

/* ---- what is counted ---- */

/* The first `bits` of an IPv6 address, as text. */
static void write_range(const uint8_t address[16], unsigned bits, char *out, size_t size)
{
    uint8_t range[16] = {0};
    char text[INET6_ADDRSTRLEN] = "";
    memcpy(range, address, bits / 8);
    (void)inet_ntop(AF_INET6, range, text, sizeof text);
    (void)snprintf(out, size, "%s/%u", text, bits);
}

void acme_limits_domain(const struct acme_limits *limits, const struct acme_identifier *identifier,
                        char out[ACME_IDENTIFIER_SIZE])
{
    const char *name = identifier->value;
    if (identifier->type == ACME_IP) {
        uint8_t address[16];
        size_t len = 0;
        if (ip_address_parse(bytes_of_text(name), address, &len) && len == 16)
            write_range(address, 64, out, ACME_IDENTIFIER_SIZE);
        else
            (void)snprintf(out, ACME_IDENTIFIER_SIZE, "%s", name);
        return;
    }
    if (strncmp(name, "*.", 2) == 0)
        name += 2;
    /* What is a public suffix itself counts by itself. */
    const char *domain = psl_registrable_domain(limits->suffixes, name);
    (void)snprintf(out, ACME_IDENTIFIER_SIZE, "%s", domain != NULL ? domain : name);
}

static struct count count_of(enum acme_limit limit, acme_id account, const char *key, const char *subject)
{
    struct count c = {.limit = limit, .account = account};
    (void)snprintf(c.key, sizeof c.key, "%s/%s", rows[limit].key, key);
    (void)snprintf(c.subject, sizeof c.subject, "%s", subject);
    return c;
}

static struct acme_rate rate_of(const struct acme_limits *limits, const struct count *c)
{
    for (size_t i = 0; i < limits->config->override_count; i++) {
        const struct acme_limit_override *o = &limits->config->overrides[i];
        acme_id account;
        if (o->limit != c->limit)
            continue;
        if (strcmp(o->subject, c->subject) == 0)
            return o->rate;
        /* No domain and no address is a number. */
        if (c->account != 0 && acme_route_number(bytes_of_text(o->subject), &account) && account == c->account)
            return o->rate;
    }
    return limits->config->rates[c->limit];
}

static enum status take(struct acme *acme, const struct count *c, bool is_look, int64_t *retry_after_ms,
                        struct error *err)
{
    struct acme_rate rate = rate_of(acme->limits, c);
    const struct acme_store *store = acme->ports.store;
    const struct clock_port *clock = acme->ports.clock;
    if (rate.count == 0)
        return STATUS_OK;
    enum status s = store->take_token(store->context, c->key, rate.count,
                                      (uint64_t)rate.period_s * 1000 / rate.count,
                                      clock->now_ms(clock->context), is_look, retry_after_ms, err);
    if (s != STATUS_LIMIT)
        return s;
    return error_set(err, STATUS_LIMIT, "too many %s %s: %llu in %lld hours are allowed",
                     rows[c->limit].what, c->subject, (unsigned long long)rate.count,
                     (long long)((rate.period_s + HOUR_S - 1) / HOUR_S));
}

/* All or nothing: all are looked at before one is taken. */
static enum status take_all(struct acme *acme, const struct count *counts, size_t count, bool is_look,
                            int64_t *retry_after_ms, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < count; i++)
        s = take(acme, &counts[i], true, retry_after_ms, err);
    for (size_t i = 0; s == STATUS_OK && !is_look && i < count; i++)
        s = take(acme, &counts[i], false, retry_after_ms, err);
    return s;
}

/* ---- accounts ---- */

/* The address of a client: an IPv4 one in whatever form, without a zone. */
static void read_peer(const char *peer, char *text, size_t size, uint8_t address[16], size_t *len)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct bytes plain = bytes_of(peer, strcspn(peer, "%"));
    *len = 0;
    (void)snprintf(text, size, "%.*s", (int)plain.len, peer);
    if (!ip_address_parse(plain, address, len))
        *len = 0;
    if (*len == 16 && memcmp(address, mapped, sizeof mapped) == 0) {
        (void)inet_ntop(AF_INET, address + 12, text, (socklen_t)size);
        *len = 4;
    }
}

enum status acme_limits_take_account(struct acme *acme, const char *peer, int64_t *retry_after_ms,
                                     struct error *err)
{
    char text[HTTP_PEER_SIZE], range[ACME_IDENTIFIER_SIZE];
    uint8_t address[16];
    size_t len, count = 1;
    struct count counts[2];
    read_peer(peer, text, sizeof text, address, &len);
    counts[0] = count_of(ACME_LIMIT_ACCOUNTS, 0, text, text);
    if (len == 16) {
        write_range(address, 48, range, sizeof range);
        counts[count++] = count_of(ACME_LIMIT_ACCOUNTS_RANGE, 0, range, range);
    }
    return take_all(acme, counts, count, false, retry_after_ms, err);
}

/* ---- certificates ---- */

static int compare_names(const void *a, const void *b)
{
    const struct acme_identifier *const *x = a, *const *y = b;
    return strcmp((*x)->value, (*y)->value);
}

/* Names in any order are one set. */
static bool hash_set(const struct acme_identifier *identifiers, size_t count,
                     char out[2 * HASH_SIZE + 1])
{
    const struct acme_identifier *sorted[ACME_IDENTIFIERS_MAX] = {NULL};
    struct bytes parts[2 * ACME_IDENTIFIERS_MAX];
    uint8_t hash[HASH_SIZE];
    for (size_t i = 0; i < count; i++)
        sorted[i] = &identifiers[i];
    qsort(sorted, count, sizeof sorted[0], compare_names);
    for (size_t i = 0; i < count; i++) {
        parts[2 * i] = bytes_of_text(sorted[i]->value);
        parts[2 * i + 1] = bytes_of_text("\n");
    }
    if (!hash_label_sha256(parts, 2 * count, hash))
        return false;
    text_hex(BYTES_OF(hash), out);
    return true;
}

/* The registered domains, each once, and the set: at most one more than there are names. */
static enum status count_names(const struct acme_limits *limits, acme_id account,
                               const struct acme_identifier *identifiers, size_t identifier_count,
                               struct count *out, size_t *count, struct error *err)
{
    char domain[ACME_IDENTIFIER_SIZE], set[2 * HASH_SIZE + 1];
    *count = 0;
    if (identifier_count == 0 || identifier_count > ACME_IDENTIFIERS_MAX)
        return error_set(err, STATUS_USAGE, "an order has 1 to %d names", ACME_IDENTIFIERS_MAX);
    for (size_t i = 0; i < identifier_count; i++) {
        size_t k = 0;
        acme_limits_domain(limits, &identifiers[i], domain);
        while (k < *count && strcmp(out[k].subject, domain) != 0)
            k++;
        if (k == *count)
            out[(*count)++] = count_of(ACME_LIMIT_DOMAIN, account, domain, domain);
    }
    if (!hash_set(identifiers, identifier_count, set))
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    /* Only what all of the names belong to can make an exception for all of them. */
    out[*count] = count_of(ACME_LIMIT_SET, account, set, *count == 1 ? out[0].subject : identifiers[0].value);
    (*count)++;
    return STATUS_OK;
}

static enum status take_names(struct acme *acme, acme_id account,
                              const struct acme_identifier *identifiers, size_t count, bool is_look,
                              int64_t *retry_after_ms, struct error *err)
{
    /* 32 kB: not for the stack of a callback. */
    struct count *counts = calloc(count + 1, sizeof *counts);
    size_t used = 0;
    if (counts == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = count_names(acme->limits, account, identifiers, count, counts, &used, err);
    if (s == STATUS_OK)
        s = take_all(acme, counts, used, is_look, retry_after_ms, err);
    free(counts);
    return s;
}

enum status acme_limits_take_order(struct acme *acme, acme_id account,
                                   const struct acme_identifier *identifiers, size_t count,
                                   int64_t *retry_after_ms, struct error *err)
{
    char id[24];
    (void)snprintf(id, sizeof id, "%llu", (unsigned long long)account);
    struct count orders = count_of(ACME_LIMIT_ORDERS, account, id, id);
    enum status s = STATUS_OK;
    if (count > 0)
        s = take_names(acme, account, identifiers, count, true, retry_after_ms, err);
    return s == STATUS_OK ? take(acme, &orders, false, retry_after_ms, err) : s;
}

enum status acme_limits_take_certificate(struct acme *acme, acme_id account,
                                         const struct acme_identifier *identifiers, size_t count,
                                         int64_t *retry_after_ms, struct error *err)
{
    return take_names(acme, account, identifiers, count, false, retry_after_ms, err);
}

/* ---- failed validations ---- */

static struct count count_failed(acme_id account, const struct acme_identifier *identifier)
{
    char key[KEY_SIZE];
    (void)snprintf(key, sizeof key, "%llu/%s", (unsigned long long)account, identifier->value);
    return count_of(ACME_LIMIT_FAILED_VALIDATION, account, key, identifier->value);
}

enum status acme_limits_look_validation(struct acme *acme, acme_id account,
                                        const struct acme_identifier *identifier,
                                        int64_t *retry_after_ms, struct error *err)
{
    struct count c = count_failed(account, identifier);
    return take(acme, &c, true, retry_after_ms, err);
}

enum status acme_limits_failed_validation(struct acme *acme, acme_id account,
                                          const struct acme_identifier *identifier, struct error *err)
{
    struct count c = count_failed(account, identifier);
    int64_t retry_after_ms;
    enum status s = take(acme, &c, false, &retry_after_ms, err);
    return s == STATUS_LIMIT ? STATUS_OK : s;
}
