/* acme_sweep.h - mass revocation: every certificate that a query finds, with a dry run.
 *
 * Trust: whoever calls this is the operator; nobody's authorization is asked for.
 */
#ifndef CATHAYA_SERVICE_ACME_ACME_SWEEP_H
#define CATHAYA_SERVICE_ACME_ACME_SWEEP_H

#include "service/acme/acme.h"

struct acme_sweep_report {
    void *cookie;
    /* each is told of one certificate, which is borrowed: STATUS_OK when its revocation is durable (in a
     * dry run: would be tried), otherwise the reason. */
    void (*each)(void *cookie, const struct acme_certificate *certificate, enum status status,
                 const struct error *err);
    /* end is called once, after all. STATUS_OK: the query is at its end (failed_count may have to be
     * tried again: what is revoked is not found again). Otherwise the reason why it was left. */
    void (*end)(void *cookie, enum status status, uint64_t count, uint64_t failed_count,
                const struct error *err);
};

/* acme_revoke_matching revokes, for a CRLReason, what meets the query and is not revoked yet. The query
 * and what it points to is borrowed until end. STATUS_AGAIN while another one is under way, STATUS_REFUSED
 * for a reason that is not allowed [BR 7.2.2]; then nothing is called. Otherwise the calls come later,
 * in the event loop's thread. */
MUST_USE enum status acme_revoke_matching(struct acme *acme, const struct acme_certificate_query *query,
                                          int reason, bool is_dry_run,
                                          const struct acme_sweep_report *report, struct error *err);

#endif
