#include "service/signer/signer_rules.h"

#include <inttypes.h>
#include <string.h>

#include "codec/ocsp/ocsp_response.h"
#include "codec/asn1/der.h"
#include "codec/revocations/revocations.h"
#include "codec/x509/crl.h"
#include "merkle/node.h"

/* Names are the asker's: as much of one as a message can show. */
#define SHOWN(name) (int)((name).len < 100 ? (name).len : 100), (const char *)(name).data

static bool is_listed(const char *const *names, size_t count, struct bytes name)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_is_text(name, names[i]))
            return true;
    return false;
}

static bool is_own_log(const struct signer_key *key, struct bytes origin)
{
    struct tai log, ca;
    uint16_t number;
    return tai_parse_name(origin, &log, NULL) == STATUS_OK && tai_split_log_id(&log, &ca, &number) && number > 0 &&
           tai_equal(&ca, &key->cosigner);
}

enum status signer_rules_check_origin(const struct signer_key *key, struct bytes origin, struct error *err)
{
    if (signer_memory_is_origin(origin) && (is_listed(key->origins, key->origin_count, origin) ||
                                            (key->has_own_logs && is_own_log(key, origin))))
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED, "%.*s is none of this key's logs", SHOWN(origin));
}

static enum status check_names(const struct signer_key *key, const struct cosigned_message *m, struct error *err)
{
    char name[TAI_NAME_SIZE];
    tai_name(&key->cosigner, name);
    if (!bytes_is_text(m->cosigner_name, name))
        return error_set(err, STATUS_REFUSED, "this key is %s, not %.*s", name, SHOWN(m->cosigner_name));
    return signer_rules_check_origin(key, m->log_origin, err);
}

/* ---- trees ---- */

static enum status check_empty_root(struct hasher *hasher, const struct cosigned_message *m, struct error *err)
{
    uint8_t empty[HASH_SIZE];
    node_empty_hash(hasher, empty);
    enum status status = hasher_status(hasher, err);
    if (status != STATUS_OK || memcmp(m->hash, empty, HASH_SIZE) == 0)
        return status;
    return error_set(err, STATUS_REFUSED, "the root of the empty tree is another one");
}

static enum status check_first(const struct signer_key *key, struct hasher *hasher,
                               const struct cosigned_message *m, struct error *err)
{
    if (m->subtree.end == 0)
        return check_empty_root(hasher, m, err);
    if (is_listed(key->adopted, key->adopted_count, m->log_origin))
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED,
                     "%.*s: this key has signed nothing of this log yet, and it has %" PRIu64 " entries: whoever keeps the "
                     "signer has to name it under `adopt` if its memory is rightly empty", SHOWN(m->log_origin), m->subtree.end);
}

static enum status check_size(const struct signer_tree *last, const struct cosigned_message *m, struct error *err)
{
    if (m->subtree.end < last->size)
        return error_set(err, STATUS_REFUSED,
                         "%s: this key has signed %" PRIu64 " entries, and is asked for %" PRIu64 ": this is an old copy of the "
                         "log; restore its newest record, or open the next log number", last->origin, last->size, m->subtree.end);
    if (m->subtree.end == last->size && memcmp(m->hash, last->root, HASH_SIZE) != 0)
        return error_set(err, STATUS_REFUSED,
                         "%s: this key has signed another root for %" PRIu64 " entries: a second history; restore the "
                         "newest record, or open the next log number", last->origin, last->size);
    return STATUS_OK;
}

static enum status check_goes_on(struct hasher *hasher, const struct signer_tree *last,
                                 const struct signer_request *request, enum signer_verdict *verdict,
                                 struct error *err)
{
    const struct cosigned_message *m = &request->statement;
    if (last->size == 0 || last->size == m->subtree.end)
        return STATUS_OK;
    enum status status = proof_check_consistency(hasher, (struct subtree){0, last->size}, m->subtree.end,
                                                 last->root, m->hash, request->proof, NULL);
    if (hasher_status(hasher, err) != STATUS_OK)
        return STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        return STATUS_OK;
    *verdict = SIGNER_NEEDS_PROOF;
    return error_set(err, STATUS_REFUSED,
                     "%s: the proof does not show that the tree of %" PRIu64 " entries goes on from the %" PRIu64
                     " that this key has signed: a second history, unless the proof was of another size", last->origin,
                     m->subtree.end, last->size);
}

enum status signer_rules_check_tree(const struct signer_key *key, struct hasher *hasher,
                                    const struct signer_tree *last, const struct signer_request *request,
                                    enum signer_verdict *verdict, struct error *err)
{
    const struct cosigned_message *m = &request->statement;
    enum status status = check_names(key, m, err);
    if (status != STATUS_OK)
        return status;
    if (last == NULL)
        return check_first(key, hasher, m, err);
    status = check_size(last, m, err);
    return status == STATUS_OK ? check_goes_on(hasher, last, request, verdict, err) : status;
}

enum status signer_rules_check_subtree(const struct signer_key *key, struct hasher *hasher,
                                       const struct signer_tree *last, const struct signer_request *request,
                                       enum signer_verdict *verdict, struct error *err)
{
    const struct cosigned_message *m = &request->statement;
    struct subtree s = m->subtree;
    enum status status = check_names(key, m, err);
    if (status != STATUS_OK)
        return status;
    if (last == NULL || s.end > last->size || s.start == s.end)
        return error_set(err, STATUS_REFUSED,
                         "%.*s: [%" PRIu64 ", %" PRIu64 ") is no part of what this key has signed (%" PRIu64 " entries)",
                         SHOWN(m->log_origin), s.start, s.end, last != NULL ? last->size : 0);
    status = proof_check_consistency(hasher, s, last->size, m->hash, last->root, request->proof, NULL);
    if (hasher_status(hasher, err) != STATUS_OK)
        return STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        return STATUS_OK;
    *verdict = SIGNER_NEEDS_PROOF;
    return error_set(err, STATUS_REFUSED,
                     "%s: the proof does not show that the subtree [%" PRIu64 ", %" PRIu64 ") is part of the tree of %" PRIu64
                     " entries that this key has signed", last->origin, s.start, s.end, last->size);
}

/* ---- documents ---- */

/* TBSCertificate ::= SEQUENCE { [0] version, ... }: every other thing here begins otherwise. */
static bool is_tbs_certificate(struct bytes document)
{
    struct reader r, contents, version;
    reader_init(&r, document);
    return der_enter(&r, DER_SEQUENCE, &contents) && reader_is_at_end(&r) &&
           der_enter(&contents, DER_CONTEXT_CONSTRUCTED(0), &version);
}

/* The text of a revocations file with its label, about one of the key's logs. */
static enum status check_revocations(const struct signer_key *key, struct bytes document, struct error *err)
{
    struct revocations r;
    size_t label_len = sizeof REVOCATIONS_LABEL - 1;
    revocations_init(&r);
    enum status status = revocations_parse_text(
        bytes_of(document.data + label_len, document.len - label_len), &r, err);
    if (status == STATUS_OK)
        status = signer_rules_check_origin(key, r.origin, err);
    revocations_clear(&r);
    return status;
}

static bool has_revocations_label(struct bytes document)
{
    size_t label_len = sizeof REVOCATIONS_LABEL - 1;
    return document.len > label_len && memcmp(document.data, REVOCATIONS_LABEL, label_len) == 0;
}

enum status signer_rules_check_document(const struct signer_key *key, struct bytes document, struct error *err)
{
    if (has_revocations_label(document))
        return (key->kinds & SIGNER_KIND_REVOCATIONS) != 0
                   ? check_revocations(key, document, err)
                   : error_set(err, STATUS_REFUSED, "this key signs no revocations files");
    if (crl_is_tbs(document))
        return (key->kinds & SIGNER_KIND_CRL) != 0 ? STATUS_OK
                                                   : error_set(err, STATUS_REFUSED, "this key signs no revocation lists");
    if (ocsp_response_is_data(document))
        return (key->kinds & SIGNER_KIND_OCSP) != 0 ? STATUS_OK
                                                    : error_set(err, STATUS_REFUSED, "this key signs no OCSP responses");
    if (is_tbs_certificate(document))
        return (key->kinds & SIGNER_KIND_CERTIFICATE) != 0
                   ? STATUS_OK
                   : error_set(err, STATUS_REFUSED, "this key signs no certificates");
    return error_set(err, STATUS_REFUSED, "neither a TBSCertList, a TBSCertificate, an OCSP ResponseData nor a revocations text");
}

/* 64 spaces, a context, a zero, and the transcript's hash [RFC8446 4.4.3]. */
enum status signer_rules_check_handshake(const struct signer_key *key, struct bytes message, struct error *err)
{
    static const char start[] = "                                                                "
                                "TLS 1.3, server CertificateVerify";
    if ((key->kinds & SIGNER_KIND_TLS) == 0)
        return error_set(err, STATUS_REFUSED, "this key signs no handshakes");
    /* sizeof counts the NUL, which is the zero. */
    bool has_start = message.len > sizeof start && memcmp(message.data, start, sizeof start) == 0;
    size_t hash_len = has_start ? message.len - sizeof start : 0;
    return hash_len == 32 || hash_len == 48
               ? STATUS_OK
               : error_set(err, STATUS_REFUSED, "not what a TLS 1.3 server signs");
}
