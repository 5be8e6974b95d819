#include "fetch/fetch_report.h"

#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "output.h"

#define LIST_SIZE 2048

const char *fetch_report_verdict(const struct fetch_result *result)
{
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

void fetch_report_reason(const struct fetch_result *result, const struct trust_store *store, char out[FETCH_REASON_SIZE])
{
    const struct peer_verdict *peer = &result->report.peer;
    struct builder b;
    builder_init_fixed(&b, out, FETCH_REASON_SIZE - 1);
    if (result->outcome != FETCH_OK)
        builder_text(&b, result->err.text);
    else if (peer->mode == PEER_MODE_CLASSIC)
        builder_printf(&b, "classic: a chain of %zu certificates to the root \"%s\"", peer->subject_count,
                       peer->subject_count > 0 ? peer->subjects[peer->subject_count - 1] : "");
    else if (peer->proof.ca != NULL)
        write_mtc_basis(&b, peer, store);
    if (result->outcome == FETCH_OK && result->report.is_resumed)
        builder_text(&b, "; seen when the session began");
    out[b.len] = '\0';
}

/* ---- lines ---- */

static const char *or_none(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

static void print_ids(const char *what, const struct tai *ids, size_t count)
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
    output_line("  %-14s %s", what, or_none(list));
}

static void print_certificate(const struct peer_verdict *peer)
{
    char from[CIVIL_TIME_TEXT_SIZE], until[CIVIL_TIME_TEXT_SIZE];
    civil_time_format(peer->not_before_s, from);
    civil_time_format(peer->not_after_s, until);
    output_line("  %-14s %s %s, %zu bytes in %zu, valid %s to %s", "certificate", or_none(peer_world_name(peer->world)),
                or_none(peer_mode_name(peer->mode)), peer->chain_size, peer->chain_count, from, until);
    for (size_t i = 0; peer->mode == PEER_MODE_CLASSIC && i < peer->subject_count; i++)
        output_line("  %-14s %s", "", or_none(peer->subjects[i]));
    if (peer->proof.ca != NULL) {
        char id[TAI_TEXT_SIZE];
        tai_text(&peer->proof.ca->id, id);
        output_line("  %-14s CA %s, log %u, index %llu", "", id, peer->proof.log_number,
                    (unsigned long long)peer->proof.index);
    }
    if (peer->sct_count > 0)
        output_line("  %-14s %zu, not judged", "SCTs", peer->sct_count);
}

static void print_tls(const struct fetch_result *result)
{
    const struct tls_browser_report *r = &result->report;
    output_line("  %-14s %s", "protocol", or_none(r->version));
    output_line("  %-14s %s%s", "group", or_none(r->group), r->is_hello_retried ? " (after a HelloRetryRequest)" : "");
    output_line("  %-14s %s", "suite", or_none(r->suite));
    output_line("  %-14s %s%s", "signature", or_none(r->signature), r->is_resumed ? " (resumed: of the first handshake)" : "");
    if (r->is_judged)
        print_certificate(&r->peer);
    output_line("  %-14s ClientHello %zu, server flight %zu, client finish %zu", "bytes", r->client_hello_size,
                r->server_flight_size, r->client_finish_size);
    if (r->has_trust_anchors) {
        print_ids("anchors sent", r->sent, r->sent_count);
        print_ids("server has", r->available, r->available_count);
    }
}

void fetch_report_print(const char *url, const struct fetch_result *result, const struct trust_store *store)
{
    char reason[FETCH_REASON_SIZE];
    const char *verdict = fetch_report_verdict(result);
    fetch_report_reason(result, store, reason);
    output_line("%s", url);
    if (result->address[0] != '\0')
        output_line("  %-14s %s, %lld ms, of them TLS %lld", "address", result->address, (long long)result->total_ms,
                    (long long)result->handshake_ms);
    if (result->has_tls)
        print_tls(result);
    if (result->is_retried) {
        char id[TAI_TEXT_SIZE];
        tai_text(&result->retry_id, id);
        output_line("  %-14s with %s, after: %s", "retried", id, result->first_reason);
    }
    output_line("  %-14s %s: %s", "verdict", verdict != NULL ? verdict : "none", reason);
    if (result->http_status != 0)
        output_line("  %-14s %d %s, %llu bytes", "HTTP", result->http_status, result->phrase,
                    (unsigned long long)result->body_len);
}
