/* precert.h - precertificates and the certificates that come of them [RFC6962 3.1, 3.2].
 *
 * A precertificate has the critical poison extension (1.3.6.1.4.1.11129.2.4.3, contents NULL); the certificate has, in its
 * place or anywhere, the SCT list (1.3.6.1.4.1.11129.2.4.2, an OCTET STRING with a SignedCertificateTimestampList).
 * Both without it are the same TBSCertificate, and that is what is logged and signed: lengths are encoded again in DER,
 * every other byte stays as it is. Precertificates that a Precertificate Signing Certificate has signed are refused (the
 * Baseline Requirements forbid them, and C2SP static-ct-api leaves it to the log): an issuer's name is never exchanged.
 */
#ifndef CATHAYA_RULES_PRECERT_H
#define CATHAYA_RULES_PRECERT_H

#include "base/builder.h"
#include "codec/x509/certificate.h"
#include "crypto/hash.h"

/* precert_is_poisoned says whether the certificate has the poison. STATUS_MALFORMED for a poison that is not critical,
 * not NULL, or there twice, and for extensions that cannot be read. */
MUST_USE enum status precert_is_poisoned(const struct certificate *certificate, bool *is_poisoned, struct error *err);

/* precert_check_issuer: may a precertificate's issuer have this certificate? STATUS_REFUSED for a Precertificate Signing
 * Certificate (extended key usage 1.3.6.1.4.1.11129.2.4.4): the final certificate has another issuer's name and key, and what
 * was logged and signed for one would not be what comes. STATUS_MALFORMED for extensions that cannot be read. */
MUST_USE enum status precert_check_issuer(const struct certificate *issuer, struct error *err);

/* precert_write_tbs appends the TBSCertificate of a precertificate without the poison. STATUS_REFUSED when there is none, or
 * when there is an SCT list too; STATUS_MALFORMED as above. */
MUST_USE enum status precert_write_tbs(const struct certificate *precertificate, struct builder *out, struct error *err);

/* precert_write_final_tbs appends the TBSCertificate of a certificate without its SCT list: what its embedded SCTs sign.
 * STATUS_NOT_FOUND when it has no SCT list; STATUS_REFUSED when it is a precertificate; STATUS_MALFORMED. */
MUST_USE enum status precert_write_final_tbs(const struct certificate *certificate, struct builder *out, struct error *err);

/* precert_identity appends the TBSCertificate without poison and without SCT list, whichever there is: the same bytes for
 * a certificate and its precertificate. For those who have to know them as one (monitors, deduplication). */
MUST_USE enum status precert_identity(const struct certificate *certificate, struct builder *out, struct error *err);

/* precert_sct_list gives the embedded SignedCertificateTimestampList, for sct_list_parse. Borrows. STATUS_NOT_FOUND when there
 * is none, STATUS_MALFORMED. */
MUST_USE enum status precert_sct_list(const struct certificate *certificate, struct bytes *list, struct error *err);

/* precert_check_pair: is certificate the one that precertificate has announced? STATUS_OK when both are the same but for poison,
 * SCT list and signature. STATUS_REFUSED names the first difference: the serial number, a field, an extension by its OID. */
MUST_USE enum status precert_check_pair(const struct certificate *precertificate, const struct certificate *certificate,
                                        struct error *err);

/* precert_key_hash is issuer_key_hash: the log's hash of the issuer's whole SubjectPublicKeyInfo. */
static inline void precert_key_hash(struct hasher *log_hash, struct bytes issuer_spki, uint8_t out[HASH_SIZE])
{
    hasher_one(log_hash, issuer_spki, out);
}

/* Writers of the two extensions: one Extension each. list is a SignedCertificateTimestampList. */
void precert_write_poison(struct builder *out);
void precert_write_sct_list(struct builder *out, struct bytes list);

/* precert_append_extension appends tbs, a whole TBSCertificate of version 3 with extensions, with one Extension more at the
 * end of them: how a CA makes precertificate and certificate of one TBSCertificate. STATUS_MALFORMED. */
MUST_USE enum status precert_append_extension(struct bytes tbs, struct bytes extension, struct builder *out, struct error *err);

#endif
