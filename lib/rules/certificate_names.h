/* certificate_names.h - every name in a certificate that may be broken, for monitors: what can be read is given, what cannot is
 * said, nothing is skipped.
 *
 * The certificate may be none by our rules: BER where DER belongs, times that are none, strings with NUL bytes, extensions
 * twice. Only an outermost structure that cannot be walked at all gives no names, and that is said too.
 *
 * Values are text: DNS names in lower case, without a dot at the end, in A-labels when the certificate has them so; other
 * strings in UTF-8 (BMPString, UniversalString and T61String are converted). A NUL byte ends a name and begins another
 * one: both are given, for clients differ in which they see.
 */
#ifndef CATHAYA_RULES_CERTIFICATE_NAMES_H
#define CATHAYA_RULES_CERTIFICATE_NAMES_H

#include "base/array.h"
#include "base/builder.h"
#include "crypto/hash.h"

/* Certificates with thousands of names exist (a log takes 512 KiB); the 65,536th and later ones are counted as malformed. */
#define CERTIFICATE_NAMES_MAX 65536

enum certificate_name_kind {
    CERTIFICATE_NAME_DNS,          /* subjectAltName dNSName */
    CERTIFICATE_NAME_IP,           /* subjectAltName iPAddress: "192.0.2.1", "2001:db8::1" */
    CERTIFICATE_NAME_COMMON_NAME,  /* subject, each CN; a host name is lower case as in DNS */
    CERTIFICATE_NAME_ORGANISATION, /* subject, each O, as it is written */
    CERTIFICATE_NAME_EMAIL,        /* subjectAltName rfc822Name, subject emailAddress */
    CERTIFICATE_NAME_URI           /* subjectAltName */
};

struct certificate_name {
    enum certificate_name_kind kind;
    bool is_wildcard;  /* DNS, CN: begins with "*."; the value keeps that */
    bool is_ascii;     /* otherwise it has U-labels, or bytes that are no UTF-8 and were replaced by U+FFFD */
    struct bytes value; /* in the arena of the struct certificate_names; not empty */
    uint8_t ip[16];    /* CERTIFICATE_NAME_IP */
    uint8_t ip_len;    /* 4 or 16 */
};

/* What is odd, as bits; certificate_names_malformed gives the words. */
#define CERTIFICATE_NAMES_STRUCTURE 0x001u   /* cannot be read to its end: names may be missing */
#define CERTIFICATE_NAMES_SUBJECT 0x002u     /* the subject */
#define CERTIFICATE_NAMES_EXTENSIONS 0x004u  /* the list of extensions */
#define CERTIFICATE_NAMES_ALT_NAME 0x008u    /* subjectAltName, or one twice */
#define CERTIFICATE_NAMES_NUL 0x010u         /* a name with a NUL byte */
#define CERTIFICATE_NAMES_CHARACTERS 0x020u  /* a name with characters that such a name cannot have */
#define CERTIFICATE_NAMES_IP 0x040u          /* an address of another size than 4 or 16 */
#define CERTIFICATE_NAMES_VALIDITY 0x080u
#define CERTIFICATE_NAMES_CONSTRAINTS 0x100u /* basicConstraints cannot be read: is_ca may be wrong */
#define CERTIFICATE_NAMES_TOO_MANY 0x200u
#define CERTIFICATE_NAMES_KEY 0x400u         /* no SubjectPublicKeyInfo */
#define CERTIFICATE_NAMES_SERIAL 0x800u

/* One is used again and again: nothing is allocated when it has grown. certificate_names_init, certificate_names_clear. */
struct certificate_names {
    struct array names;   /* struct certificate_name */
    unsigned malformed;   /* CERTIFICATE_NAMES_*: 0 is a good one */
    bool is_ca;           /* basicConstraints cA TRUE, as far as that could be read */
    bool is_precert;      /* has the poison */
    bool has_validity;
    int64_t not_before_s, not_after_s;
    struct bytes serial;  /* contents of the INTEGER; these borrow from the input; empty: not found */
    struct bytes issuer;  /* whole Name */
    struct bytes subject; /* whole Name */
    struct bytes spki;    /* whole SubjectPublicKeyInfo */
    struct builder arena;
};

void certificate_names_init(struct certificate_names *names);
void certificate_names_clear(struct certificate_names *names);

static inline size_t certificate_names_count(const struct certificate_names *names)
{
    return names->names.count;
}
static inline const struct certificate_name *certificate_names_at(const struct certificate_names *names, size_t i)
{
    return (const struct certificate_name *)array_at(&names->names, i);
}

/* certificate_names_read reads a certificate or precertificate, certificate_names_read_tbs a TBSCertificate (a PreCert of a
 * log entry) or the contents of an MTC's TBSCertificateLogEntry: that one has, in place of the key, its hash; spki is empty
 * then and malformed does not say so. What was there before is forgotten. STATUS_OK also for what is malformed;
 * STATUS_NO_MEMORY is the only failure. */
MUST_USE enum status certificate_names_read(struct certificate_names *names, struct bytes der, struct error *err);
MUST_USE enum status certificate_names_read_tbs(struct certificate_names *names, struct bytes tbs, struct error *err);
MUST_USE enum status certificate_names_read_mtc_entry(struct certificate_names *names, struct bytes data, struct error *err);

/* certificate_names_malformed appends "malformed: subjectAltName, a name with a NUL byte"; nothing when it is good. */
void certificate_names_malformed(const struct certificate_names *names, struct builder *out);

/* certificate_names_spki_hash is the hash of the key, false when there is none. */
bool certificate_names_spki_hash(const struct certificate_names *names, struct hasher *h, uint8_t out[HASH_SIZE]);

#endif
