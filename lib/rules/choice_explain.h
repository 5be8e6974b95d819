/* choice_explain.h - a certificate choice in words, for `cathaya gateway explain` and for debug logs. */
#ifndef CATHAYA_RULES_CHOICE_EXPLAIN_H
#define CATHAYA_RULES_CHOICE_EXPLAIN_H

#include "base/builder.h"
#include "rules/certificate_choice.h"

/* Enough for the longest offer that is kept, twice. */
#define CHOICE_EXPLAIN_SIZE_MAX ((size_t)64 * 1024)
/* Trust anchor IDs and code points that are written of one list; "and N more" for the others. */
#define CHOICE_EXPLAIN_ITEMS_MAX 24

/* choice_explain_write appends lines that end with LF:
 *
 *   client
 *     server name     www.example.com
 *     versions        TLS 1.3, TLS 1.2
 *     suites          TLS_SM4_GCM_SM3, TLS_AES_128_GCM_SHA256
 *     ...
 *   candidates, stage "landmark"
 *   *  1  gm-landmark     32473.1.1.1.8        taken: its trust anchor was asked for
 *      2  gm-standalone   32473.1              a better kind serves this client
 *   choice
 *     gm-landmark in TLS 1.3 with TLS_SM4_GCM_SM3, curveSM2MLKEM768, sm2sig_sm3
 *     the client is told of 32473.1.1.1.8, 32473.1
 */
void choice_explain_write(const struct choice_client *client,
                          const struct choice_candidate *candidates,
                          const struct choice_settings *settings, const struct choice *choice,
                          struct builder *out);

/* A row for each candidate, for --json and tables. Texts are static, but the trust anchor. */
struct choice_explain_row {
    const char *kind;
    char trust_anchor[TAI_TEXT_SIZE]; /* "": none */
    bool is_taken;
    const char *reason;
};

/* choice_explain_row fills row i. */
void choice_explain_row(const struct choice_candidate *candidates, const struct choice *choice,
                        size_t i, struct choice_explain_row *out);

#endif
