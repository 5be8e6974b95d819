/* ca_config.h - ca.conf, the settings of a CA directory (docs/operations.md). */
#ifndef CATHAYA_PROGRAMS_CA_CA_CONFIG_H
#define CATHAYA_PROGRAMS_CA_CA_CONFIG_H

#include "base/builder.h"
#include "codec/mtc/draft.h"
#include "crypto/algorithm.h"
#include "key_file.h"

/* The CA cosigner is not counted: it is always there. */
#define CA_CONFIG_COSIGNERS_MAX 7
#define CA_CONFIG_SIZE_MAX (64 * 1024)
/* Up to this long a certificate needs no revocation [GM 8.2]. */
#define CA_CONFIG_SHORT_LIVED_S (7 * (int64_t)86400)
/* Entries are kept at least so long after they expired [GM 11.4]. */
#define CA_CONFIG_RETAIN_DAYS_MIN 35
/* Longer than any root program allows: above it, a typing mistake. */
#define CA_CONFIG_LIFETIME_MAX_S (400 * (int64_t)86400)

/* Where a private key is, when it is not in keys/: "" and "" then. */
struct ca_config_key {
    char key[KEY_FILE_NAME_MAX + 1]; /* key_file.h */
    char provider[KEY_FILE_NAME_MAX + 1];
};

struct ca_config_cosigner {
    struct tai id;
    struct ca_config_key where;
    char algorithm[ALGORITHM_NAME_MAX + 1];
};

struct ca_config {
    const struct draft *draft; /* suite gm or intl */
    struct tai id;
    char algorithm[ALGORITHM_NAME_MAX + 1];
    struct ca_config_key where; /* of the CA's key */
    int64_t lifetime_s, backdate_s, retain_s;
    bool has_client_auth;
    char policy_oid[ALGORITHM_OID_TEXT_MAX + 1]; /* dotted, or "" */
    size_t cosigner_count;
    struct ca_config_cosigner cosigners[CA_CONFIG_COSIGNERS_MAX];
};

/* ca_config_suite is what a suite name stands for: its draft and its default algorithm; false for an
 * unknown one. */
MUST_USE bool ca_config_suite(const char *suite, struct ca_config *out);

/* ca_config_read reads a ca.conf; `algorithm` blocks in it are added to algorithms. STATUS_USAGE with
 * file and line. */
MUST_USE enum status ca_config_read(const char *path, struct algorithms *algorithms,
                                     struct ca_config *out, struct error *err);

/* ca_config_write appends the text of a new ca.conf, with comments; extra (may be empty) is text to go
 * at its end, such as algorithm blocks. */
void ca_config_write(const struct ca_config *config, struct bytes extra, struct builder *out);

/* ca_config_write_cosigner appends the block of one cosigner. */
void ca_config_write_cosigner(const struct ca_config_cosigner *cosigner, struct builder *out);

/* ca_config_write_algorithm appends the block of an algorithm that no code names. */
void ca_config_write_algorithm(const struct signature_alg *alg, struct builder *out);

#endif
