#include "fetch/fetch_report.h"

#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "output.h"

#define LIST_SIZE 2048

const char *fetch_report_verdict(const struct fetch_result *result)
{
    if (result->judgement != NULL)
        return policy_verdict_name(result->judgement->answer.verdict);
    if (result->has_tls && result->report.is_done)
        return "secure";
    return result->outcome == FETCH_UNTRUSTED ? "untrusted" : NULL;
}

/* ---- the reason ---- */

static void write_cosigners(struct builder *b, const struct proof_verdict *proof, const struct trust_store *store)
{
    char id[TAI_TEXT_SIZE];
    tai_text(&proof->ca->id, id);
    builder_text(b, id);
    for (size_t i = 0; i < TRUST_COSIGNERS_MAX; i++)
        if (proof_verdict_has(proof, i)) {
            tai_text(&trust_store_cosigner(store, i)->id, id);
            builder_printf(b, ", %s", id);
        }
}

static void write_mtc_basis(struct builder *b, const struct peer_verdict *peer, const struct trust_store *store)
{
    const struct proof_verdict *proof = &peer->proof;
    char id[TAI_TEXT_SIZE];
    tai_text(&proof->ca->id, id);
    if (proof->basis == PROOF_BY_TRUSTED_SUBTREE) {
        builder_text(b, peer->mode == PEER_MODE_LANDMARK ? "landmark: " : "standalone, and a landmark's: ");
        builder_text(b, "trusted subtree ");
    } else {
        builder_text(b, "standalone: cosigned by ");
        write_cosigners(b, proof, store);
        builder_text(b, " over subtree ");
    }
    builder_printf(b, "[%llu, %llu) of log %u of %s (%s, %s)", (unsigned long long)proof->subtree.start,
                   (unsigned long long)proof->subtree.end, proof->log_number, id, proof->ca->draft->name,
                   proof->ca->draft->hash->name);
}

bool fetch_report_judging(const struct fetch_report *report, struct judging_report *out)
{
    const struct peer_judgement *j = report->result->judgement;
    if (j == NULL)
        return false;
    *out = (struct judging_report){.set = report->basis->set, .is_built_in = report->basis->is_built_in, .answer = &j->answer,
                                   .subject = peer_subject_policy(j->subject), .reason = j->reason, .language = report->language,
                                   .detail = report->is_verbose ? JUDGING_VERBOSE : JUDGING_BRIEF};
    return true;
}

static void write_basis(struct builder *b, const struct fetch_report *report)
{
    const struct peer_verdict *peer = &report->result->report.peer;
    if (peer->mode == PEER_MODE_CLASSIC)
        builder_printf(b, "classic: a chain of %zu certificates to the root \"%s\"", peer->subject_count,
                       peer->subject_count > 0 ? peer->subjects[peer->subject_count - 1] : "");
    else if (peer->proof.ca != NULL)
        write_mtc_basis(b, peer, peer_trust_store(report->basis->peer));
}

void fetch_report_reason(const struct fetch_report *report, char out[FETCH_REASON_SIZE])
{
    const struct fetch_result *result = report->result;
    struct judging_report judging;
    struct builder b;
    builder_init_fixed(&b, out, FETCH_REASON_SIZE - 1);
    bool is_rule = result->report.verdict == STATUS_OK && result->outcome != FETCH_BAD_ANSWER && result->outcome != FETCH_NO_PEER;
    if (is_rule && fetch_report_judging(report, &judging) && judging.answer->verdict != POLICY_VERDICT_SECURE) {
        judging_report_reason(&judging, out, FETCH_REASON_SIZE);
        return;
    }
    if (result->outcome != FETCH_OK)
        builder_text(&b, result->err.text);
    else
        write_basis(&b, report);
    if (result->outcome == FETCH_OK && result->report.is_resumed)
        builder_text(&b, "; seen when the session began");
    out[b.len] = '\0';
}

/* ---- lines ---- */

static const char *or_none(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

static void print_ids(const struct fetch_report *report, enum judging_word what, const struct tai *ids, size_t count)
{
    char list[LIST_SIZE];
    struct builder b;
    builder_init_fixed(&b, list, sizeof list - 1);
    for (size_t i = 0; i < count; i++) {
        char id[TAI_TEXT_SIZE];
        tai_text(&ids[i], id);
        if (b.len + strlen(id) + 8 > b.max) {
            builder_text(&b, " ...");
            break;
        }
        builder_printf(&b, "%s%s", i > 0 ? " " : "", id);
    }
    list[b.len] = '\0';
    judging_report_name(judging_word(what, report->language), "%s", or_none(list));
}

static void print_certificate(const struct fetch_report *report)
{
    const struct peer_verdict *peer = &report->result->report.peer;
    char from[CIVIL_TIME_TEXT_SIZE], until[CIVIL_TIME_TEXT_SIZE];
    civil_time_format(peer->not_before_s, from);
    civil_time_format(peer->not_after_s, until);
    judging_report_name(judging_word(WORD_CERTIFICATE, report->language),
                        report->language == POLICY_ZH ? "%s %s，%zu 字节，%zu 张，有效期 %s 至 %s"
                                                      : "%s %s, %zu bytes in %zu, valid %s to %s",
                        or_none(peer_world_name(peer->world)), or_none(peer_mode_name(peer->mode)), peer->chain_size,
                        peer->chain_count, from, until);
    for (size_t i = 0; peer->mode == PEER_MODE_CLASSIC && i < peer->subject_count; i++)
        judging_report_name("", "%s", or_none(peer->subjects[i]));
    if (peer->proof.ca != NULL) {
        char id[TAI_TEXT_SIZE];
        tai_text(&peer->proof.ca->id, id);
        judging_report_name("", report->language == POLICY_ZH ? "CA %s，日志 %u，序号 %llu" : "CA %s, log %u, index %llu", id,
                            peer->proof.log_number, (unsigned long long)peer->proof.index);
    }
    if (peer->sct_count > 0 && report->result->judgement == NULL)
        judging_report_name(judging_word(WORD_SCTS, report->language), "%zu, not judged", peer->sct_count);
}

static void print_tls(const struct fetch_report *report)
{
    const struct tls_browser_report *r = &report->result->report;
    enum policy_language l = report->language;
    judging_report_name(judging_word(WORD_PROTOCOL, l), "%s", or_none(r->version));
    judging_report_name(judging_word(WORD_GROUP, l), "%s%s", or_none(r->group),
                        r->is_hello_retried ? " (after a HelloRetryRequest)" : "");
    judging_report_name(judging_word(WORD_SUITE, l), "%s", or_none(r->suite));
    judging_report_name(judging_word(WORD_SIGNATURE, l), "%s%s", or_none(r->signature),
                        r->is_resumed ? " (resumed: of the first handshake)" : "");
    if (r->is_judged)
        print_certificate(report);
    judging_report_name(judging_word(WORD_BYTES, l), "ClientHello %zu, server flight %zu, client finish %zu", r->client_hello_size,
                        r->server_flight_size, r->client_finish_size);
    if (r->has_trust_anchors) {
        print_ids(report, WORD_ANCHORS_SENT, r->sent, r->sent_count);
        print_ids(report, WORD_SERVER_HAS, r->available, r->available_count);
    }
}

/* What the connection says first, then the policy's level and rules; in the middle the verdict, with what it rests on. */
static void print_verdict(const struct fetch_report *report)
{
    char reason[FETCH_REASON_SIZE];
    struct judging_report judging;
    const char *verdict = fetch_report_verdict(report->result);
    bool is_judged = fetch_report_judging(report, &judging);
    fetch_report_reason(report, reason);
    judging_report_name(judging_word(WORD_VERDICT, report->language), "%s: %s",
                        is_judged           ? judging_verdict(judging.answer->verdict, report->language)
                        : verdict != NULL   ? verdict
                                            : judging_word(WORD_NONE, report->language),
                        reason);
    if (!is_judged)
        return;
    judging_report_name("", "%s", policy_saying(judging.set, judging.answer, report->language));
    judging_report_lines(&judging);
}

void fetch_report_print(const struct fetch_report *report)
{
    const struct fetch_result *result = report->result;
    output_line("%s", report->url);
    if (result->address[0] != '\0')
        judging_report_name(judging_word(WORD_ADDRESS, report->language), "%s, %lld ms, TLS %lld", result->address,
                            (long long)result->total_ms, (long long)result->handshake_ms);
    if (result->has_tls)
        print_tls(report);
    if (result->is_retried) {
        char id[TAI_TEXT_SIZE];
        tai_text(&result->retry_id, id);
        judging_report_name(judging_word(WORD_RETRIED, report->language), "with %s, after: %s", id, result->first_reason);
    }
    print_verdict(report);
    if (report->identity != NULL)
        identity_ask_print(&report->identity->answer, report->identity->why, report->language);
    if (result->http_status != 0)
        judging_report_name("HTTP", "%d %s, %llu bytes", result->http_status, result->phrase,
                            (unsigned long long)result->body_len);
}
