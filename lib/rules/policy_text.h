/* policy_text.h - the verify policy file: what a trust store holds beside CA certificates, as text.
 *
 *   cosigner ID ALG BASE64(SPKI)
 *   trusted-subtree CA-ID LOG START END BASE64(HASH)
 *   require-cosigners all|any|N ID...
 *   revoked CA-ID FIRST LAST          # serial numbers, or LOG:INDEX
 *
 * One statement a line; # starts a comment; blank lines are fine.
 */
#ifndef CATHAYA_RULES_POLICY_TEXT_H
#define CATHAYA_RULES_POLICY_TEXT_H

#include "rules/trust_store.h"

/* policy_text_read adds the statements to the store. STATUS_USAGE, with the line number, at the first
 * that is wrong: then the store is half filled and good for trust_store_free only. */
MUST_USE enum status policy_text_read(struct bytes text, struct trust_store *store,
                                      struct error *err);

#endif
