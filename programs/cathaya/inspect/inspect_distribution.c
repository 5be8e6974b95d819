/* inspect_distribution.c - what a distributor of trust bundles publishes beside them: deltas, and the file that says what is newest. */
#include <stdlib.h>

#include "codec/trust_bundle/trust_delta.h"
#include "codec/trust_bundle/trust_latest.h"
#include "inspect/inspect.h"
#include "inspect/inspect_trust_sections.h"
#include "inspect/view.h"

enum status inspect_trust_delta(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct trust_delta delta;
    enum status s = trust_delta_parse(in->content, &delta, err);
    if (s != STATUS_OK)
        return s;
    view_number(out, "base_version", delta.base_version);
    view_bytes(out, "base_sm3", BYTES_OF(delta.base_sm3));
    view_number(out, "bytes", in->content.len);
    view_number(out, "steps_bytes", delta.steps.len);
    view_number(out, "signatures", delta.result.signature_count);
    inspect_trust_proof(out, delta.result.log_proof);
    return STATUS_OK;
}

static void show_latest(json_t *out, const struct trust_latest *latest)
{
    view_number(out, "version", latest->version);
    view_time(out, "issued", latest->issued_s);
    view_time(out, "expires", latest->expires_s);
    view_number(out, "bundle_bytes", latest->bundle_size);
    view_bytes(out, "bundle_sha256", BYTES_OF(latest->bundle_sha256));
    json_t *list = view_list(out, "rotations");
    for (size_t i = 0; i < latest->rotation_count; i++)
        view_add(list, "%llu", (unsigned long long)latest->rotations[i]);
    list = view_list(out, "deltas");
    for (size_t i = 0; i < latest->delta_count; i++)
        view_add(list, "from %llu: %u bytes", (unsigned long long)latest->deltas[i].from, latest->deltas[i].size);
}

enum status inspect_trust_latest(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct trust_latest *latest = calloc(1, sizeof *latest); /* 17 KiB */
    if (latest == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = trust_latest_parse(in->content, latest, err);
    if (s == STATUS_OK)
        show_latest(out, latest);
    free(latest);
    return s;
}
