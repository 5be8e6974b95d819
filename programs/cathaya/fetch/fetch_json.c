/* fetch_json.c - the report as one JSON object, always with the same names; null is what is not known. */
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "fetch/fetch_report.h"
#include "input.h"
#include "output.h"

static void set(json_t *object, const char *name, json_t *value)
{
    (void)json_object_set_new(object, name, value);
}

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text == NULL || text[0] == '\0')
        set(object, name, json_null());
    else
        output_json_text(object, name, text);
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *id_list(const struct tai *ids, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        char id[TAI_TEXT_SIZE];
        tai_text(&ids[i], id);
        (void)json_array_append_new(list, json_string(id));
    }
    return list;
}

static json_t *cosigners_of(const struct proof_verdict *proof, const struct trust_store *store)
{
    json_t *list = json_array();
    char id[TAI_TEXT_SIZE];
    if (proof->has_ca_signature) {
        tai_text(&proof->ca->id, id);
        (void)json_array_append_new(list, json_string(id));
    }
    for (size_t i = 0; i < TRUST_COSIGNERS_MAX; i++)
        if (proof_verdict_has(proof, i)) {
            tai_text(&trust_store_cosigner(store, i)->id, id);
            (void)json_array_append_new(list, json_string(id));
        }
    return list;
}

static void set_proof(json_t *object, const struct peer_verdict *peer, bool is_good, const struct trust_store *store)
{
    static const char *const names[] = {"ca", "draft", "log", "index", "subtree", "cosigners", "basis"};
    const struct proof_verdict *proof = &peer->proof;
    char id[TAI_TEXT_SIZE];
    if (proof->ca == NULL) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            set(object, names[i], json_null());
        return;
    }
    tai_text(&proof->ca->id, id);
    set_text(object, "ca", id);
    set_text(object, "draft", proof->ca->draft->name);
    set(object, "log", number(proof->log_number));
    set(object, "index", number(proof->index));
    set(object, "subtree", json_pack("[I,I]", (json_int_t)proof->subtree.start, (json_int_t)proof->subtree.end));
    set(object, "cosigners", cosigners_of(proof, store));
    set_text(object, "basis", !is_good ? "" : proof->basis == PROOF_BY_TRUSTED_SUBTREE ? "landmark" : "cosigners");
}

static json_t *base64_of(struct bytes value)
{
    struct builder text;
    json_t *string;
    builder_init(&text, (size_t)2 * INPUT_SIZE_MAX);
    text_write_base64(&text, value);
    string = json_stringn(text.data != NULL ? (const char *)text.data : "", text.len);
    builder_clear(&text);
    return string;
}

/* For `cathaya audit --fetched`. */
static json_t *chain_of(struct bytes chain)
{
    json_t *list = json_array();
    struct reader r, one;
    reader_init(&r, chain);
    while (reader_vector_u24(&r, &one))
        (void)json_array_append_new(list, base64_of(reader_rest(&one)));
    return list;
}

static json_t *certificate_of(const struct fetch_report *report)
{
    const struct fetch_result *result = report->result;
    const struct trust_store *store = peer_trust_store(report->basis->peer);
    const struct peer_verdict *peer = &result->report.peer;
    bool is_known = result->has_tls && result->report.is_judged;
    json_t *object = json_object(), *subjects = json_array();
    set_text(object, "suite", is_known ? peer_world_name(peer->world) : "");
    set_text(object, "mode", is_known ? peer_mode_name(peer->mode) : "");
    set(object, "bytes", is_known ? number(peer->chain_size) : json_null());
    set(object, "count", is_known ? number(peer->chain_count) : json_null());
    set(object, "not_before", is_known ? json_integer(peer->not_before_s) : json_null());
    set(object, "not_after", is_known ? json_integer(peer->not_after_s) : json_null());
    set_proof(object, peer, is_known && result->report.verdict == STATUS_OK, store);
    for (size_t i = 0; i < peer->subject_count; i++) {
        json_t *holder = json_object();
        output_json_text(holder, "subject", peer->subjects[i]);
        (void)json_array_append(subjects, json_object_get(holder, "subject"));
        json_decref(holder);
    }
    set(object, "subjects", subjects);
    set(object, "chain", chain_of(builder_view(&result->chain)));
    return object;
}

static json_t *bytes_of_flights(const struct fetch_result *result)
{
    const struct tls_browser_report *r = &result->report;
    return json_pack("{s:I,s:I,s:I,s:I}", "client_hello", (json_int_t)r->client_hello_size, "server_flight",
                     (json_int_t)r->server_flight_size, "client_finish", (json_int_t)r->client_finish_size,
                     "certificate_message", (json_int_t)r->certificate_message_size);
}

static json_t *scts_of(const struct peer_verdict *peer)
{
    json_t *list = json_array();
    for (size_t i = 0; i < peer->sct_count; i++) {
        char id[2 * HASH_SIZE + 1];
        const struct sct *sct = &peer->scts[i].sct;
        if (sct->version != SCT_V1)
            continue;
        text_hex(sct->log_id, id);
        (void)json_array_append_new(list, json_pack("{s:s,s:s,s:I}", "source", peer_sct_source_name(peer->scts[i].source),
                                                    "log_id", id, "timestamp_ms", (json_int_t)sct->timestamp_ms));
    }
    return list;
}

static json_t *anchors_of(const struct fetch_result *result)
{
    const struct tls_browser_report *r = &result->report;
    json_t *object = json_object();
    set(object, "sent", r->has_trust_anchors ? id_list(r->sent, r->sent_count) : json_null());
    set(object, "available", id_list(r->available, r->available_count));
    set(object, "confirmed", json_boolean(r->is_anchor_confirmed));
    return object;
}

static json_t *retry_of(const struct fetch_result *result)
{
    json_t *object = json_object();
    char id[TAI_TEXT_SIZE];
    if (!result->is_retried) {
        json_decref(object);
        return json_null();
    }
    tai_text(&result->retry_id, id);
    set_text(object, "anchor", id);
    set_text(object, "reason", result->first_reason);
    return object;
}

static const char *ocsp_name(enum peer_ocsp ocsp)
{
    return ocsp == PEER_OCSP_GOOD ? "good" : ocsp == PEER_OCSP_IGNORED ? "ignored" : "";
}

static void set_tls(json_t *object, const struct fetch_result *result)
{
    const struct tls_browser_report *r = &result->report;
    set_text(object, "protocol", r->version);
    set_text(object, "group", r->group);
    set_text(object, "suite", r->suite);
    set_text(object, "signature", r->signature);
    set(object, "resumed", json_boolean(r->is_resumed));
    set(object, "hello_retry", json_boolean(r->is_hello_retried));
    set(object, "bytes", bytes_of_flights(result));
    set(object, "tls_sct_list", base64_of(builder_view(&result->sct_list)));
    set_text(object, "ocsp", ocsp_name(r->peer.ocsp));
    set(object, "trust_anchors", anchors_of(result));
    set(object, "retry", retry_of(result));
}

/* Without the policy the names are there all the same. */
static void set_judging(json_t *object, const struct fetch_report *report)
{
    static const char *const none[] = {"level", "kind", "icon", "saying", "organisation", "intranet", "purpose", "policy", "worst"};
    struct judging_report judging;
    if (fetch_report_judging(report, &judging)) {
        judging_report_fill(&judging, object);
        return;
    }
    set_text(object, "verdict", fetch_report_verdict(report->result));
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        set(object, none[i], json_null());
    set(object, "rules", json_array());
    set(object, "scts", report->result->has_tls ? scts_of(&report->result->report.peer) : json_array());
    set(object, "cosigners", json_array());
}

void fetch_report_json(const struct fetch_report *report)
{
    const struct fetch_result *result = report->result;
    char reason[FETCH_REASON_SIZE];
    json_t *object = json_object();
    fetch_report_reason(report, reason);
    output_json_text(object, "url", report->url);
    set_text(object, "as", report->profile);
    set_text(object, "address", result->address);
    set_judging(object, report);
    set_text(object, "reason", reason);
    set(object, "identity", report->identity != NULL ? identity_ask_json(&report->identity->answer, report->identity->why) : json_null());
    set(object, "certificate", certificate_of(report));
    set_tls(object, result);
    set(object, "ms", json_pack("{s:I,s:I,s:I}", "connect", (json_int_t)result->connect_ms, "handshake",
                                (json_int_t)result->handshake_ms, "total", (json_int_t)result->total_ms));
    set(object, "status", result->http_status != 0 ? json_integer(result->http_status) : json_null());
    set(object, "body_bytes", result->http_status != 0 ? number(result->body_len) : json_null());
    output_json(object);
}
