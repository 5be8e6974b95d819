#include "codec/trust_bundle/trust_envelope.h"
#include "codec/trust_bundle/trust_file.h"
#include "inspect/inspect.h"
#include "inspect/inspect_trust_parts.h"
#include "inspect/inspect_trust_sections.h"
#include "inspect/view.h"

static void show_id(json_t *out, const char *name, const struct tai *id)
{
    char text[TAI_TEXT_SIZE];
    tai_text(id, text);
    view_text(out, name, "%s", text);
}

static void show_cosigners(json_t *out, const struct trust_bundle *b)
{
    static const char *const roles[] = {"", "certifying", "witness", "mirror"};
    json_t *list = view_list(out, "cosigners");
    for (size_t i = 0; i < b->cosigners.count; i++) {
        const struct trust_bundle_cosigner *c = trust_bundle_cosigner_at(b, i);
        json_t *item = view_item(list);
        show_id(item, "id", &c->id);
        view_text(item, "role", "%s", roles[c->role]);
        inspect_trust_text(item, "operator", c->operator_name);
    }
}

static void show_cas(json_t *out, const struct trust_bundle *b)
{
    json_t *list = view_list(out, "cas");
    for (size_t i = 0; i < b->cas.count; i++) {
        const struct trust_bundle_ca *ca = trust_bundle_ca_at(b, i);
        json_t *item = view_item(list);
        show_id(item, "id", &ca->id);
        inspect_trust_text(item, "operator", ca->operator_name);
        inspect_trust_purposes(item, &ca->purposes);
        if (ca->level_max < TRUST_BUNDLE_LEVEL_MAX)
            view_number(item, "level_max", ca->level_max);
        json_t *urls = view_list(item, "urls");
        for (size_t k = 0; k < ca->url_count; k++) {
            struct bytes url = trust_bundle_url(b, ca, k);
            view_add(urls, "%.*s", (int)url.len, (const char *)url.data);
        }
        json_t *rules = view_list(item, "rules");
        for (size_t k = 0; k < ca->rule_count; k++) {
            const struct trust_bundle_rule *rule = trust_bundle_rule_at(b, ca, k);
            view_add(rules, "%u of %zu %s", rule->needed, rule->member_count,
                     rule->kind == TRUST_BUNDLE_SIGNATURES ? "cosigners" : "cosigners, of different operators");
        }
    }
}

static void show_logs(json_t *out, const struct trust_bundle *b)
{
    json_t *list = view_list(out, "logs");
    for (size_t i = 0; i < b->logs.count; i++) {
        const struct trust_bundle_log *log = trust_bundle_log_at(b, i);
        json_t *item = view_item(list);
        show_id(item, "ca", &log->ca_id);
        view_number(item, "log", log->log_number);
        view_number(item, "minimum_index", log->minimum_index);
        view_number(item, "landmarks", log->landmark_count);
        if (log->landmark_count == 0)
            continue;
        const struct trust_bundle_landmark *last = trust_bundle_landmark_at(b, log, log->landmark_count - 1);
        view_number(item, "first_landmark", log->first_landmark);
        view_number(item, "last_landmark", log->first_landmark + log->landmark_count - 1);
        view_number(item, "tree_size", last->tree_size);
        view_time(item, "expires", last->expiry_s);
    }
}

static enum status show_bundle(struct bytes contents, json_t *out, struct error *err)
{
    struct trust_bundle b;
    trust_bundle_init(&b);
    enum status s = trust_bundle_parse(contents, &b, err);
    if (s == STATUS_OK) {
        view_number(out, "version", b.version);
        view_time(out, "issued", b.issued_s);
        if (b.expires_s != 0)
            view_time(out, "expires", b.expires_s);
        view_number(out, "bytes", contents.len);
        inspect_trust_anchors(out, &b);
        inspect_trust_ct_logs(out, &b);
        show_cosigners(out, &b);
        show_cas(out, &b);
        view_number(out, "revoked_ranges", b.revoked.count);
        show_logs(out, &b);
        inspect_trust_keys(out, &b);
    }
    trust_bundle_clear(&b);
    return s == STATUS_REFUSED ? STATUS_MALFORMED : s;
}

enum status inspect_trust(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct trust_envelope envelope;
    struct trust_file file;
    enum status s = STATUS_OK;
    if (trust_envelope_is(in->content)) {
        view_text(out, "form", "%s", "signed envelope (signatures are not verified here)");
        s = trust_envelope_parse(in->content, &envelope, err);
        if (s != STATUS_OK)
            return s;
        view_number(out, "signatures", envelope.signature_count);
        inspect_trust_proof(out, envelope.log_proof);
        return show_bundle(envelope.contents, out, err);
    }
    if (!trust_file_is(in->content)) {
        view_text(out, "form", "%s", "contents alone");
        return show_bundle(in->content, out, err);
    }
    view_text(out, "form", "%s", "file of a trust directory");
    s = trust_file_parse(in->content, &file, err);
    if (s != STATUS_OK)
        return s;
    view_number(out, "note_bytes", file.note.len);
    view_number(out, "revocations_bytes", file.revocations.len);
    return show_bundle(file.contents, out, err);
}
