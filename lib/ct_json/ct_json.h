/* ct_json.h - the JSON of a CT log's requests and answers, both sides [RFC6962 4], [GM 4].
 *
 *   POST add-chain, add-pre-chain   {"chain": [base64...]}                     -> SCT
 *   POST add-mtc-entries            {"checkpoint": text, "entries": [{"index", "entry", "proof": [base64...]}]}
 *                                                                              -> {"scts": [SCT...]}
 *   SCT                             {"sct_version": 0, "id", "timestamp", "extensions", "signature"}
 *   GET get-sth                     {"tree_size", "timestamp", "sha256_root_hash" | "sm3_root_hash", "tree_head_signature"}
 *   GET get-sth-consistency         {"consistency": [base64...]}
 *   GET get-proof-by-hash           {"leaf_index", "audit_path": [base64...]}
 *   GET get-entries                 {"entries": [{"leaf_input", "extra_data"}...]}
 *   GET get-entry-and-proof         {"leaf_input", "extra_data", "audit_path": [base64...]}
 *   GET get-roots                   {"certificates": [base64...]}
 *
 * Base64 is canonical. Members that are not known are no error in answers (logs add some), and are one in requests.
 * A member twice is malformed. What a parser gives is in its struct's memory until the struct's clear, which is needed
 * after success only. STATUS_MALFORMED with the member; STATUS_LIMIT.
 */
#ifndef CATHAYA_CT_JSON_CT_JSON_H
#define CATHAYA_CT_JSON_CT_JSON_H

#include "base/array.h"
#include "base/builder.h"
#include "codec/ct/ct_suite.h"
#include "codec/ct/sct_list.h"
#include "codec/ct/tree_head.h"

/* A chain of 512 KiB (the limit of public logs) in base64, and what stands around it. */
#define CT_JSON_SUBMISSION_MAX ((size_t)704 * 1024)
/* The longest chains in use have five certificates; cross-signed ones a few more. */
#define CT_JSON_CHAIN_MAX 16
/* [GM 4]: at most 256 entries in one request, each with a proof of at most 64 hashes. */
#define CT_JSON_MTC_ENTRIES_MAX 256
/* 256 entries of 64 KiB are refused; of 8 KiB, with proofs and a checkpoint with many cosignatures, they fit. */
#define CT_JSON_MTC_SUBMISSION_MAX ((size_t)4 * 1024 * 1024)
/* One SCT, one tree head, one proof. 256 SCTs are 90 KiB. */
#define CT_JSON_ANSWER_MAX ((size_t)256 * 1024)
/* 1,000 entries of the largest chains are 900 MiB, of usual ones 12 MiB: who asks stops reading here and asks for fewer. */
#define CT_JSON_ENTRIES_MAX ((size_t)64 * 1024 * 1024)
#define CT_JSON_ENTRY_COUNT_MAX 4096
#define CT_JSON_ROOTS_MAX ((size_t)16 * 1024 * 1024)
#define CT_JSON_ROOT_COUNT_MAX 8192
/* An inclusion or consistency proof of 64-bit sizes. */
#define CT_JSON_PROOF_MAX 65

/* Decoded byte strings, in order. */
struct ct_json_blobs {
    size_t count;
    struct bytes *items;
    struct builder memory;
};
void ct_json_blobs_clear(struct ct_json_blobs *blobs);

/* ---- add-chain and add-pre-chain ---- */

/* ct_json_parse_chain reads the body: 1..CT_JSON_CHAIN_MAX certificates in DER (not looked at), the leaf first. */
MUST_USE enum status ct_json_parse_chain(struct bytes body, struct ct_json_blobs *out, struct error *err);
MUST_USE enum status ct_json_write_chain(const struct bytes *chain, size_t count, struct builder *out, struct error *err);

/* The answer. ct_json_parse_sct gives a SerializedSCT, and its fields in *sct, which borrow from out; out is
 * emptied first. */
MUST_USE enum status ct_json_write_sct(const struct sct *sct, struct builder *out, struct error *err);
MUST_USE enum status ct_json_parse_sct(struct bytes body, struct builder *out, struct sct *sct, struct error *err);

/* ---- add-mtc-entries ---- */

struct ct_json_mtc_entry {
    uint64_t index;
    struct bytes entry; /* MTCLogEntry */
    struct bytes proof; /* a run of hashes: inclusion in the checkpoint's tree */
};
struct ct_json_mtc {
    struct bytes checkpoint; /* a signed note, not looked at */
    size_t count;
    struct ct_json_mtc_entry *entries;
    struct builder memory;
};
MUST_USE enum status ct_json_parse_mtc(struct bytes body, struct ct_json_mtc *out, struct error *err);
MUST_USE enum status ct_json_write_mtc(struct bytes checkpoint, const struct ct_json_mtc_entry *entries, size_t count,
                                       struct builder *out, struct error *err);
void ct_json_mtc_clear(struct ct_json_mtc *mtc);

/* {"scts": [...]}: in the order of the entries. items of the parsed blobs are SerializedSCTs. */
MUST_USE enum status ct_json_write_scts(const struct sct *scts, size_t count, struct builder *out, struct error *err);
MUST_USE enum status ct_json_parse_scts(struct bytes body, struct ct_json_blobs *out, struct error *err);

/* ---- tree heads and proofs ---- */

/* signature is a whole DigitallySigned. */
MUST_USE enum status ct_json_write_sth(const struct ct_suite *suite, const struct tree_head *head, struct bytes signature,
                                       struct builder *out, struct error *err);
/* ct_json_parse_sth: the suite says which member has the root. The DigitallySigned is appended to signature. */
MUST_USE enum status ct_json_parse_sth(const struct ct_suite *suite, struct bytes body, struct tree_head *out,
                                       struct builder *signature, struct error *err);

/* Proofs are runs of hashes, appended to out when parsed. STATUS_LIMIT above CT_JSON_PROOF_MAX. */
MUST_USE enum status ct_json_write_consistency(struct bytes proof, struct builder *out, struct error *err);
MUST_USE enum status ct_json_parse_consistency(struct bytes body, struct builder *out, struct error *err);
MUST_USE enum status ct_json_write_inclusion(uint64_t leaf_index, struct bytes proof, struct builder *out, struct error *err);
MUST_USE enum status ct_json_parse_inclusion(struct bytes body, uint64_t *leaf_index, struct builder *out, struct error *err);

/* ---- entries ---- */

/* ct_json_open_entries, ct_json_add_entry..., ct_json_close_entries write get-entries one entry after the other,
 * straight into the builder, whose own status says whether all fitted. */
void ct_json_open_entries(struct builder *out);
void ct_json_add_entry(struct builder *out, bool is_first, struct bytes leaf_input, struct bytes extra_data);
void ct_json_close_entries(struct builder *out);

struct ct_json_entry {
    struct bytes leaf_input, extra_data;
};
struct ct_json_entries {
    size_t count;
    struct ct_json_entry *items;
    struct builder memory;
};
/* ct_json_parse_entries reads at most CT_JSON_ENTRY_COUNT_MAX entries; none is STATUS_MALFORMED. */
MUST_USE enum status ct_json_parse_entries(struct bytes body, struct ct_json_entries *out, struct error *err);
void ct_json_entries_clear(struct ct_json_entries *entries);

/* get-entry-and-proof: one entry and its path. */
MUST_USE enum status ct_json_write_entry_and_proof(struct bytes leaf_input, struct bytes extra_data, struct bytes proof,
                                                   struct builder *out, struct error *err);
/* items of the parsed blobs: leaf_input, extra_data, the proof as one run. */
MUST_USE enum status ct_json_parse_entry_and_proof(struct bytes body, struct ct_json_blobs *out, struct error *err);

/* ---- roots ---- */

MUST_USE enum status ct_json_write_roots(const struct bytes *roots, size_t count, struct builder *out, struct error *err);
MUST_USE enum status ct_json_parse_roots(struct bytes body, struct ct_json_blobs *out, struct error *err);

/* ct_json_write_error appends {"error_message": text}: what logs answer a refused request with. */
void ct_json_write_error(const char *text, struct builder *out);

#endif
