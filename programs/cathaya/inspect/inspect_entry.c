#include "inspect/inspect.h"

#include "codec/mtc/tbs_entry.h"
#include "inspect/oid_text.h"
#include "inspect/view.h"

static enum status show_tbs(json_t *out, struct bytes contents, struct error *err)
{
    struct tbs_entry tbs;
    struct tai ca_id;
    const char *version;
    char algorithm[OID_TEXT_SIZE];
    enum status s = tbs_entry_parse(contents, &tbs, err);
    if (s != STATUS_OK)
        return s;
    inspect_name(out, "issuer", tbs.issuer);
    if (inspect_version(tbs.issuer, &ca_id, &version) != NULL)
        view_text(out, "version", "%s", version);
    view_time(out, "not_before", tbs.not_before_s);
    view_time(out, "not_after", tbs.not_after_s);
    inspect_name(out, "subject", tbs.subject);
    oid_describe_algorithm(tbs.spki_algorithm, algorithm);
    view_text(out, "key_algorithm", "%s", algorithm);
    view_bytes(out, "key_hash", tbs.spki_hash);
    return inspect_extensions(out, tbs.extensions, err);
}

enum status inspect_log_entry(json_t *out, struct bytes entry, struct error *err)
{
    struct log_entry parsed;
    enum status s = log_entry_parse(entry, &parsed, err);
    if (s != STATUS_OK)
        return s;
    view_number(out, "bytes", entry.len);
    view_text(out, "type", "%s (%u)", parsed.type == LOG_ENTRY_NULL       ? "null"
                                      : parsed.type == LOG_ENTRY_TBS_CERT ? "certificate"
                                                                          : "unknown", parsed.type);
    if (parsed.extensions.len > 2)
        view_bytes(out, "entry_extensions", parsed.extensions);
    if (parsed.type == LOG_ENTRY_TBS_CERT)
        return show_tbs(out, parsed.data, err);
    if (parsed.type != LOG_ENTRY_NULL)
        view_bytes(out, "data", parsed.data);
    return STATUS_OK;
}

enum status inspect_entry(const struct inspect_input *in, json_t *out, struct error *err)
{
    return inspect_log_entry(out, in->content, err);
}
