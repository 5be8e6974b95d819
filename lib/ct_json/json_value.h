/* json_value.h - reading and writing JSON strictly. Private to ct_json. */
#ifndef CATHAYA_CT_JSON_JSON_VALUE_H
#define CATHAYA_CT_JSON_JSON_VALUE_H

#include <jansson.h>

#include "base/builder.h"
#include "base/status.h"

/* Times in milliseconds and sizes: what a JSON integer of jansson holds. */
#define JSON_VALUE_NUMBER_MAX ((uint64_t)INT64_MAX)

/* json_value_load reads a JSON object of at most max bytes, members twice refused; what is its name in reasons. *root is
 * the caller's (json_decref). STATUS_MALFORMED with the place, STATUS_LIMIT. */
MUST_USE enum status json_value_load(struct bytes text, size_t max, const char *what, json_t **root, struct error *err);

/* Members: STATUS_MALFORMED with what and the name when it is missing or of another type. */
MUST_USE enum status json_value_string(const json_t *object, const char *what, const char *name, struct bytes *out,
                                       struct error *err);
MUST_USE enum status json_value_number(const json_t *object, const char *what, const char *name, uint64_t *out,
                                       struct error *err);
MUST_USE enum status json_value_array(const json_t *object, const char *what, const char *name, size_t max,
                                      const json_t **out, struct error *err);

/* json_value_base64 appends the decoded bytes of a string; name is of the member it is, or is in. */
MUST_USE enum status json_value_base64(const json_t *string, const char *what, const char *name, struct builder *out,
                                       struct error *err);

/* json_value_hash reads a member that is the base64 of HASH_SIZE bytes. */
MUST_USE enum status json_value_hash(const json_t *object, const char *what, const char *name, uint8_t *out,
                                     struct error *err);

/* json_value_only: the object has no members but these names (NULL ends them). STATUS_MALFORMED. */
MUST_USE enum status json_value_only(const json_t *object, const char *what, const char *const *names, struct error *err);

/* json_value_write appends root, which it takes; flags as of jansson. STATUS_NO_MEMORY for a NULL root. */
MUST_USE enum status json_value_write(json_t *root, size_t flags, struct builder *out, const char *what, struct error *err);

/* json_value_write_base64 appends "base64" in quotes: what long answers are made of. */
void json_value_write_base64(struct builder *out, struct bytes value);

/* json_value_write_base64_list appends ["..","..."] of count values. */
void json_value_write_base64_list(struct builder *out, const struct bytes *values, size_t count);

#endif
