/* sct_source.h - signed certificate timestamps for what a CA is about to issue.
 *
 * Trust: none in the logs: every SCT that comes has been verified against the log's key and the submission.
 * On the thread of the event loop.
 */
#ifndef CATHAYA_PORTS_SCT_SOURCE_H
#define CATHAYA_PORTS_SCT_SOURCE_H

#include "base/bytes.h"
#include "base/status.h"

/* What is logged, its issuer, and up to the root. */
#define SCT_SOURCE_CHAIN_MAX 8

struct sct_request {
    const char *policy;        /* its name in the policy file: how many SCTs, of whom */
    bool is_gm;                /* of GM logs, or of international ones */
    bool is_precert;           /* add-pre-chain, or add-chain */
    const struct bytes *chain; /* DER: what is logged first, then the certificate that signed it; the root may be left out */
    size_t chain_count;
};

/* STATUS_OK: scts is a SignedCertificateTimestampList (codec/ct/sct_list.h) that satisfies the policy, borrowed for the call.
 * STATUS_AGAIN: not by the deadline; err says which logs failed how: ask again later. */
typedef void sct_done(void *cookie, enum status status, struct bytes scts, const struct error *err);

struct sct_source {
    void *context;
    /* start copies the request and calls done exactly once, later, never before it returns. STATUS_LIMIT when too many are under
     * way, STATUS_USAGE for a policy that is none, STATUS_MALFORMED for a chain that cannot be read, STATUS_AGAIN when it is
     * stopping; then done is not called. A final certificate (is_precert false) is submitted the same way: the SCTs say that
     * logs have it. */
    enum status (*start)(void *context, const struct sct_request *request, sct_done *done, void *cookie, struct error *err);
};

#endif
