/* cathaya inspect - shows any object of the system. */
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "codec/properties/properties.h"
#include "codec/trust_bundle/trust_delta.h"
#include "command.h"
#include "input.h"
#include "inspect/inspect.h"
#include "inspect/view.h"
#include "merkle/tile.h"
#include "output.h"

typedef enum status inspect_function(const struct inspect_input *in, json_t *out, struct error *err);

/* In the order in which they are tried; the first four are text. */
static const struct kind {
    const char *name;
    const char *label; /* of its PEM blocks */
    inspect_function *inspect;
    bool is_guessed; /* tried on contents whose kind nobody says */
} kinds[] = {
    {"note", NULL, inspect_note, true},
    {"landmarks", NULL, inspect_landmarks, true},
    {"policy", NULL, inspect_policy, true},
    {"certificate", PEM_CERTIFICATE, inspect_certificate, true},
    {"request", "CERTIFICATE REQUEST", inspect_request, true},
    {"properties", PROPERTIES_PEM_LABEL, inspect_properties, false},
    {"trust-bundle", NULL, inspect_trust, true},
    {"trust-delta", NULL, inspect_trust_delta, true},
    {"trust-latest", NULL, inspect_trust_latest, true},
    {"program-policy", NULL, inspect_program_policy, true},
    {"ct-policy", NULL, inspect_ct_policy, true},
    {"log-list", NULL, inspect_log_list, true},
    {"sth", NULL, inspect_sth, true},
    {"sct", NULL, inspect_sct, true},
    {"sct-list", NULL, inspect_sct_list, true},
    {"entry", NULL, inspect_entry, true},
    {"bundle", NULL, inspect_bundle, false},
    {"data-tile", NULL, inspect_data_tile, false},
    {"tile", NULL, inspect_tile, false},
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static const struct kind *find_label(const char *label)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (kinds[i].label != NULL && strcmp(kinds[i].label, label) == 0)
            return &kinds[i];
    return strcmp(label, "NEW CERTIFICATE REQUEST") == 0 ? find_kind("request") : NULL;
}

/* By the file's name, else by the first that reads it without complaint; NULL: none. */
static const struct kind *recognise(const struct inspect_input *in)
{
    struct tile tile;
    if (inspect_find_data_tile(in->path, &tile))
        return find_kind("data-tile");
    if (inspect_find_tile(in->path, &tile))
        return find_kind(tile.is_entries ? "bundle" : "tile");
    for (size_t i = 0; i < KIND_COUNT; i++) {
        json_t *tried = json_object();
        bool is_it = kinds[i].is_guessed && kinds[i].inspect(in, tried, NULL) == STATUS_OK;
        json_decref(tried);
        if (is_it)
            return &kinds[i];
    }
    return NULL;
}

static bool is_numbers(struct bytes content)
{
    for (size_t i = 0; i < content.len; i++)
        if (strchr("0123456789 \n", content.data[i]) == NULL || content.data[i] == 0)
            return false;
    return content.len > 0;
}

static bool begins_like_policy(const struct inspect_input *in)
{
    json_t *tried = json_object();
    (void)!inspect_policy(in, tried, NULL);
    bool is_it = json_array_size(json_object_get(tried, "statements")) > 0;
    json_decref(tried);
    return is_it;
}

static const struct kind *likely_json(struct bytes content)
{
    static const struct {
        const char *member, *kind;
    } rows[] = {{"\"operators\"", "log-list"}, {"\"log_id\"", "log-list"}, {"\"tree_head_signature\"", "sth"},
                {"\"sct_version\"", "sct"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (memmem(content.data, content.len, rows[i].member, strlen(rows[i].member)) != NULL)
            return find_kind(rows[i].kind);
    return NULL;
}

/* What no kind reads without complaint: the kind whose complaint is of use. */
static const struct kind *most_likely(const struct inspect_input *in)
{
    static const char before_signatures[] = "\n\n\xe2\x80\x94 ";
    struct bytes content = in->content;
    if (content.len > 1 && content.data[0] == 0x30 && content.data[1] >= 0x80)
        return find_kind("certificate");
    if (content.len > 0 && memmem(content.data, content.len, before_signatures, sizeof before_signatures - 1) != NULL)
        return find_kind("note");
    if (is_numbers(content))
        return find_kind("landmarks");
    if (content.len > 0 && content.data[0] == '{')
        return likely_json(content);
    if (trust_delta_is(content))
        return find_kind("trust-delta");
    if (content.len > 13 && memcmp(content.data, "trust-latest/", 13) == 0)
        return find_kind("trust-latest");
    if (content.len > 6 && memcmp(content.data, "trust-", 6) == 0)
        return find_kind("trust-bundle");
    if (content.len > 0 && memmem(content.data, content.len, "policy-format ", 14) != NULL)
        return find_kind("program-policy");
    return begins_like_policy(in) ? find_kind("policy") : NULL;
}

struct printing {
    const char *path;
    bool is_json;
    size_t count; /* objects shown */
};

/* Shows one object; what is wrong with it is a part of what there is to see. */
static int show(struct printing *p, const struct kind *kind, const struct inspect_input *in)
{
    struct error err = {.status = STATUS_OK};
    json_t *view = json_object();
    output_json_text(view, "file", p->path);
    view_text(view, "kind", "%s", kind->name);
    enum status s = kind->inspect(in, view, &err);
    if (s != STATUS_OK)
        view_text(view, "fault", "%s", err.text);
    if (!p->is_json && p->count > 0)
        output_line("%s", "");
    p->count++;
    if (p->is_json) {
        output_json(view);
    } else {
        view_print(view);
        json_decref(view);
    }
    if (s != STATUS_OK)
        output_error("%s: %s", strcmp(p->path, "-") == 0 ? "stdin" : p->path, err.text);
    return (int)output_exit_status(ROLE_OBJECT, s);
}

static int show_unknown_block(struct printing *p, const char *label, size_t len)
{
    json_t *view = json_object();
    output_json_text(view, "file", p->path);
    view_text(view, "kind", "%s", "other");
    view_text(view, "label", "%s", label);
    view_number(view, "bytes", len);
    if (strstr(label, "PRIVATE KEY") != NULL)
        view_text(view, "note", "%s", "a secret: not shown");
    if (!p->is_json && p->count > 0)
        output_line("%s", "");
    p->count++;
    if (p->is_json) {
        output_json(view);
        return EXIT_YES;
    }
    view_print(view);
    json_decref(view);
    return EXIT_YES;
}

static int show_blocks(struct printing *p, const struct inspect_input *in)
{
    struct input_blocks blocks;
    struct error err = {.status = STATUS_OK};
    int status = EXIT_YES;
    enum status s = input_split(in->content, &blocks, &err);
    for (size_t i = 0; i < blocks.count; i++) {
        const char *label = blocks.blocks[i].label;
        const struct kind *kind = find_label(label);
        struct inspect_input part = *in;
        part.content = input_block_der(&blocks, i);
        status = output_worse(status, kind != NULL ? show(p, kind, &part)
                                                   : show_unknown_block(p, label, part.content.len));
    }
    input_blocks_clear(&blocks);
    if (s != STATUS_OK) {
        (void)error_prefix(&err, s, "%s", p->path);
        status = output_worse(status, output_failure(ROLE_OBJECT, &err));
    }
    return status;
}

static int show_content(struct printing *p, const struct inspect_input *in, const char *as)
{
    const struct kind *kind = as != NULL ? find_kind(as) : NULL;
    struct tile tile;
    bool is_pem = input_is_pem(in->content) && !inspect_find_tile(in->path, &tile);
    if (is_pem && (kind == NULL || kind->label != NULL))
        return show_blocks(p, in);
    if (kind == NULL)
        kind = recognise(in);
    if (kind == NULL)
        kind = most_likely(in);
    if (kind != NULL)
        return show(p, kind, in);
    output_error("%s: not recognised; if you know what it is say so with --as", p->path);
    return EXIT_NO;
}

static enum status check_usage(const struct options *options, struct error *err)
{
    const char *path = options->arguments[0], *as = options_value(options, "as");
    if (strncmp(path, "http://", 7) == 0 || strncmp(path, "https://", 8) == 0)
        return error_set(err, STATUS_USAGE, "%s: URLs cannot be inspected yet; fetch it into a file first", path);
    if (as != NULL && find_kind(as) == NULL)
        return error_set(err, STATUS_USAGE,
                         "--as %.40s: want certificate, request, properties, note, landmarks, policy, trust-bundle, trust-delta, "
                         "trust-latest, program-policy, ct-policy, log-list, sth, sct, "
                         "sct-list, entry, bundle, data-tile or tile", as);
    return STATUS_OK;
}

static int run(const struct options *options)
{
    struct error err = {.status = STATUS_OK};
    struct builder content;
    struct inspect_input in = {.path = options->arguments[0], .at_s = (int64_t)time(NULL)};
    struct printing p = {.path = in.path, .is_json = options_has(options, "json")};
    builder_init(&content, INPUT_SIZE_MAX);
    enum status s = check_usage(options, &err);
    if (s == STATUS_OK)
        s = options_time(options, "at", &in.at_s, &err);
    if (s == STATUS_OK)
        s = input_read(in.path, INPUT_SIZE_MAX, &content, &err);
    in.content = builder_view(&content);
    int status = s == STATUS_OK ? show_content(&p, &in, options_value(options, "as"))
                                : output_failure(ROLE_OBJECT, &err);
    builder_clear(&content);
    return status;
}

static const struct option_row rows[] = {
    {.name = "as", .metavar = "KIND", .help = "what the file is, when it does not show"},
    {.name = "at", .metavar = "TIME", .help = "what counts as now, RFC 3339 or seconds"},
    {.name = "json", .help = "one JSON object per object shown"},
    {.name = NULL},
};

const struct command command_inspect = {
    .name = "inspect",
    .arguments = "FILE",
    .summary = "show any object of the system",
    .details = "Certificates, requests, certificate properties, checkpoints and other signed notes,\n"
               "landmarks, policies, trust bundles, their deltas and `latest`, policies of root programs and CT policies,\n"
               "log entries, lists of CT logs, and SCTs and tree heads of CT logs are\n"
               "recognised by their contents, tiles, entry bundles and data tiles by the end of their path\n"
               "(tile/0/000, tile/entries/x001/234, tile/data/000). Nothing is verified.\n"
               "KIND: certificate, request, properties, note, landmarks, policy, trust-bundle, trust-delta, trust-latest,\n"
               "program-policy, ct-policy, log-list, sth, sct, sct-list, entry, bundle, data-tile, tile.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};
