/* cathaya trust identity sign, revoke - an identity signer says who a website is, and takes it back. */
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "command.h"
#include "identity/identity_file.h"

/* A year and a month: what a signer says when it is not told otherwise. */
#define DEFAULT_LIFETIME_S ((int64_t)398 * 86400)

static struct bytes text_of(const struct options *options, const char *name)
{
    return options_has(options, name) ? bytes_of_text(options_value(options, name)) : bytes_of("", 0);
}

static enum status read_record(const struct options *options, struct website_identity *r, struct error *err)
{
    uint64_t level = 0;
    struct bytes country = text_of(options, "country");
    r->domain = text_of(options, "domain");
    r->scope = options_has(options, "subdomains") ? WEBSITE_IDENTITY_SUBDOMAINS : WEBSITE_IDENTITY_EXACT;
    r->name_zh = text_of(options, "name-zh");
    r->name_en = text_of(options, "name-en");
    r->registration = text_of(options, "registration");
    if (country.len == sizeof r->country)
        memcpy(r->country, country.data, sizeof r->country);
    r->issued_s = (int64_t)time(NULL);
    enum status s = options_number(options, "serial", UINT64_MAX, &r->serial, err);
    if (s == STATUS_OK)
        s = options_number(options, "level", WEBSITE_IDENTITY_LEVEL_MAX, &level, err);
    if (s == STATUS_OK)
        s = options_time(options, "from", &r->issued_s, err);
    r->level = (unsigned)level;
    r->until_s = r->issued_s + DEFAULT_LIFETIME_S;
    return s == STATUS_OK ? options_time(options, "until", &r->until_s, err) : s;
}

static int finish(enum status s, const struct error *err)
{
    return s == STATUS_OK ? EXIT_YES : output_failure(ROLE_NEEDED, err);
}

static int run_sign(const struct options *options)
{
    struct website_identity record = {.serial = 0};
    struct algorithms *algorithms = NULL;
    struct service_key key = {.local = NULL};
    struct builder statement;
    struct error err = {.status = STATUS_OK};
    builder_init(&statement, WEBSITE_IDENTITY_ENTRY_SIZE_MAX);
    enum status s = read_record(options, &record, &err);
    if (s == STATUS_OK)
        s = identity_file_open_key(options, &algorithms, &key, record.signer, &err);
    if (s == STATUS_OK)
        s = website_identity_write(&record, &statement, &err);
    if (s == STATUS_OK)
        s = identity_file_check_suffix(&record, &err);
    if (s == STATUS_OK)
        s = identity_file_sign(options, &key, builder_view(&statement), &err);
    builder_clear(&statement);
    key_file_close(&key);
    algorithms_free(algorithms);
    return finish(s, &err);
}

static int run_revoke(const struct options *options)
{
    struct website_identity_revocation revocation = {.time_s = (int64_t)time(NULL)};
    struct algorithms *algorithms = NULL;
    struct service_key key = {.local = NULL};
    struct builder statement;
    struct error err = {.status = STATUS_OK};
    builder_init(&statement, WEBSITE_IDENTITY_ENTRY_SIZE_MAX);
    enum status s = options_number(options, "serial", UINT64_MAX, &revocation.serial, &err);
    if (s == STATUS_OK && options_has(options, "reason") &&
        !website_identity_reason_by_name(text_of(options, "reason"), &revocation.reason))
        s = error_set(&err, STATUS_USAGE, "--reason: one of unspecified, key-lost, changed, superseded, domain-gone, was-wrong");
    if (s == STATUS_OK)
        s = options_time(options, "at", &revocation.time_s, &err);
    if (s == STATUS_OK)
        s = identity_file_open_key(options, &algorithms, &key, revocation.signer, &err);
    if (s == STATUS_OK)
        s = website_identity_write_revocation(&revocation, &statement, &err);
    if (s == STATUS_OK)
        s = identity_file_sign(options, &key, builder_view(&statement), &err);
    builder_clear(&statement);
    key_file_close(&key);
    algorithms_free(algorithms);
    return finish(s, &err);
}

#define KEY_ROWS                                                                                                                   \
    {.name = "key", .metavar = "KEY", .is_required = true, .help = "PKCS#8 PEM file of the signer's private key, or a URI"},       \
        {.name = "alg", .metavar = "NAME", .help = "algorithm of the key; sm2_sm3"},                                               \
        {.name = "serial", .metavar = "N", .is_required = true, .help = "serial number of the record, each used once by a signer"}, \
        {.name = "out", .metavar = "FILE", .help = "where the entry goes; stdout"}

static const struct option_row sign_rows[] = {
    KEY_ROWS,
    {.name = "domain", .metavar = "NAME", .is_required = true, .help = "in small letters, as it stands in the DNS (A-labels)"},
    {.name = "subdomains", .help = "all names below it too"},
    {.name = "name-zh", .metavar = "TEXT", .help = "Chinese name of the organisation"},
    {.name = "name-en", .metavar = "TEXT", .help = "its name in Latin letters; one of both is needed"},
    {.name = "country", .metavar = "CC", .is_required = true, .help = "two capital letters"},
    {.name = "registration", .metavar = "NUMBER", .is_required = true, .help = "its number in that country's register"},
    {.name = "level", .metavar = "N", .is_required = true, .help = "2, 3 or 4: how its identity was verified"},
    {.name = "from", .metavar = "TIME", .help = "when this is said; now"},
    {.name = "until", .metavar = "TIME", .help = "until when it may be shown; 398 days later"},
    {.name = NULL},
};

const struct command command_trust_identity_sign = {
    .name = "trust identity sign",
    .arguments = "",
    .summary = "sign a record of whose website a domain is",
    .details = "The entry is a line of base64, for `trust identity add` of the curator.\n",
    .options = sign_rows,
    .run = run_sign,
};

static const struct option_row revoke_rows[] = {
    KEY_ROWS,
    {.name = "reason", .metavar = "WORD", .help = "unspecified, key-lost, changed, superseded, domain-gone or was-wrong"},
    {.name = "at", .metavar = "TIME", .help = "when this is said; now"},
    {.name = NULL},
};

const struct command command_trust_identity_revoke = {
    .name = "trust identity revoke",
    .arguments = "",
    .summary = "sign that a record of a website's identity holds no longer",
    .details = "The entry is a line of base64, for `trust identity add` of the curator.\n",
    .options = revoke_rows,
    .run = run_revoke,
};
