/* classic_responder.h - who answers OCSP for the issuing CA of a directory: a key of its own, which signs nothing else, and a
 * certificate for it that is renewed without anybody.
 *
 *   keys/ocsp.pem  the key
 *   ocsp.pem       its certificate
 *
 * Both are made when they are missing, so that a backup need not have them; whoever wants another key takes both away.
 */
#ifndef CATHAYA_PROGRAMS_CLASSIC_CLASSIC_RESPONDER_H
#define CATHAYA_PROGRAMS_CLASSIC_CLASSIC_RESPONDER_H

#include "classic/classic_directory.h"

/* Nobody asks whether it is revoked [RFC6960 4.2.2.2.1]: three months at most, and a new one when a third is left, which
 * is more than the longest time that a response is good for. */
#define CLASSIC_RESPONDER_LIFETIME_S ((int64_t)90 * 86400)
#define CLASSIC_RESPONDER_RENEW_S ((int64_t)30 * 86400)

struct classic_responder {
    struct service_key key;
    struct builder certificate; /* DER */
    int64_t not_after_s;
};

/* classic_responder_open reads key and certificate, or makes them; the CA's key is needed for the certificate alone. key: where
 * the responder's key is; NULL for keys/ocsp.pem. classic_responder_close must follow also after a failure; responder is to be
 * zeroed before. */
MUST_USE enum status classic_responder_open(struct classic_responder *responder, const struct classic_directory *dir,
                                            const struct key_name *key, const struct algorithms *algorithms, int64_t now_s, struct error *err);

/* classic_responder_renew makes a new certificate when it is time, and says so. */
MUST_USE enum status classic_responder_renew(struct classic_responder *responder, const struct classic_directory *dir,
                                             int64_t now_s, bool *is_new, struct error *err);

void classic_responder_close(struct classic_responder *responder);

#endif
