/* algorithms_file.h - signature algorithms that no code names, by configuration:
 *
 *   algorithm "slhdsa128s" {
 *     oid = "2.16.840.1.101.3.4.3.20"     # AlgorithmIdentifier, without parameters
 *     evp = "SLH-DSA-SHA2-128s"           # what OpenSSL calls the key type
 *     provider = "default"                # OpenSSL provider; default when absent
 *   }
 */
#ifndef CATHAYA_PROGRAM_ALGORITHMS_FILE_H
#define CATHAYA_PROGRAM_ALGORITHMS_FILE_H

#include "crypto/algorithm.h"

/* The function that takes one block; its reason gets file and line in front. */
typedef enum status algorithms_file_add(void *context, const char *name, const char *oid,
                                        const char *evp_name, const char *provider,
                                        struct error *err);

/* algorithms_file_read gives every block of a file to add, in its order; path NULL is no file.
 * STATUS_USAGE, with file and line, for whatever is wrong. */
MUST_USE enum status algorithms_file_read(const char *path, algorithms_file_add *add, void *context,
                                          struct error *err);

/* algorithms_file_add_to_table is one such function; its context is a struct algorithms. */
enum status algorithms_file_add_to_table(void *context, const char *name, const char *oid,
                                         const char *evp_name, const char *provider,
                                         struct error *err);

/* algorithms_file_open makes a table with the algorithms of this program and of the file; NULL: no file. algorithms_free(*out)
 * follows, also after a failure. */
MUST_USE enum status algorithms_file_open(const char *path, struct algorithms **out, struct error *err);

#endif
