/* cathaya gateway status, gateway renew: what a running gateway is asked over its socket */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil_time.h"
#include "command.h"
#include "gateway/gateway_ask.h"
#include "output.h"

#define COLUMNS 9
#define CELL_SIZE 64

/* ---- status ---- */

typedef char table_row[COLUMNS][CELL_SIZE];

static void put(char cell[CELL_SIZE], const char *text)
{
    (void)snprintf(cell, CELL_SIZE, "%s", text != NULL && text[0] != '\0' ? text : "-");
}

/* "2026-11-22 10:00:07" in UTC. */
static void put_time(char cell[CELL_SIZE], const json_t *value, const char *before)
{
    char text[CIVIL_TIME_TEXT_SIZE];
    if (!json_is_integer(value)) {
        put(cell, before);
        return;
    }
    civil_time_format(json_integer_value(value), text);
    (void)snprintf(cell, CELL_SIZE, "%s%s%.19s", before, before[0] != '\0' ? " " : "", text);
    char *t = strchr(cell + strlen(before), 'T');
    if (t != NULL)
        *t = ' ';
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* "secure T3", or "not_secure RP-06". */
static void put_policy(char cell[CELL_SIZE], const json_t *policy)
{
    const char *verdict = text_of(policy, "verdict"), *rule = text_of(policy, "rule"), *level = text_of(policy, "level");
    bool has_rule = rule != NULL && rule[0] != '\0';
    if (verdict == NULL)
        put(cell, NULL);
    else
        (void)snprintf(cell, CELL_SIZE, "%s %s", verdict, has_rule ? rule : level != NULL ? level : "");
}

static void fill_row(const json_t *c, table_row row)
{
    put(row[0], text_of(c, "site"));
    put(row[1], text_of(c, "kind"));
    put(row[2], text_of(c, "state"));
    put(row[3], text_of(c, "issuer"));
    put_time(row[4], json_object_get(c, "not_after"), "");
    put(row[5], text_of(c, "landmark"));
    put_time(row[6], json_object_get(c, "next_action_at"), text_of(c, "next_action") != NULL ? text_of(c, "next_action") : "");
    put_policy(row[7], json_object_get(c, "policy"));
    put(row[8], text_of(c, "last_error"));
}

static void print_table(const json_t *certificates)
{
    static const char *const heads[COLUMNS] = {"SITE",     "KIND", "STATE",      "ISSUER", "EXPIRES (UTC)",
                                               "LANDMARK", "NEXT", "POLICY",     "LAST ERROR"};
    size_t count = json_array_size(certificates), widths[COLUMNS];
    table_row *table = calloc(count + 1, sizeof *table);
    if (table == NULL)
        abort();
    for (size_t j = 0; j < COLUMNS; j++)
        put(table[0][j], heads[j]);
    for (size_t i = 0; i < count; i++)
        fill_row(json_array_get(certificates, i), table[i + 1]);
    for (size_t j = 0; j < COLUMNS; j++) {
        widths[j] = 0;
        for (size_t i = 0; i <= count; i++)
            widths[j] = strlen(table[i][j]) > widths[j] ? strlen(table[i][j]) : widths[j];
    }
    for (size_t i = 0; i <= count; i++)
        output_line("%-*s  %-*s  %-*s  %-*s  %-*s  %-*s  %-*s  %-*s  %s", (int)widths[0], table[i][0], (int)widths[1],
                    table[i][1], (int)widths[2], table[i][2], (int)widths[3], table[i][3], (int)widths[4], table[i][4],
                    (int)widths[5], table[i][5], (int)widths[6], table[i][6], (int)widths[7], table[i][7],
                    table[i][8]);
    free(table);
}

/* Why the trust directory is not used is what an operator has to know. */
static void print_policy(const json_t *policy)
{
    const char *trust = text_of(policy, "trust"), *reason = text_of(policy, "reason");
    if (reason != NULL)
        output_line("trust %s is not used: %s", trust != NULL ? trust : "-", reason);
}

static void print_backends(const json_t *backends)
{
    for (size_t i = 0; i < json_array_size(backends); i++) {
        const json_t *b = json_array_get(backends, i);
        const char *reason = text_of(b, "reason");
        bool is_up = json_is_true(json_object_get(b, "up"));
        output_line("backend %s of %s: %s%s%s", text_of(b, "address"), text_of(b, "site"), is_up ? "up" : "down",
                    is_up || reason == NULL || reason[0] == '\0' ? "" : ": ", is_up || reason == NULL ? "" : reason);
    }
}

static int run_status(const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    json_t *answer = NULL;
    enum status s = gateway_ask(options, "/status", NULL, &answer, &err);
    if (s != STATUS_OK)
        return output_failure(s == STATUS_USAGE ? ROLE_NEEDED : ROLE_STATE, &err);
    if (options_has(options, "json")) {
        output_json(answer);
        return EXIT_YES;
    }
    print_table(json_object_get(answer, "certificates"));
    print_backends(json_object_get(answer, "backends"));
    print_policy(json_object_get(answer, "policy"));
    json_decref(answer);
    return EXIT_YES;
}

/* ---- renew ---- */

static int run_renew(const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    json_t *query = json_object(), *answer = NULL;
    if (options_has(options, "site"))
        (void)json_object_set_new(query, "site", json_string(options_value(options, "site")));
    if (options_has(options, "kind"))
        (void)json_object_set_new(query, "kind", json_string(options_value(options, "kind")));
    (void)json_object_set_new(query, "revoked", json_boolean(options_has(options, "revoked")));
    enum status s = gateway_ask(options, "/renew", query, &answer, &err);
    json_decref(query);
    if (s != STATUS_OK)
        return output_failure(s == STATUS_USAGE ? ROLE_NEEDED : ROLE_STATE, &err);
    bool is_done = json_is_true(json_object_get(answer, "ok"));
    if (is_done)
        output_line("ordered; `cathaya gateway status` shows how far it is");
    else
        output_error("%s", text_of(answer, "reason"));
    json_decref(answer);
    return is_done ? EXIT_YES : EXIT_NO;
}

#define CONFIG_ROW {.name = "config", .metavar = "FILE", .help = "the configuration of the running gateway", .is_required = true}

static const struct option_row status_rows[] = {
    CONFIG_ROW,
    {.name = "json", .help = "print JSON"},
    {.name = NULL},
};

static const struct option_row renew_rows[] = {
    CONFIG_ROW,
    {.name = "site", .metavar = "NAME", .help = "of this site alone"},
    {.name = "kind", .metavar = "KIND", .help = "of this kind alone: gm-mtc, gm-classic, intl-mtc, intl-classic"},
    {.name = "revoked", .help = "the present ones are not served any more: their keys may be known to others"},
    {.name = NULL},
};

const struct command command_gateway_status = {
    .name = "gateway status",
    .arguments = "",
    .summary = "the certificates and backends of a running gateway, and what it does next",
    .options = status_rows,
    .run = run_status,
};

const struct command command_gateway_renew = {
    .name = "gateway renew",
    .arguments = "",
    .summary = "order new certificates now",
    .options = renew_rows,
    .run = run_renew,
};
