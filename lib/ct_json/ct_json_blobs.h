/* ct_json_blobs.h - runs of decoded strings while their memory still moves. Private to ct_json. */
#ifndef CATHAYA_CT_JSON_CT_JSON_BLOBS_H
#define CATHAYA_CT_JSON_CT_JSON_BLOBS_H

#include "ct_json/ct_json.h"
#include "ct_json/json_value.h"

/* ct_json_blobs_start makes room for count items whose bytes are no more than body_len together: base64 shrinks. */
MUST_USE enum status ct_json_blobs_start(struct ct_json_blobs *blobs, size_t count, size_t body_len, struct error *err);

/* ct_json_blobs_take decodes one more item: its length is known, its place only after ct_json_blobs_end. */
MUST_USE enum status ct_json_blobs_take(struct ct_json_blobs *blobs, const json_t *string, const char *what,
                                        const char *name, struct error *err);

/* ct_json_blobs_mark makes one more item of what was appended to memory since start. */
void ct_json_blobs_mark(struct ct_json_blobs *blobs, size_t start);

/* ct_json_blobs_end points the items into the memory. */
void ct_json_blobs_end(struct ct_json_blobs *blobs);

/* ct_json_blobs_read decodes a list of strings, from none to max of them. */
MUST_USE enum status ct_json_blobs_read(const json_t *object, const char *what, const char *name, size_t max,
                                        size_t body_len, struct ct_json_blobs *out, struct error *err);

/* ct_json_blobs_read_hashes appends a list of hashes as one run. */
MUST_USE enum status ct_json_blobs_read_hashes(const json_t *object, const char *what, const char *name,
                                               struct builder *out, struct error *err);

/* ct_json_blobs_write_hashes appends "name":["..."] of a run of hashes. STATUS_USAGE when it is none, STATUS_LIMIT. */
MUST_USE enum status ct_json_blobs_write_hashes(struct builder *out, const char *name, struct bytes run, struct error *err);

#endif
