/* evidence_check.h - does a file of evidence prove that the holder of its key signed what a log must not sign: two views
 * of one log, a tree whose entries have wrong times, a promise that was not kept, two contents of one version of a trust bundle?
 * Pure: no clock, no network, no trust; whose key it is must be known from elsewhere.
 */
#ifndef CATHAYA_RULES_EVIDENCE_CHECK_H
#define CATHAYA_RULES_EVIDENCE_CHECK_H

#include "codec/evidence/evidence.h"
#include "crypto/key.h"

/* Enough for the longest sentence with two names of 255 bytes. */
#define EVIDENCE_CHECK_TEXT_MAX 1024

/* evidence_check is STATUS_OK when it is proven, and appends a sentence that says what was signed.
 * STATUS_REFUSED when not, with the reason: a signature that does not verify, views that agree, times that are in order, a proof that leads
 * nowhere, an algorithm that is not known. STATUS_NO_MEMORY. */
MUST_USE enum status evidence_check(const struct evidence *evidence,
                                    const struct algorithms *algorithms, struct builder *explanation,
                                    struct error *err);

#endif
