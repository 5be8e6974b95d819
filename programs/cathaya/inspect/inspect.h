/* inspect.h - one function per kind of object: reads it and fills a view. */
#ifndef CATHAYA_PROGRAM_INSPECT_H
#define CATHAYA_PROGRAM_INSPECT_H

#include <jansson.h>

#include "base/reader.h"
#include "base/status.h"
#include "codec/mtc/draft.h"

/* What goes with the bytes: the name of their file may say what they are. */
struct inspect_input {
    struct bytes content;
    const char *path; /* as given; "-" is stdin */
    int64_t at_s;     /* to tell what is active or valid now */
};

/* All of these fill `out` as far as they come, and fail with STATUS_MALFORMED or STATUS_LIMIT at what
 * is wrong. err may be NULL. */
MUST_USE enum status inspect_certificate(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_request(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_properties(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_note(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_landmarks(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_policy(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_tile(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_bundle(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_trust(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_trust_delta(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_trust_latest(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_program_policy(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_ct_policy(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_entry(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_sct_list(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_data_tile(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_sth(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_sct(const struct inspect_input *in, json_t *out, struct error *err);
MUST_USE enum status inspect_log_list(const struct inspect_input *in, json_t *out, struct error *err);

/* ---- parts ---- */

/* inspect_name shows a whole Name as text: "C=CN, O=Example". */
void inspect_name(json_t *out, const char *name, struct bytes whole);

/* inspect_general_names lists the contents of GeneralNames: "DNS:www.example.com". */
void inspect_general_names(json_t *out, const char *name, struct bytes contents);

/* inspect_key shows a whole SubjectPublicKeyInfo. */
void inspect_key(json_t *out, const char *name, struct bytes spki);

/* inspect_extensions lists the contents of an Extensions SEQUENCE. */
MUST_USE enum status inspect_extensions(json_t *out, struct bytes list, struct error *err);

/* inspect_proof shows an MTCProof of that version. */
MUST_USE enum status inspect_proof(json_t *out, struct bytes input, const struct draft *draft,
                                   struct error *err);

/* inspect_version finds the version that a certificate or entry with this issuer is of. NULL when the
 * issuer is no Merkle Tree CA; *name says which versions look like this. */
const struct draft *inspect_version(struct bytes issuer, struct tai *ca_id, const char **name);

/* inspect_log_entry shows an MTCLogEntry. */
MUST_USE enum status inspect_log_entry(json_t *out, struct bytes entry, struct error *err);

/* inspect_find_tile reads tile coordinates out of the end of a path. */
struct tile;
MUST_USE bool inspect_find_tile(const char *path, struct tile *tile);

/* inspect_find_data_tile is the same for tile/data/... of a CT log. */
MUST_USE bool inspect_find_data_tile(const char *path, struct tile *tile);

/* inspect_scts lists the SCTs of a SignedCertificateTimestampList. */
MUST_USE enum status inspect_scts(json_t *out, const char *name, struct bytes list, struct error *err);

#endif
