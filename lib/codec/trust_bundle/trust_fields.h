/* trust_fields.h - the fields that the elements of a trust bundle are made of. Inside codec/trust_bundle; pure.
 *
 * Each reads one, and is false for what is none; what is read borrows from the input. */
#ifndef CATHAYA_CODEC_TRUST_BUNDLE_TRUST_FIELDS_H
#define CATHAYA_CODEC_TRUST_BUNDLE_TRUST_FIELDS_H

#include "base/reader.h"
#include "codec/trust_bundle/trust_bundle.h"

MUST_USE bool trust_fields_time(struct reader *r, int64_t *value);
MUST_USE bool trust_fields_text(struct reader *r, bool may_be_empty, struct bytes *value);
MUST_USE bool trust_fields_url(struct reader *r, bool may_be_empty, struct bytes *value);
MUST_USE bool trust_fields_id(struct reader *r, struct tai *id);
MUST_USE bool trust_fields_algorithm(struct reader *r, struct bytes *value);
MUST_USE bool trust_fields_spki(struct reader *r, struct bytes *value);
MUST_USE bool trust_fields_certificate(struct reader *r, struct bytes *value);
MUST_USE bool trust_fields_purposes(struct reader *r, struct trust_bundle_purposes *out);
MUST_USE bool trust_fields_level(struct reader *r, uint8_t *level);

/* trust_fields_malformed is the failure of what stands before the reader's place. */
enum status trust_fields_malformed(const struct reader *r, const char *what, struct error *err);

/* trust_fields_append adds a copy of an item. */
MUST_USE enum status trust_fields_append(struct array *a, const void *item, const char *what, struct error *err);

/* trust_anchor_fields_read and its neighbours read one element of a section behind those that the bundle has.
 * trust_ca_fields_read is for after the cosigners that a CA's rules name. */
MUST_USE enum status trust_anchor_fields_read(struct reader *r, struct trust_bundle *bundle, struct error *err);
MUST_USE enum status trust_ct_fields_read(struct reader *r, struct trust_bundle *bundle, struct error *err);
MUST_USE enum status trust_ca_fields_read(struct reader *r, struct trust_bundle *bundle, struct error *err);
MUST_USE enum status trust_key_fields_read(struct reader *r, struct trust_bundle *bundle, struct error *err);
MUST_USE enum status trust_key_fields_read_signer(struct reader *r, struct trust_bundle *bundle, struct error *err);

#endif
