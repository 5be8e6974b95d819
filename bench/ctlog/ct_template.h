/* ct_template.h - many leaves from one: the serial number, and the digits behind "load-" in its names, are replaced, and the
 * leaf is signed again. For load tests, where a chain has to be a real one and making it has to be cheap. */
#ifndef CATHAYA_BENCH_CTLOG_CT_TEMPLATE_H
#define CATHAYA_BENCH_CTLOG_CT_TEMPLATE_H

#include "crypto/key.h"

/* "load-00000000": eight digits in each name. */
#define CT_TEMPLATE_DIGITS 8
/* A leaf, its issuer, a root. */
#define CT_TEMPLATE_CHAIN_MAX 4

struct ct_template {
    struct builder file;                       /* PEM */
    struct builder ders[CT_TEMPLATE_CHAIN_MAX]; /* the leaf first */
    size_t count;
    struct bytes tbs, algorithm; /* of the leaf; into ders[0] */
    size_t serial_at;            /* offset of the last 8 bytes of the serial number in tbs */
    struct private_key *issuer_key;
};

/* ct_template_open reads PEM files: a chain whose leaf has a serial number of at least 9 bytes, and its issuer's key. Ends the
 * program when they are no good. */
void ct_template_open(struct ct_template *t, const char *chain_path, const char *key_path, const struct signature_alg *alg);
void ct_template_clear(struct ct_template *t);

/* ct_template_tbs appends the TBSCertificate of leaf `number`, ct_template_leaf the certificate; is_signed false: with the
 * template's signature, for readers who do not look at it. */
void ct_template_tbs(const struct ct_template *t, uint64_t number, struct builder *out);
void ct_template_leaf(const struct ct_template *t, uint64_t number, bool is_signed, struct builder *out);

/* ct_template_body appends {"chain": [...]} with leaf `number`. */
void ct_template_body(const struct ct_template *t, uint64_t number, struct builder *out);

#endif
