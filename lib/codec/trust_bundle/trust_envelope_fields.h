/* trust_envelope_fields.h - what envelopes and deltas have at their end: signatures and log_proof. Inside codec/trust_bundle. */
#ifndef CATHAYA_CODEC_TRUST_BUNDLE_TRUST_ENVELOPE_FIELDS_H
#define CATHAYA_CODEC_TRUST_BUNDLE_TRUST_ENVELOPE_FIELDS_H

#include "base/reader.h"
#include "codec/trust_bundle/trust_envelope.h"

/* trust_envelope_fields_read reads both, up to the end of the input; what is for the reason. */
MUST_USE enum status trust_envelope_fields_read(struct reader *r, struct trust_envelope *out, const char *what, struct error *err);

/* trust_envelope_fields_write appends both: STATUS_USAGE when the signatures are not in order. */
MUST_USE enum status trust_envelope_fields_write(const struct trust_envelope *envelope, struct builder *out, struct error *err);

#endif
