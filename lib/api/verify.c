/* verify.c - the public verifier, a thin face of rules/. */
#include <cathaya/verify.h>

#include <stdlib.h>
#include <string.h>

#include "api/verify_parts.h"
#include "rules/bundle_signature.h"
#include "rules/policy_text.h"
#include "rules/trust_contents.h"
#include "rules/verify_certificate.h"

/* Both sides of the border use the same numbers and the same layout of reasons. */
_Static_assert((int)CATHAYA_MALFORMED == (int)STATUS_MALFORMED, "status");
_Static_assert((int)CATHAYA_REFUSED == (int)STATUS_REFUSED, "status");
_Static_assert((int)CATHAYA_NOT_FOUND == (int)STATUS_NOT_FOUND, "status");
_Static_assert((int)CATHAYA_CONFLICT == (int)STATUS_CONFLICT, "status");
_Static_assert((int)CATHAYA_LIMIT == (int)STATUS_LIMIT, "status");
_Static_assert((int)CATHAYA_NO_MEMORY == (int)STATUS_NO_MEMORY, "status");
_Static_assert((int)CATHAYA_USAGE == (int)STATUS_USAGE, "status");
_Static_assert(CATHAYA_REASON_SIZE == ERROR_TEXT_MAX, "reason");
_Static_assert(CATHAYA_HASH_SIZE == HASH_SIZE, "hash");
_Static_assert(CATHAYA_ID_SIZE >= TAI_TEXT_SIZE, "ID");

struct cathaya_verifier {
    const struct cathaya_trust *trust;
    struct hasher_set hashers;
};

/* Gives a status and its reason to the outside. A reason may quote what somebody else wrote, and often
 * ends on a terminal: what is not printable ASCII becomes '?'. */
enum cathaya_status verify_parts_give(enum status s, const struct error *inner, struct cathaya_error *err)
{
    if (err == NULL)
        return (enum cathaya_status)s;
    err->status = (enum cathaya_status)s;
    size_t len = 0;
    if (s != STATUS_OK)
        for (const char *c = inner->text; *c != '\0' && len < sizeof err->reason - 1; c++)
            err->reason[len++] = *c >= ' ' && *c <= '~' ? *c : '?';
    err->reason[len] = '\0';
    return (enum cathaya_status)s;
}

enum cathaya_status cathaya_trust_new(struct cathaya_trust **out, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    *out = NULL;
    struct cathaya_trust *trust = calloc(1, sizeof *trust);
    if (trust == NULL)
        return verify_parts_give(error_set(&inner, STATUS_NO_MEMORY, "out of memory"), &inner, err);
    builder_init(&trust->policy, TRUST_BUNDLE_SIZE_MAX);
    builder_init(&trust->ct_policies, TRUST_BUNDLE_SIZE_MAX);
    enum status s = algorithms_new(&trust->algorithms, &inner);
    if (s == STATUS_OK)
        s = trust_store_new(trust->algorithms, &trust->store, &inner);
    if (s == STATUS_OK)
        *out = trust;
    else
        cathaya_trust_free(trust);
    return verify_parts_give(s, &inner, err);
}

void cathaya_trust_free(struct cathaya_trust *trust)
{
    if (trust == NULL)
        return;
    builder_clear(&trust->policy);
    builder_clear(&trust->ct_policies);
    trust_store_free(trust->store);
    algorithms_free(trust->algorithms);
    free(trust);
}

enum cathaya_status cathaya_trust_add_algorithm(struct cathaya_trust *trust, const char *name,
                                                const char *oid, const char *evp_name,
                                                const char *provider, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    enum status s = algorithms_add(trust->algorithms, name, oid, evp_name, provider, &inner);
    return verify_parts_give(s, &inner, err);
}

enum cathaya_status cathaya_trust_add_ca(struct cathaya_trust *trust, const uint8_t *der,
                                         size_t der_len, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    return verify_parts_give(trust_store_add_ca(trust->store, bytes_of(der, der_len), &inner), &inner, err);
}

enum cathaya_status cathaya_trust_add_policy(struct cathaya_trust *trust, const char *text,
                                             size_t text_len, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    return verify_parts_give(policy_text_read(bytes_of(text, text_len), trust->store, &inner), &inner, err);
}

/* What is wrong with an ID is wrong with the configuration, as it is in a policy. */
static enum status read_ca_id(const char *text, struct tai *id, struct error *err)
{
    enum status s = tai_parse_text(bytes_of_text(text), id, err);
    return s == STATUS_OK ? s : error_prefix(err, STATUS_USAGE, "CA ID");
}

enum cathaya_status cathaya_trust_add_subtree(struct cathaya_trust *trust, const char *ca_id,
                                              uint16_t log_number, uint64_t start, uint64_t end,
                                              const uint8_t hash[CATHAYA_HASH_SIZE],
                                              struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    struct tai id;
    enum status s = read_ca_id(ca_id, &id, &inner);
    if (s == STATUS_OK)
        s = trust_store_add_subtree(trust->store, &id, log_number, (struct subtree){start, end}, hash,
                                    &inner);
    return verify_parts_give(s, &inner, err);
}

enum cathaya_status cathaya_trust_add_revoked(struct cathaya_trust *trust, const char *ca_id,
                                              uint64_t first, uint64_t last,
                                              struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    struct tai id;
    enum status s = read_ca_id(ca_id, &id, &inner);
    if (s == STATUS_OK)
        s = trust_store_add_revoked(trust->store, &id, first, last, &inner);
    return verify_parts_give(s, &inner, err);
}

/* The bundles stand one after the other in parsed; those that could be read are cleared by the caller. */
static enum status read_bundles(const struct cathaya_bundle *bundles, size_t count, struct trust_bundle *parsed,
                                const struct trust_bundle **pointers, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        trust_bundle_init(&parsed[i]);
        pointers[i] = &parsed[i];
    }
    for (size_t i = 0; s == STATUS_OK && i < count; i++)
        s = trust_bundle_parse(bytes_of(bundles[i].data, bundles[i].len), &parsed[i], err);
    return s;
}

/* Whoever asks for the policy reads it; here it is bytes. */
static enum status keep_policy(struct cathaya_trust *trust, const struct trust_bundle *bundle, struct error *err)
{
    builder_reset(&trust->policy);
    builder_reset(&trust->ct_policies);
    builder_bytes(&trust->policy, bundle->policy.policy);
    builder_bytes(&trust->ct_policies, bundle->policy.ct_policies);
    enum status s = builder_status(&trust->policy, "policy", err);
    return s == STATUS_OK ? builder_status(&trust->ct_policies, "CT policies", err) : s;
}

static enum status take_bundles(struct cathaya_trust *trust, const struct trust_bundle *const *bundles, size_t count, int64_t at,
                                struct trust_contents **contents, struct error *err)
{
    struct trust_contents_settings settings = {.now_s = at, .purpose = TRUST_BUNDLE_TLS};
    enum status s = bundle_signature_check_use(bundles[0], at, &settings.is_without_landmarks, err);
    if (s == STATUS_OK)
        s = trust_contents_new(bundles, count, trust->algorithms, &settings, contents, err);
    if (s != STATUS_OK)
        return s;
    s = keep_policy(trust, bundles[0], err);
    if (s != STATUS_OK) {
        trust_contents_free(*contents);
        *contents = NULL;
        return s;
    }
    trust_store_free(trust->store);
    trust->store = (*contents)->store;
    (*contents)->store = NULL;
    return STATUS_OK;
}

enum status verify_parts_add_bundles(struct cathaya_trust *trust, const struct cathaya_bundle *bundles, size_t count, int64_t at,
                                     struct trust_contents **contents, struct error *err)
{
    *contents = NULL;
    if (count == 0 || count > 1 + TRUST_BUNDLE_LOGS_MAX)
        return error_set(err, STATUS_USAGE, "%zu bundles", count);
    if (!trust_store_is_empty(trust->store))
        return error_set(err, STATUS_USAGE, "bundles come first: something is trusted already");
    struct trust_bundle *parsed = calloc(count, sizeof *parsed);
    const struct trust_bundle **pointers = calloc(count, sizeof *pointers);
    enum status s = STATUS_NO_MEMORY;
    if (parsed == NULL || pointers == NULL) {
        (void)error_set(err, s, "out of memory");
    } else {
        s = read_bundles(bundles, count, parsed, pointers, err);
        if (s == STATUS_OK)
            s = take_bundles(trust, pointers, count, at, contents, err);
        for (size_t i = 0; i < count; i++)
            trust_bundle_clear(&parsed[i]);
    }
    free(pointers);
    free(parsed);
    return s;
}

enum cathaya_status cathaya_trust_add_bundles(struct cathaya_trust *trust, const struct cathaya_bundle *bundles, size_t count,
                                              int64_t at, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    struct trust_contents *contents;
    enum status s = verify_parts_add_bundles(trust, bundles, count, at, &contents, &inner);
    trust_contents_free(contents);
    return verify_parts_give(s, &inner, err);
}

enum cathaya_status cathaya_verifier_new(const struct cathaya_trust *trust,
                                         struct cathaya_verifier **out, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    *out = NULL;
    struct cathaya_verifier *verifier = calloc(1, sizeof *verifier);
    if (verifier == NULL)
        return verify_parts_give(error_set(&inner, STATUS_NO_MEMORY, "out of memory"), &inner, err);
    verifier->trust = trust;
    enum status s = hasher_set_init(&verifier->hashers, &inner);
    if (s == STATUS_OK)
        *out = verifier;
    else
        free(verifier);
    return verify_parts_give(s, &inner, err);
}

void cathaya_verifier_free(struct cathaya_verifier *verifier)
{
    if (verifier == NULL)
        return;
    hasher_set_clear(&verifier->hashers);
    free(verifier);
}

static void copy_name(char *out, size_t size, const char *text)
{
    size_t len = strlen(text);
    if (len >= size)
        len = size - 1;
    memcpy(out, text, len);
    out[len] = '\0';
}

/* IDs of the good cosigners with a space between; those that do not fit are left out. */
static void list_cosigners(const struct trust_store *store, const struct proof_verdict *verdict,
                           char out[CATHAYA_COSIGNERS_SIZE])
{
    struct builder b;
    builder_init_fixed(&b, out, CATHAYA_COSIGNERS_SIZE - 1);
    for (size_t i = 0; i < TRUST_COSIGNERS_MAX; i++) {
        char id[TAI_TEXT_SIZE];
        if (!proof_verdict_has(verdict, i))
            continue;
        tai_text(&trust_store_cosigner(store, i)->id, id);
        if (b.len + 1 + strlen(id) > b.max)
            break;
        if (b.len > 0)
            builder_u8(&b, ' ');
        builder_text(&b, id);
    }
    out[b.len] = '\0';
}

void verify_parts_fill_result(const struct trust_store *store, const struct proof_verdict *verdict, bool is_ok,
                              struct cathaya_result *out)
{
    *out = (struct cathaya_result){.mode = CATHAYA_MODE_NONE};
    if (verdict->ca == NULL)
        return;
    tai_text(&verdict->ca->id, out->ca_id);
    copy_name(out->draft, sizeof out->draft, verdict->ca->draft->name);
    copy_name(out->hash, sizeof out->hash, verdict->ca->draft->hash->name);
    out->serial = verdict->serial;
    out->log_number = verdict->log_number;
    out->index = verdict->index;
    out->start = verdict->subtree.start;
    out->end = verdict->subtree.end;
    memcpy(out->entry_hash, verdict->entry_hash, HASH_SIZE);
    memcpy(out->subtree_hash, verdict->subtree_hash, HASH_SIZE);
    out->has_ca_signature = verdict->has_ca_signature;
    list_cosigners(store, verdict, out->cosigners);
    if (is_ok)
        out->mode = verdict->basis == PROOF_BY_TRUSTED_SUBTREE ? CATHAYA_MODE_LANDMARK
                                                               : CATHAYA_MODE_STANDALONE;
}

/* An empty name or address would mean "not checked": nobody asks for that by accident. */
static enum status read_request(const struct cathaya_request *request, struct verify_request *asked,
                                struct error *err)
{
    *asked = (struct verify_request){.at_s = request->at, .is_proof_only = request->proof_only != 0};
    if (request->dns_name != NULL && request->dns_name[0] == '\0')
        return error_set(err, STATUS_USAGE, "dns_name is empty");
    if (request->ip != NULL && request->ip_len != 4 && request->ip_len != 16)
        return error_set(err, STATUS_USAGE, "ip_len is %zu: an address has 4 or 16 bytes", request->ip_len);
    if (request->ip == NULL && request->ip_len != 0)
        return error_set(err, STATUS_USAGE, "ip_len is %zu, and ip is NULL", request->ip_len);
    if (request->dns_name != NULL)
        asked->dns_name = bytes_of_text(request->dns_name);
    asked->ip = bytes_of(request->ip, request->ip_len);
    return STATUS_OK;
}

enum cathaya_status cathaya_verify(struct cathaya_verifier *verifier, const uint8_t *der,
                                   size_t der_len, const struct cathaya_request *request,
                                   struct cathaya_result *result, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    struct proof_verdict verdict = {.ca = NULL};
    struct verify_request asked;
    enum status s = read_request(request, &asked, &inner);
    if (s == STATUS_OK)
        s = verify_certificate(verifier->trust->store, &verifier->hashers, bytes_of(der, der_len),
                               &asked, &verdict, &inner);
    if (result != NULL)
        verify_parts_fill_result(verifier->trust->store, &verdict, s == STATUS_OK, result);
    return verify_parts_give(s, &inner, err);
}

const char *cathaya_version(void)
{
    return CATHAYA_VERSION;
}
