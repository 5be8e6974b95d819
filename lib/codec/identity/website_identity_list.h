/* website_identity_list.h - how identity records come to clients [docs/website-identity.md]: section 8 of a trust bundle,
 * version 1, and the lists that are asked for by the beginning of a domain's hash.
 *
 *   struct {
 *     uint64 log_size; opaque log_root[32];        // the identity log: SM3 over its entries [RFC9162 2.1.1]
 *     enum { all(1), asked(2) } coverage;          // all records are here; or lists are asked for
 *     uint8  digits;                               // 0 to 4: hex digits of a prefix; there are 16^digits lists
 *     opaque lists_root[32];                       // SM3 tree over the lists, in the order of their prefixes
 *     LoggedRecord records[rest];                  // coverage all: by index, strictly ascending
 *   } Identities;
 *
 *   struct { uint64 index; opaque entry<1..2^16-1>; opaque path<0..2^16-1>; } LoggedRecord;
 *
 *   struct {
 *     uint8 label[16] = "identity-list/1" LF;
 *     uint64 log_size; uint8 digits; uint16 prefix;
 *     LoggedRecord records<0..2^24-1>;             // of all domains whose SHA-256 begins with the prefix
 *   } IdentityList;                                // a leaf of the lists' tree
 *
 *   struct { opaque list<1..2^24-1>; opaque path<0..2^16-1>; } IdentityAnswer;   // file identity/ROOT/PREFIX
 *
 * The signed bundle names the log's root and the lists' root: so a list that is given to a client is all that there is for
 * its prefix, as of that bundle, and each of its records is in the log. Nobody else has to sign it.
 *
 * Lists hold what was neither revoked nor expired on the day when the bundle was made. Values borrow from the input. Pure.
 */
#ifndef CATHAYA_CODEC_IDENTITY_WEBSITE_IDENTITY_LIST_H
#define CATHAYA_CODEC_IDENTITY_WEBSITE_IDENTITY_LIST_H

#include "base/array.h"
#include "codec/identity/website_identity.h"

#define WEBSITE_IDENTITY_SECTION_VERSION 1
#define WEBSITE_IDENTITY_LIST_LABEL "identity-list/1\n"
/* 65,536 lists: with a million records each client's question stands for 15 of them. */
#define WEBSITE_IDENTITY_DIGITS_MAX 4
/* A log of identities: an entry for each record and each revocation that there ever was. Who makes the lists has the
 * whole tree in memory: 64 MiB. */
#define WEBSITE_IDENTITY_LOG_MAX ((uint64_t)1 << 20)
/* Records in one list or section. 600 bytes each: they leave room for the rest of a bundle. */
#define WEBSITE_IDENTITY_RECORDS_MAX 16384
/* An answer is downloaded while a page waits: 1 MiB is some 1,500 records with one prefix. */
#define WEBSITE_IDENTITY_ANSWER_SIZE_MAX ((size_t)1 << 20)
/* "identity/" ROOT "/" PREFIX, NUL. */
#define WEBSITE_IDENTITY_PATH_MAX 48

enum website_identity_coverage { WEBSITE_IDENTITY_ALL = 1, WEBSITE_IDENTITY_ASKED = 2 };

struct website_identity_logged {
    uint64_t index; /* in the log */
    struct website_identity_entry entry; /* a record, not a revocation */
    struct bytes path; /* inclusion proof in the log of log_size */
};

struct website_identity_section {
    uint64_t log_size;
    uint8_t log_root[HASH_SIZE];
    enum website_identity_coverage coverage;
    unsigned digits;
    uint8_t lists_root[HASH_SIZE];
    struct array records; /* struct website_identity_logged */
};

struct website_identity_list {
    uint64_t log_size;
    unsigned digits;
    uint32_t prefix; /* below 16^digits */
    struct array records; /* struct website_identity_logged */
};

struct website_identity_answer {
    struct bytes list; /* IdentityList */
    struct bytes path; /* of it in the tree of lists */
};

/* website_identity_section_init makes an empty one, for an empty log; _clear frees the array. */
void website_identity_section_init(struct website_identity_section *section);
void website_identity_section_clear(struct website_identity_section *section);
void website_identity_list_init(struct website_identity_list *list);
void website_identity_list_clear(struct website_identity_list *list);

/* Reading into an empty one: STATUS_MALFORMED with the offset, STATUS_LIMIT, STATUS_REFUSED as for entries. Writing
 * appends: STATUS_USAGE for what could not be read again. */
MUST_USE enum status website_identity_section_parse(struct bytes data, struct website_identity_section *out,
                                                    struct error *err);
MUST_USE enum status website_identity_section_write(const struct website_identity_section *section, struct builder *out,
                                                    struct error *err);
MUST_USE enum status website_identity_list_parse(struct bytes input, struct website_identity_list *out, struct error *err);
MUST_USE enum status website_identity_list_write(const struct website_identity_list *list, struct builder *out,
                                                 struct error *err);
MUST_USE enum status website_identity_answer_parse(struct bytes input, struct website_identity_answer *out,
                                                   struct error *err);
MUST_USE enum status website_identity_answer_write(const struct website_identity_answer *answer, struct builder *out,
                                                   struct error *err);

/* website_identity_prefix is the list that a domain's records are in: the first digits of SHA-256 of its name. False when
 * the library underneath fails. */
MUST_USE bool website_identity_prefix(struct bytes domain, unsigned digits, uint32_t *prefix);

/* website_identity_list_path writes where the list is, below the distributor's URL: "identity/ROOT/PREFIX", ROOT the first 16
 * hex digits of lists_root, PREFIX so many digits, or "all" with none. What it names never changes, so that a client with an
 * older bundle still gets what fits it. */
void website_identity_list_path(const uint8_t lists_root[HASH_SIZE], unsigned digits, uint32_t prefix,
                                char out[WEBSITE_IDENTITY_PATH_MAX]);

#endif
