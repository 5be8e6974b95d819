/* Identity records and their lists: what is read is written again byte for byte; and the log's text. */
#include <string.h>

#include "fuzz/fuzz_checks.h"

#include "rules/identity_log.h"
#include "rules/identity_lookup.h"

static struct algorithms *algorithms;

static void require_no(enum status s, const struct error *err)
{
    require(s == STATUS_REFUSED ? err->text[0] != '\0' : (require_refusal(s, err), true));
}

static void check_entry(struct bytes input)
{
    struct website_identity_entry e;
    struct builder statement, again;
    struct error err = {.status = STATUS_OK};
    enum status s = website_identity_parse_entry(input, &e, &err);
    if (s != STATUS_OK) {
        require_no(s, &err);
        return;
    }
    builder_init(&statement, WEBSITE_IDENTITY_ENTRY_SIZE_MAX);
    builder_init(&again, WEBSITE_IDENTITY_ENTRY_SIZE_MAX);
    require((e.is_revocation ? website_identity_write_revocation(&e.revocation, &statement, NULL)
                             : website_identity_write(&e.record, &statement, NULL)) == STATUS_OK);
    require(website_identity_write_entry(builder_view(&statement), e.signature, &again, NULL) == STATUS_OK);
    require_same(&again, input);
    builder_clear(&statement);
}

static void check_section(struct bytes input)
{
    struct website_identity_section section;
    struct builder again;
    struct error err = {.status = STATUS_OK};
    website_identity_section_init(&section);
    enum status s = website_identity_section_parse(input, &section, &err);
    if (s == STATUS_OK) {
        builder_init(&again, input.len);
        require(website_identity_section_write(&section, &again, NULL) == STATUS_OK);
        require_same(&again, input);
    } else {
        require_no(s, &err);
    }
    website_identity_section_clear(&section);
}

static void check_list(struct bytes input)
{
    struct website_identity_list list;
    struct builder again;
    struct error err = {.status = STATUS_OK};
    website_identity_list_init(&list);
    enum status s = website_identity_list_parse(input, &list, &err);
    if (s == STATUS_OK) {
        builder_init(&again, input.len);
        require(website_identity_list_write(&list, &again, NULL) == STATUS_OK);
        require_same(&again, input);
    } else {
        require_no(s, &err);
    }
    website_identity_list_clear(&list);
}

static void check_answer(struct bytes input)
{
    struct website_identity_answer answer;
    struct builder again;
    struct error err = {.status = STATUS_OK};
    enum status s = website_identity_answer_parse(input, &answer, &err);
    if (s != STATUS_OK) {
        require_refusal(s, &err);
        return;
    }
    builder_init(&again, input.len);
    require(website_identity_answer_write(&answer, &again, NULL) == STATUS_OK);
    require_same(&again, input);
    check_list(answer.list);
}

/* A client with no signers knows nobody, whatever the section says. */
static void look_up(struct bytes input)
{
    struct trust_bundle bundle;
    struct identity_view *view;
    struct identity_answer answer;
    struct error err = {.status = STATUS_OK};
    trust_bundle_init(&bundle);
    bundle.identities = input;
    if (identity_view_new(&bundle, algorithms, &view, &err) == STATUS_OK) {
        require(identity_lookup(view, input.len > 200 ? bytes_of_text("www.example.com") : input, 0, &answer, &err) == STATUS_OK);
        require(answer.verdict == IDENTITY_NONE || answer.verdict == IDENTITY_ASK);
        (void)!identity_view_add(view, input, &err);
        identity_view_free(view);
    }
    trust_bundle_clear(&bundle);
}

static void check_log(struct bytes input)
{
    struct identity_log *log;
    struct error err = {.status = STATUS_OK};
    uint8_t root[HASH_SIZE];
    require(identity_log_new(&log, &err) == STATUS_OK);
    enum status s = identity_log_read(log, input, &err);
    require(s == STATUS_OK || (s == STATUS_USAGE && err.text[0] != '\0'));
    require(identity_log_root(log, identity_log_size(log), root, &err) == STATUS_OK);
    identity_log_free(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    if (algorithms == NULL)
        require(algorithms_new(&algorithms, NULL) == STATUS_OK);
    check_entry(input);
    check_section(input);
    check_list(input);
    check_answer(input);
    look_up(input);
    check_log(input);
    return 0;
}
