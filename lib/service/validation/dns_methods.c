#include <stdio.h>
#include <string.h>

#include "crypto/hash.h"
#include "rules/dns_persist.h"
#include "rules/dns_txt.h"
#include "service/validation/attempt.h"

#define CHALLENGE_LABEL "_acme-challenge"
/* 64 records of 2 KiB: more is nobody's zone. */
#define TEXTS_MAX (DNS_RECORDS_MAX * 2048)

static const char *type_failure(enum dns_outcome outcome)
{
    return outcome == DNS_NO_NAME ? "does not exist" : "has no TXT records";
}

/* [RFC8555 8.4]: any of the records may be it; what is no digest is somebody else's. */
static void judge_digest(struct attempt *a, enum dns_type type, const struct dns_answer *answer)
{
    if (answer->outcome == DNS_FAILED || answer->outcome == DNS_BOGUS) {
        lookup_fail(a, a->dns_name, type, answer);
        return;
    }
    if (answer->outcome != DNS_FOUND) {
        attempt_fail(a, "unauthorized", "%s %s", a->dns_name, type_failure(answer->outcome));
        return;
    }
    bool is_there = false;
    for (size_t i = 0; i < answer->record_count; i++) {
        uint8_t memory[VALIDATION_DIGEST_TEXT_SIZE];
        struct builder text;
        builder_init_fixed(&text, memory, sizeof memory);
        is_there |= dns_txt_join(answer->records[i], &text, NULL) == STATUS_OK &&
                    bytes_equal_secret(builder_view(&text), bytes_of_text(a->digest_text));
    }
    if (is_there)
        attempt_pass(a, UINT32_MAX);
    else
        attempt_fail(a, "unauthorized", "none of the %zu TXT records of %s is the digest of the key authorization",
                     answer->record_count, a->dns_name);
}

static enum status check_texts(const struct attempt *a, const struct dns_answer *answer,
                               struct builder *memory, struct error *err)
{
    const struct validation *v = a->owner;
    size_t ends[DNS_RECORDS_MAX], count = 0;
    struct bytes texts[DNS_RECORDS_MAX];
    /* A record that is no TXT, or one more than there is room for, is as if it were not there. */
    for (size_t i = 0; i < answer->record_count && count < DNS_RECORDS_MAX; i++) {
        size_t start = memory->len;
        if (dns_txt_join(answer->records[i], memory, NULL) == STATUS_OK)
            ends[count++] = memory->len;
        else
            memory->len = start;
    }
    for (size_t i = 0; i < count; i++) {
        size_t start = i > 0 ? ends[i - 1] : 0;
        texts[i] = bytes_of(memory->data + start, ends[i] - start);
    }
    struct dns_persist_question q = {
        .issuers = v->config.issuers, .issuer_count = v->config.issuer_count,
        .account_url = a->request.account_url, .is_wildcard = a->request.is_wildcard,
        .now_s = v->ports.clock.now_ms(v->ports.clock.context) / 1000,
    };
    return dns_persist_check(texts, count, &q, err);
}

static void judge_persist(struct attempt *a, enum dns_type type, const struct dns_answer *answer)
{
    struct error err = {.status = STATUS_OK};
    struct builder memory;
    if (answer->outcome == DNS_FAILED || answer->outcome == DNS_BOGUS) {
        lookup_fail(a, a->dns_name, type, answer);
        return;
    }
    if (answer->outcome != DNS_FOUND) {
        attempt_fail(a, "unauthorized", "%s %s", a->dns_name, type_failure(answer->outcome));
        return;
    }
    builder_init(&memory, TEXTS_MAX);
    enum status s = check_texts(a, answer, &memory, &err);
    builder_clear(&memory);
    uint32_t reuse_s = answer->ttl_s < DNS_PERSIST_REUSE_MAX_S ? answer->ttl_s : DNS_PERSIST_REUSE_MAX_S;
    if (s == STATUS_OK)
        attempt_pass(a, reuse_s);
    else
        attempt_fail(a, s == STATUS_MALFORMED ? "malformed" : "unauthorized", "%s: %s", a->dns_name, err.text);
}

/* The label that is the account's [draft-ietf-acme-dns-account-label 3.1]: the first ten bytes of the hash
 * of its URL in base32, lower case. */
static bool write_account_label(const char *account_url, char out[18])
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t hash[HASH_SIZE];
    struct bytes url = bytes_of_text(account_url);
    if (!hash_label_sha256(&url, 1, hash))
        return false;
    out[0] = '_';
    for (unsigned i = 0; i < 16; i++) {
        unsigned bit = i * 5, pair = (unsigned)hash[bit / 8] << 8 | hash[bit / 8 + 1];
        out[1 + i] = digits[pair >> (11 - bit % 8) & 31];
    }
    out[17] = '\0';
    return true;
}

static void look(struct attempt *a, const char *labels, lookup_then *then)
{
    int len = snprintf(a->dns_name, sizeof a->dns_name, "%s.%s", labels, a->request.identifier.value);
    if (len < 0 || len >= (int)sizeof a->dns_name)
        attempt_fail(a, "malformed", "the name is too long for a record below %s", labels);
    else
        lookup_start(a, a->dns_name, DNS_TXT, then);
}

void dns_methods_start(struct attempt *a)
{
    char label[18], labels[18 + sizeof CHALLENGE_LABEL + 1];
    if (a->request.challenge == ACME_DNS_01) {
        look(a, CHALLENGE_LABEL, judge_digest);
    } else if (a->request.challenge == ACME_DNS_PERSIST_01) {
        look(a, DNS_PERSIST_LABEL, judge_persist);
    } else if (!write_account_label(a->request.account_url, label)) {
        attempt_fail(a, "serverInternal", "out of memory");
    } else {
        (void)snprintf(labels, sizeof labels, "%s." CHALLENGE_LABEL, label);
        look(a, labels, judge_digest);
    }
}
