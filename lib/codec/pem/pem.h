/* pem.h - textual encodings: blocks of PEM, one after the other [RFC7468 3].
 *
 *   block = "-----BEGIN " label "-----" LF 1*(base64 LF) "-----END " label "-----" LF
 *
 * Strict: LF only, lines of 64 characters and a last one of 4 to 64, canonical base64, nothing
 * outside blocks except one empty line between two (TAI -04 and ACME have it, TAI -06 does not).
 * Lax, for certificate files that people have: also CR LF, other line lengths, blanks at the end of
 * lines, empty lines, and any text between blocks. Never encapsulated headers (RFC 1421).
 */
#ifndef CATHAYA_CODEC_PEM_PEM_H
#define CATHAYA_CODEC_PEM_PEM_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/reader.h"
#include "base/status.h"

#define PEM_COLUMNS 64
/* "CERTIFICATE PROPERTIES" has 22. */
#define PEM_LABEL_MAX 64
/* A certificate has at most a few signatures of 5 KiB; a megabyte is generous. */
#define PEM_DER_MAX ((size_t)1024 * 1024)

#define PEM_CERTIFICATE "CERTIFICATE"

enum pem_mode { PEM_STRICT, PEM_LAX };

struct pem_reader {
    enum pem_mode mode;
    struct reader rest;
    size_t line;        /* lines read so far */
    size_t block_count; /* blocks read so far */
};

struct pem_block {
    struct bytes label;  /* borrows */
    struct bytes source; /* borrows: the block as it stands, with both its boundary lines */
};

/* pem_reader_init starts to read input, which must live as long as the reader is used. */
void pem_reader_init(struct pem_reader *r, struct bytes input, enum pem_mode mode);

/* pem_next reads the next block and appends what it holds to der: STATUS_NOT_FOUND after the last
 * one, STATUS_MALFORMED with the line, STATUS_LIMIT above PEM_DER_MAX or der's own limit. */
MUST_USE enum status pem_next(struct pem_reader *r, struct pem_block *block, struct builder *der,
                              struct error *err);

/* pem_write appends a strict block: STATUS_USAGE when the label is not allowed or der is empty. */
MUST_USE enum status pem_write(const char *label, struct bytes der, struct builder *out,
                               struct error *err);

#endif
