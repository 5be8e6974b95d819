/* trust_ct_logs.h - the CT logs of a trust bundle (section 2) as the list that SCTs are judged by. */
#ifndef CATHAYA_CODEC_TRUST_BUNDLE_TRUST_CT_LOGS_H
#define CATHAYA_CODEC_TRUST_BUNDLE_TRUST_CT_LOGS_H

#include "codec/ct/log_list.h"
#include "codec/trust_bundle/trust_bundle.h"

/* trust_ct_logs_list fills a fresh list (log_list_init), whose timestamp is the bundle's issued and whose version is the bundle's:
 * rows in the order of the bundle, with operators now and before, kinds, states, final tree heads and temporal intervals.
 * Nothing is borrowed. STATUS_MALFORMED for a key that no log list has room for, STATUS_NO_MEMORY. log_list_clear in any case. */
MUST_USE enum status trust_ct_logs_list(const struct trust_bundle *bundle, struct log_list *out, struct error *err);

/* trust_ct_logs_of is the element of a log of a list: its texts borrow from the list. operators of before go to the pool
 * bundle->previous; the element itself is not added (its place is by suite and key). */
MUST_USE enum status trust_ct_logs_of(const struct log_list *list, const struct log_list_log *log, struct trust_bundle *bundle,
                                      struct trust_bundle_ct_log *out, struct error *err);

#endif
