/* website_identity.h - "this domain is this organisation", as an identity signer of the root program says it
 * [seed 002, section 4], docs/website-identity.md:
 *
 *   struct {
 *     uint8 label[16] = "site-identity/1" LF;
 *     opaque signer[32];                  // SHA-256 of the signer's SubjectPublicKeyInfo
 *     uint64 serial;                      // from 1, the signer's own
 *     opaque domain<1..253>;              // A-labels in small letters
 *     enum { exact(0), subdomains(1) } scope;
 *     opaque name_zh<0..255>; opaque name_en<0..255>;       // at least one of them
 *     uint8 country[2]; opaque registration<1..64>;
 *     uint8 level;                        // 2 to 4
 *     uint64 issued; uint64 until;        // seconds since the Epoch; good for issued <= now <= until
 *   } IdentityRecord;
 *
 *   struct {
 *     uint8 label[16] = "site-id-revoked" LF;
 *     opaque signer[32]; uint64 serial; uint64 time; uint8 reason;
 *   } IdentityRevocation;
 *
 *   struct { opaque statement<1..2^16-1>; opaque signature<1..2^16-1>; } IdentityEntry;
 *
 * What is signed is the statement, label and all: nothing else that these keys sign begins with it. An entry is what
 * stands in the identity log. Names are of few scripts, so that none looks like another one: see
 * website_identity_is_name_zh and _en.
 *
 * Parsed values borrow from the input. Pure.
 */
#ifndef CATHAYA_CODEC_IDENTITY_WEBSITE_IDENTITY_H
#define CATHAYA_CODEC_IDENTITY_WEBSITE_IDENTITY_H

#include "base/builder.h"
#include "crypto/hash.h"

#define WEBSITE_IDENTITY_LABEL "site-identity/1\n"
#define WEBSITE_IDENTITY_REVOCATION_LABEL "site-id-revoked\n"
#define WEBSITE_IDENTITY_LABEL_SIZE 16
/* A name in the DNS [RFC1035 2.3.4], as text without the last dot. */
#define WEBSITE_IDENTITY_DOMAIN_MAX 253
#define WEBSITE_IDENTITY_NAME_MAX 255
/* The unified social credit code has 18, an LEI 20. */
#define WEBSITE_IDENTITY_REGISTRATION_MAX 64
/* What is said about an organisation grows old: no statement is good for longer than three years and a day or two. */
#define WEBSITE_IDENTITY_LIFETIME_MAX_S ((int64_t)1098 * 86400)
#define WEBSITE_IDENTITY_LEVEL_MIN 2
#define WEBSITE_IDENTITY_LEVEL_MAX 4
#define WEBSITE_IDENTITY_SIGNER_SIZE 32
/* All fields at their longest have 1,025 bytes, the longest signature of the built-in algorithms 4,627. */
#define WEBSITE_IDENTITY_ENTRY_SIZE_MAX 8192

enum website_identity_scope {
    WEBSITE_IDENTITY_EXACT = 0,     /* this name alone */
    WEBSITE_IDENTITY_SUBDOMAINS = 1 /* and all below it */
};

struct website_identity {
    uint8_t signer[WEBSITE_IDENTITY_SIGNER_SIZE]; /* key ID */
    uint64_t serial;
    struct bytes domain;
    enum website_identity_scope scope;
    struct bytes name_zh, name_en; /* one of them may be empty */
    uint8_t country[2];            /* ISO 3166-1, capital letters */
    struct bytes registration;     /* number in that country's register: letters, digits, - . / */
    unsigned level;                /* 2 to 4: T2 to T4 */
    int64_t issued_s, until_s;
};

/* Why a record is revoked. */
enum website_identity_reason {
    WEBSITE_IDENTITY_UNSPECIFIED = 0,
    WEBSITE_IDENTITY_KEY_LOST = 1,        /* the signer's key is not the signer's alone */
    WEBSITE_IDENTITY_CHANGED = 3,         /* the organisation has another name, or ended */
    WEBSITE_IDENTITY_SUPERSEDED = 4,      /* a newer record says it better */
    WEBSITE_IDENTITY_DOMAIN_GONE = 5,     /* the organisation has the domain no longer */
    WEBSITE_IDENTITY_WAS_WRONG = 9        /* it never was so */
};

struct website_identity_revocation {
    uint8_t signer[WEBSITE_IDENTITY_SIGNER_SIZE];
    uint64_t serial; /* of the record */
    int64_t time_s;
    enum website_identity_reason reason;
};

/* website_identity_reason_name is its word ("domain-gone"); NULL for a number that is none. */
const char *website_identity_reason_name(unsigned reason);
/* website_identity_reason_by_name is false for a word that is none. */
MUST_USE bool website_identity_reason_by_name(struct bytes name, enum website_identity_reason *out);

/* An entry of the identity log: one of the two statements, and its signature by the signer. */
struct website_identity_entry {
    struct bytes whole;     /* the entry's bytes: a leaf of the log */
    struct bytes statement; /* what is signed */
    struct bytes signature;
    bool is_revocation;
    struct website_identity record;                /* when it is none */
    struct website_identity_revocation revocation; /* when it is one */
};

/* The statements. Writing gives STATUS_USAGE with the reason for what could not be read again; reading STATUS_MALFORMED
 * with the offset, STATUS_REFUSED with the reason for a field whose content is not allowed. */
MUST_USE enum status website_identity_write(const struct website_identity *record, struct builder *out, struct error *err);
MUST_USE enum status website_identity_parse(struct bytes statement, struct website_identity *out, struct error *err);
MUST_USE enum status website_identity_write_revocation(const struct website_identity_revocation *revocation,
                                                       struct builder *out, struct error *err);
MUST_USE enum status website_identity_parse_revocation(struct bytes statement, struct website_identity_revocation *out,
                                                       struct error *err);

/* website_identity_write_entry appends statement and signature; website_identity_parse_entry reads one entry, which is all
 * of the input, with the statement in it. The signature is not looked at: rules/identity_check.h does that. */
MUST_USE enum status website_identity_write_entry(struct bytes statement, struct bytes signature, struct builder *out,
                                                  struct error *err);
MUST_USE enum status website_identity_parse_entry(struct bytes input, struct website_identity_entry *out, struct error *err);

/* website_identity_is_name_zh: Han characters of the unified blocks, ASCII letters and digits, and the few marks that
 * names of Chinese organisations have, single blanks inside only. website_identity_is_name_en: Latin letters to U+024F
 * with ASCII digits and marks, the same for blanks. So no control, format or bidi character, no letters of scripts that
 * have the same shapes, no full-width or compatibility forms. The empty name is none of both. */
bool website_identity_is_name_zh(struct bytes name);
bool website_identity_is_name_en(struct bytes name);

/* website_identity_is_domain: at least two labels of small letters, digits and inner hyphens, the last one not all digits. */
bool website_identity_is_domain(struct bytes domain);

/* website_identity_covers: is the host (in small letters, without a dot at the end) what the record speaks of? */
bool website_identity_covers(const struct website_identity *record, struct bytes host);

#endif
