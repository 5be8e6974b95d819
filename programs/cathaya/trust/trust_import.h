/* trust_import.h - what an operator adds to his local bundle, piece by piece. What is there already is no change; what
 * contradicts it is refused, and then nothing of the import counts. */
#ifndef CATHAYA_PROGRAM_TRUST_TRUST_IMPORT_H
#define CATHAYA_PROGRAM_TRUST_TRUST_IMPORT_H

#include "codec/trust_bundle/trust_bundle.h"
#include "rules/trust_store.h"

/* Files of one command line. */
#define TRUST_IMPORT_FILES_MAX 1024

struct trust_import {
    struct trust_bundle *bundle; /* borrowed: it grows */
    const struct algorithms *algorithms;
    bool is_changed;
    struct builder *memory; /* what the bundle borrows from: files and texts */
    size_t memory_count;
    struct trust_store *stores[TRUST_IMPORT_FILES_MAX]; /* keys of policies */
    size_t store_count;
};

/* A CA as the command line has it; texts are borrowed, NULL: not given. */
struct trust_import_ca {
    const char *file, *policy, *operator_name;
    const char *urls[TRUST_BUNDLE_URLS_PER_CA_MAX];
    size_t url_count;
    uint16_t purpose;
    const char *cosigner_operators[TRUST_BUNDLE_COSIGNERS_MAX]; /* "ID=NAME" */
    size_t cosigner_operator_count;
};

struct trust_import_ct_log {
    const char *key_file, *url, *operator_name;
    enum trust_bundle_suite suite;
    int64_t now_s;
};

void trust_import_init(struct trust_import *import, struct trust_bundle *bundle, const struct algorithms *algorithms);
/* trust_import_clear frees what the bundle borrows: write it before. */
void trust_import_clear(struct trust_import *import);

/* Each reads its files. STATUS_CONFLICT when something else is there; STATUS_USAGE, STATUS_MALFORMED, STATUS_REFUSED for
 * a file that is not what it should be. */
MUST_USE enum status trust_import_anchors(struct trust_import *import, const char *file, enum trust_bundle_anchor_kind kind,
                                          uint16_t purpose, struct error *err);
MUST_USE enum status trust_import_ca(struct trust_import *import, const struct trust_import_ca *ca, struct error *err);
MUST_USE enum status trust_import_ct_log(struct trust_import *import, const struct trust_import_ct_log *log, struct error *err);

/* trust_import_policy adds the cosigners, rules and revoked ranges of a policy file (docs/policy-file.md) to a CA of the
 * bundle that has none yet, or the same. In trust_import_policy.c. */
MUST_USE enum status trust_import_policy(struct trust_import *import, size_t ca_at, const struct trust_import_ca *ca,
                                         struct error *err);

/* trust_import_keep copies bytes for as long as the import lives. {NULL, 0} when memory is out. */
struct bytes trust_import_keep(struct trust_import *import, struct bytes value);

#endif
