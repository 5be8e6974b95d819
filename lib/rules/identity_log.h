/* identity_log.h - the log of website identities as the curator has it, and what is made of it for clients
 * [docs/website-identity.md]. Pure.
 *
 * As text, entry by entry, one line of base64 each; it is only ever appended to. What came first stays in force: a second
 * record with the same signer and serial number, or a revocation of what is not there, is no entry.
 */
#ifndef CATHAYA_RULES_IDENTITY_LOG_H
#define CATHAYA_RULES_IDENTITY_LOG_H

#include "codec/identity/website_identity_list.h"
#include "rules/identity_check.h"

/* All entries at 800 bytes and a third more for base64: a text is read in one piece. */
#define IDENTITY_LOG_TEXT_MAX ((size_t)256 << 20)
/* What the text is called at the distributor, below its URL. */
#define IDENTITY_LOG_PUBLISHED "identity-log"

struct identity_log;

MUST_USE enum status identity_log_new(struct identity_log **out, struct error *err);
void identity_log_free(struct identity_log *log);

/* identity_log_read appends the entries of a text. STATUS_USAGE with the line of the first that is none. */
MUST_USE enum status identity_log_read(struct identity_log *log, struct bytes text, struct error *err);

/* identity_log_text_root is the root of the log that a text would give, in time in proportion to its length, whatever it holds: for a text
 * of somebody who is not trusted (identity_log_read takes long for serial numbers that were chosen for it). STATUS_USAGE. */
MUST_USE enum status identity_log_text_root(struct bytes text, uint8_t out[HASH_SIZE], struct error *err);

/* identity_log_append appends one entry (copied). STATUS_CONFLICT for a serial number that its signer has used, or what is
 * revoked already; STATUS_NOT_FOUND for a revocation of nothing; STATUS_LIMIT; and as website_identity_parse_entry. Its
 * signature is identity_check_entry's matter. */
MUST_USE enum status identity_log_append(struct identity_log *log, struct bytes entry, struct error *err);

/* identity_log_write_line appends an entry's line of text. */
void identity_log_write_line(struct bytes entry, struct builder *out);

uint64_t identity_log_size(const struct identity_log *log);
/* identity_log_at borrows entry number index. */
const struct website_identity_entry *identity_log_at(const struct identity_log *log, uint64_t index);
/* identity_log_revocation_of is the revocation of the record at index, NULL when it is not revoked. */
const struct website_identity_revocation *identity_log_revocation_of(const struct identity_log *log, uint64_t index);

/* identity_log_root is the root of the first size entries: STATUS_NOT_FOUND when there are fewer. */
MUST_USE enum status identity_log_root(struct identity_log *log, uint64_t size, uint8_t out[HASH_SIZE], struct error *err);

/* identity_log_check_section: is a bundle's section 8 about a beginning of this log, and what it has, in it? STATUS_REFUSED
 * with the reason: then the distributor has told others another log, or has taken something out. */
MUST_USE enum status identity_log_check_section(struct identity_log *log, const struct website_identity_section *section,
                                                struct error *err);

/* ---- for clients ---- */

struct identity_publication_settings {
    size_t embed_size; /* a section with all records is at most so long; otherwise lists are asked for */
    size_t list_count; /* digits are the fewest with which lists have at most so many records, on average */
};
/* A hundred and more records cost a client of hourly deltas nothing; a thousand would be most of its bundle. */
#define IDENTITY_PUBLICATION_EMBED_SIZE ((size_t)128 * 1024)
/* An answer of some 50 KB, and 4,096 files up to a quarter of a million records. */
#define IDENTITY_PUBLICATION_LIST_COUNT ((size_t)64)

struct identity_publication;

/* identity_publication_new takes what is in force on the day of at_s: records of the signers of that bundle, within their
 * levels, neither revoked nor expired. Log and signers have to outlive it. */
MUST_USE enum status identity_publication_new(struct identity_log *log, const struct identity_signers *signers, int64_t at_s,
                                              const struct identity_publication_settings *settings,
                                              struct identity_publication **out, struct error *err);
void identity_publication_free(struct identity_publication *publication);

/* identity_publication_section borrows the data of section 8, version 1. */
struct bytes identity_publication_section(const struct identity_publication *publication);

/* The files: list number i of identity_publication_count, its path below the published folder and its content. */
size_t identity_publication_count(const struct identity_publication *publication);
MUST_USE enum status identity_publication_file(struct identity_publication *publication, size_t i,
                                               char path[WEBSITE_IDENTITY_PATH_MAX], struct builder *content,
                                               struct error *err);

/* identity_publication_records is how many records are in force. */
size_t identity_publication_records(const struct identity_publication *publication);

#endif
