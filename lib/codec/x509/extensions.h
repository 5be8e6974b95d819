/* extensions.h - certificate extensions [RFC5280 4.2]: the ones that verification needs. */
#ifndef CATHAYA_CODEC_X509_EXTENSIONS_H
#define CATHAYA_CODEC_X509_EXTENSIONS_H

#include "base/builder.h"
#include "base/reader.h"

/* More than any certificate in use; bounds the search for duplicates. */
#define EXTENSIONS_MAX 64

/* keyUsage bits, as named in [RFC5280 4.2.1.3]: bit 0 is the highest bit of the first byte. */
#define KEY_USAGE_DIGITAL_SIGNATURE 0x80
#define KEY_USAGE_KEY_CERT_SIGN 0x04
#define KEY_USAGE_CRL_SIGN 0x02

struct extension {
    struct bytes oid; /* contents */
    bool is_critical;
    struct bytes value; /* contents of extnValue */
};

/* extensions_next reads one Extension. False at the end or at a malformed one: ask the reader. */
MUST_USE bool extensions_next(struct reader *r, struct extension *out);

struct extensions {
    bool has_basic_constraints, is_ca;
    bool has_path_len;
    uint64_t path_len;
    bool has_key_usage;
    uint8_t key_usage; /* first byte of the bits */
    bool has_ext_key_usage, has_server_auth, has_client_auth, has_any_purpose;
    struct bytes subject_alt_name;   /* contents of GeneralNames, empty when absent */
    struct bytes authority_key_id;   /* contents of keyIdentifier, empty when absent */
    struct bytes subject_key_id;     /* contents of the OCTET STRING, empty when absent */
    struct extension mtc_ca;         /* the Merkle Tree CA extension of any version; oid.len 0: none */
    struct bytes unknown_critical;   /* OID contents of the first one, empty when none; a known one that
                                        must never be critical counts too */
};

/* extensions_parse reads all Extensions of a certificate. MALFORMED for duplicates, for default
 * values that are written out, and for bad contents of those named above. list is the contents of
 * the SEQUENCE OF, may be empty. */
MUST_USE enum status extensions_parse(struct bytes list, struct extensions *out, struct error *err);

/* A name of a subjectAltName. */
#define SAN_DNS_NAME 0x82
#define SAN_IP_ADDRESS 0x87
struct san_name {
    uint8_t tag;
    struct bytes value;
};

/* san_next reads one GeneralName; false at the end (parse has checked the DER). */
MUST_USE bool san_next(struct reader *r, struct san_name *out);

/* Writers, one Extension each. */
void extensions_write(struct builder *b, struct bytes oid, bool is_critical, struct bytes value);
void extensions_write_key_usage(struct builder *b, uint8_t bits);
void extensions_write_basic_constraints_ca(struct builder *b);
void extensions_write_ext_key_usage(struct builder *b, bool has_client_auth);
void extensions_write_subject_alt_name(struct builder *b, struct bytes names, bool is_critical);
void extensions_write_authority_key_id(struct builder *b, struct bytes key_id);
void extensions_write_subject_key_id(struct builder *b, struct bytes key_id);
void extensions_write_policy(struct builder *b, struct bytes policy_oid);

#endif
