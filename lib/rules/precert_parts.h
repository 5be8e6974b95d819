/* precert_parts.h - what a certificate has of the two extensions of CT. Private to precert*.c. */
#ifndef CATHAYA_RULES_PRECERT_PARTS_H
#define CATHAYA_RULES_PRECERT_PARTS_H

#include "codec/x509/certificate.h"
#include "codec/x509/extensions.h"

struct precert_found {
    bool has_poison, has_list;
    struct bytes list; /* the SignedCertificateTimestampList */
};

/* precert_find reads all extensions. STATUS_MALFORMED, also for one of both that is there twice. */
MUST_USE enum status precert_find(const struct certificate *certificate, struct precert_found *out, struct error *err);

/* precert_is_either: is it the poison, or the SCT list? */
bool precert_is_either(const struct extension *e);

/* precert_unique_ids is what stands in after_spki before the extensions. */
struct bytes precert_unique_ids(const struct certificate *certificate);

#endif
