/* input.h - files that commands read and write. "-" is stdin or stdout. */
#ifndef CATHAYA_PROGRAM_INPUT_H
#define CATHAYA_PROGRAM_INPUT_H

#include <sys/types.h>

#include "base/builder.h"
#include "codec/pem/pem.h"

/* Certificates, policies, landmarks, notes, bundles of 16 MiB: nothing that people hand to a command
 * is larger. */
#define INPUT_SIZE_MAX ((size_t)64 * 1024 * 1024)
/* A trust store of a few hundred CAs in one file. */
#define INPUT_BLOCKS_MAX 1024

/* input_read appends the whole file, at most max bytes. STATUS_USAGE when there is no such file (a
 * wrong argument), STATUS_IO when it cannot be read, STATUS_LIMIT when it is longer. The reason
 * begins with the path. */
MUST_USE enum status input_read(const char *path, size_t max, struct builder *out,
                                struct error *err);

struct input_block {
    char label[PEM_LABEL_MAX + 1];
    size_t offset, len; /* in der */
};

struct input_blocks {
    struct builder der;
    size_t count;
    struct input_block *blocks;
    bool is_pem;
};

/* input_is_pem: does this look like text with PEM blocks rather than like DER? */
bool input_is_pem(struct bytes content);

/* input_split reads all PEM blocks of a content, or takes it as one block of DER, labelled
 * CERTIFICATE. STATUS_MALFORMED when it is neither. input_blocks_clear follows in any case. */
MUST_USE enum status input_split(struct bytes content, struct input_blocks *out, struct error *err);

/* input_read_certificates is both: reasons begin with the path. STATUS_MALFORMED also when no block is
 * labelled CERTIFICATE. */
MUST_USE enum status input_read_certificates(const char *path, struct input_blocks *out,
                                             struct error *err);
void input_blocks_clear(struct input_blocks *blocks);

/* input_block_der borrows what block i holds; input_block_is compares its label. */
struct bytes input_block_der(const struct input_blocks *blocks, size_t i);
bool input_block_is(const struct input_blocks *blocks, size_t i, const char *label);

/* input_write_file puts a file in place as a whole: readers see the old one or the new one, also
 * after a crash. STATUS_IO. */
MUST_USE enum status input_write_file(const char *path, struct bytes content, mode_t mode,
                                      struct error *err);

#endif
