#include "rules/choice_explain.h"

#define NAME_WIDTH 15
#define KIND_WIDTH 15
#define ANCHOR_WIDTH 20

typedef void write_code(uint16_t code, struct builder *out);

static void write_codes(const char *name, struct tls_codes list, write_code *write,
                        struct builder *out)
{
    builder_printf(out, "  %-*s ", NAME_WIDTH, name);
    if (list.count == 0)
        builder_text(out, "none");
    for (size_t i = 0; i < list.count && i < CHOICE_EXPLAIN_ITEMS_MAX; i++) {
        builder_text(out, i > 0 ? ", " : "");
        write(list.codes[i], out);
    }
    if (list.count > CHOICE_EXPLAIN_ITEMS_MAX)
        builder_printf(out, " and %zu more", list.count - CHOICE_EXPLAIN_ITEMS_MAX);
    builder_text(out, "\n");
}

static void write_anchors(const struct choice_client *client, struct builder *out)
{
    builder_printf(out, "  %-*s ", NAME_WIDTH, "trust anchors");
    if (!client->has_trust_anchors)
        builder_text(out, "not sent");
    else if (client->trust_anchor_count == 0)
        builder_text(out, "an empty list");
    for (size_t i = 0; i < client->trust_anchor_count && i < CHOICE_EXPLAIN_ITEMS_MAX; i++) {
        builder_text(out, i > 0 ? ", " : "");
        tai_write_text(&client->trust_anchors[i], out);
    }
    if (client->trust_anchor_count > CHOICE_EXPLAIN_ITEMS_MAX)
        builder_printf(out, " and %zu more", client->trust_anchor_count - CHOICE_EXPLAIN_ITEMS_MAX);
    builder_text(out, "\n");
}

/* A name comes from the network: only what is visible is shown. */
static void write_server_name(struct bytes name, struct builder *out)
{
    struct reader r;
    uint8_t c;
    builder_printf(out, "  %-*s ", NAME_WIDTH, "server name");
    if (name.len == 0)
        builder_text(out, "not sent");
    reader_init(&r, name);
    while (reader_u8(&r, &c))
        builder_u8(out, c > ' ' && c <= '~' ? c : '?');
    builder_text(out, "\n");
}

static const char *versions(const struct choice_client *client)
{
    if (client->has_tls13)
        return client->has_tls12 ? "TLS 1.3, TLS 1.2" : "TLS 1.3";
    return client->has_tls12 ? "TLS 1.2" : "none that is served";
}

static void write_client(const struct choice_client *client, struct builder *out)
{
    builder_text(out, "client\n");
    write_server_name(client->server_name, out);
    builder_printf(out, "  %-*s %s\n", NAME_WIDTH, "versions", versions(client));
    write_codes("suites", client->suites, tls_names_write_suite, out);
    write_codes("groups", client->groups, tls_names_write_group, out);
    if (client->has_tls13)
        write_codes("key shares", client->key_shares, tls_names_write_group, out);
    write_codes("signatures", client->schemes, tls_names_write_scheme, out);
    if (client->has_cert_schemes)
        write_codes("in certificates", client->cert_schemes, tls_names_write_scheme, out);
    write_anchors(client, out);
}

static const char *reason_of_taken(const struct choice_candidate *candidate,
                                   const struct choice *choice)
{
    if (choice->is_anchor_matched)
        return "taken: its trust anchor was asked for";
    if (credential_kind_is_mtc(candidate->kind))
        return "taken: the site serves it to clients without trust_anchors";
    return "taken";
}

static const char *reason_of(const struct choice_candidate *candidates, const struct choice *choice,
                             size_t i)
{
    if (choice->reasons[i] == CHOICE_TAKEN)
        return reason_of_taken(&candidates[i], choice);
    if (choice->reasons[i] == CHOICE_NO_SUITE && credential_kind_is_gm(candidates[i].kind))
        return "the client offers no SM4 suite";
    if (choice->reasons[i] == CHOICE_NO_GROUP && credential_kind_is_gm(candidates[i].kind))
        return "the client offers neither curveSM2MLKEM768 nor curveSM2";
    if (choice->reasons[i] == CHOICE_NO_SCHEME && credential_kind_is_gm(candidates[i].kind))
        return "the client does not take sm2sig_sm3";
    return certificate_choice_reason_text(choice->reasons[i]);
}

void choice_explain_row(const struct choice_candidate *candidates, const struct choice *choice,
                        size_t i, struct choice_explain_row *out)
{
    const struct tai none = {.len = 0};
    const struct properties *properties = candidates[i].properties;
    out->kind = certificate_choice_kind_name(candidates[i].kind);
    tai_text(properties != NULL ? &properties->trust_anchor_id : &none, out->trust_anchor);
    out->is_taken = i == choice->index;
    out->reason = reason_of(candidates, choice, i);
}

static void write_candidates(const struct choice_candidate *candidates,
                             const struct choice_settings *settings, const struct choice *choice,
                             struct builder *out)
{
    builder_printf(out, "candidates, stage \"%s\"%s\n",
                   certificate_choice_stage_name(settings->stage),
                   settings->is_mtc_without_trust_anchors
                       ? ", Merkle Tree Certificates also without trust_anchors" : "");
    if (choice->candidate_count == 0)
        builder_text(out, "  none\n");
    for (size_t i = 0; i < choice->candidate_count; i++) {
        struct choice_explain_row row;
        choice_explain_row(candidates, choice, i, &row);
        builder_printf(out, "%c %2zu  %-*s %-*s %s\n", row.is_taken ? '*' : ' ', i + 1, KIND_WIDTH,
                       row.kind, ANCHOR_WIDTH, row.trust_anchor, row.reason);
    }
}

static void write_line(const struct choice_candidate *candidates, const struct choice *choice,
                       struct builder *out)
{
    if (choice->index == CHOICE_NONE) {
        builder_text(out, "no certificate for this client");
        return;
    }
    builder_printf(out, "%s in TLS 1.%d with ",
                   certificate_choice_kind_name(candidates[choice->index].kind),
                   choice->is_tls13 ? 3 : 2);
    tls_names_write_suite(choice->suites[0], out);
    builder_text(out, ", ");
    tls_names_write_group(choice->group, out);
    builder_text(out, ", ");
    tls_names_write_scheme(choice->scheme, out);
    if (choice->is_retry_needed)
        builder_text(out, "; one round trip more, for the client sent no key share of the group");
}

/* What EncryptedExtensions tells the client. */
static void write_available(const struct choice_candidate *candidates, const struct choice *choice,
                            struct builder *out)
{
    if (choice->index == CHOICE_NONE || choice->available_count == 0)
        return;
    builder_text(out, "  the client is told of");
    for (size_t i = 0; i < choice->available_count; i++) {
        builder_text(out, i > 0 ? ", " : " ");
        tai_write_text(&candidates[choice->available[i]].properties->trust_anchor_id, out);
    }
    builder_text(out, "\n");
}

static void write_result(const struct choice_candidate *candidates, const struct choice *choice,
                         struct builder *out)
{
    builder_text(out, "choice\n  ");
    write_line(candidates, choice, out);
    builder_text(out, "\n");
    write_available(candidates, choice, out);
}

void choice_explain_write(const struct choice_client *client,
                          const struct choice_candidate *candidates,
                          const struct choice_settings *settings, const struct choice *choice,
                          struct builder *out)
{
    write_client(client, out);
    write_candidates(candidates, settings, choice, out);
    write_result(candidates, choice, out);
}
