/* bytes.h - a borrowed run of bytes, and the few things done with one. */
#ifndef CATHAYA_BASE_BYTES_H
#define CATHAYA_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* struct bytes borrows: whoever made it keeps the memory. {NULL, 0} is the empty run. */
struct bytes {
    const uint8_t *data;
    size_t len;
};

/* BYTES_OF is the struct bytes of an array. */
#define BYTES_OF(array) ((struct bytes){(const uint8_t *)(array), sizeof(array)})

static inline struct bytes bytes_of(const void *data, size_t len)
{
    return (struct bytes){data, len};
}

/* bytes_of_text borrows a NUL-terminated string, without its NUL. */
struct bytes bytes_of_text(const char *text);

/* bytes_equal compares public data; secrets go through bytes_equal_secret. */
bool bytes_equal(struct bytes a, struct bytes b);

/* bytes_compare orders strings of bytes: as memcmp has it, a prefix first. */
int bytes_compare(struct bytes a, struct bytes b);

/* bytes_equal_secret takes a time that depends on the lengths only. */
bool bytes_equal_secret(struct bytes a, struct bytes b);

/* bytes_is_text says whether the run is exactly the given string. */
bool bytes_is_text(struct bytes a, const char *text);

/* bytes_wipe overwrites a secret in a way that the compiler keeps. data may be NULL if len is 0. */
void bytes_wipe(void *data, size_t len);

#endif
