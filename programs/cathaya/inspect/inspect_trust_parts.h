/* inspect_trust_parts.h - the elements of a trust bundle that have their own file. Inside inspect/. */
#ifndef CATHAYA_PROGRAM_INSPECT_INSPECT_TRUST_PARTS_H
#define CATHAYA_PROGRAM_INSPECT_INSPECT_TRUST_PARTS_H

#include "codec/trust_bundle/trust_bundle.h"
#include "inspect/inspect.h"
#include "inspect/view.h"

void inspect_trust_text(json_t *out, const char *name, struct bytes text);
void inspect_trust_purposes(json_t *out, const struct trust_bundle_purposes *purposes);
void inspect_trust_anchors(json_t *out, const struct trust_bundle *bundle);
void inspect_trust_ct_logs(json_t *out, const struct trust_bundle *bundle);
void inspect_trust_keys(json_t *out, const struct trust_bundle *bundle);

#endif
