#include "inspect/inspect_trust_sections.h"

#include <string.h>

#include "codec/identity/website_identity_list.h"
#include "codec/trust_bundle/trust_version_proof.h"
#include "inspect/view.h"
#include "policy/policy_set.h"

void inspect_trust_policy(json_t *out, const struct trust_bundle_policy *policy)
{
    struct policy_set *set;
    struct error err;
    if (policy->policy.len == 0)
        return;
    json_t *item = view_object(out, "policy");
    view_number(item, "bytes", policy->policy.len);
    view_number(item, "ct_policies_bytes", policy->ct_policies.len);
    if (policy_set_read(policy->policy, policy->ct_policies, POLICY_FROM_BUNDLE, &set, &err) != STATUS_OK) {
        view_text(item, "fault", "%s", err.text);
        return;
    }
    view_text(item, "name", "%s", policy_set_name(set));
    view_number(item, "version", policy_set_version(set));
    policy_set_free(set);
}

void inspect_trust_identities(json_t *out, struct bytes section)
{
    struct website_identity_section parsed;
    struct error err;
    if (section.len == 0)
        return;
    json_t *item = view_object(out, "identities");
    view_number(item, "bytes", section.len);
    website_identity_section_init(&parsed);
    if (website_identity_section_parse(section, &parsed, &err) != STATUS_OK) {
        view_text(item, "fault", "%s", err.text);
    } else {
        view_number(item, "log_size", parsed.log_size);
        view_bytes(item, "log_root", BYTES_OF(parsed.log_root));
        view_text(item, "coverage", "%s", parsed.coverage == WEBSITE_IDENTITY_ALL ? "all" : "asked");
        view_number(item, "digits", parsed.digits);
        view_number(item, "records", parsed.records.count);
    }
    website_identity_section_clear(&parsed);
}

void inspect_trust_proof(json_t *out, struct bytes proof)
{
    struct trust_version_proof parsed;
    struct error err;
    if (proof.len == 0) {
        view_text(out, "log_proof", "%s", "none");
        return;
    }
    json_t *item = view_object(out, "log_proof");
    view_number(item, "bytes", proof.len);
    if (trust_version_proof_parse(proof, &parsed, &err) != STATUS_OK) {
        view_text(item, "fault", "%s", err.text);
        return;
    }
    const uint8_t *end = memchr(parsed.checkpoint.data, '\n', parsed.checkpoint.len);
    view_text(item, "origin", "%.*s", (int)(end != NULL ? end - parsed.checkpoint.data : 0), (const char *)parsed.checkpoint.data);
    view_number(item, "path_hashes", parsed.path.len / HASH_SIZE);
}
