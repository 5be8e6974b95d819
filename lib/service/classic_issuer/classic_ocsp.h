/* classic_ocsp.h - the certificate of who answers for an issuing CA: its key signs nothing but OCSP responses
 * [RFC6960 4.2.2.2, BR 7.1.2.8]. */
#ifndef CATHAYA_SERVICE_CLASSIC_ISSUER_CLASSIC_OCSP_H
#define CATHAYA_SERVICE_CLASSIC_ISSUER_CLASSIC_OCSP_H

#include "service/classic_issuer/classic_issuer.h"

/* classic_write_ocsp_responder appends a certificate with id-kp-OCSPSigning and id-pkix-ocsp-nocheck: nobody asks whether it
 * is revoked itself, so it is to be short-lived. Of the request names, key and times are looked at. */
MUST_USE enum status classic_write_ocsp_responder(const struct classic_ca_request *request, const struct classic_authority *issuing,
                                                  struct builder *out, struct error *err);

#endif
