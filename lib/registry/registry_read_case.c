/* applications/ID.conf and incidents/ID.conf. */
#include <string.h>

#include "registry/registry_parts.h"

static struct registry_case *case_of(struct registry_reading *reading)
{
    return reading->object;
}

static bool read_title(struct registry_reading *reading)
{
    return registry_fields_text(reading, TRUST_BUNDLE_TEXT_MAX, &case_of(reading)->title);
}

static bool read_operator(struct registry_reading *reading)
{
    return registry_fields_id(reading, &case_of(reading)->operator_id);
}

static bool read_subject(struct registry_reading *reading)
{
    struct registry_subject subject = {.line = reading->statement.line};
    const char *word;
    if (!registry_fields_text(reading, REGISTRY_LINE_MAX, &word))
        return false;
    const char *slash = strchr(word, '/');
    if (slash == NULL)
        return false;
    subject.kind = registry_kind_by_folder(bytes_of(word, (size_t)(slash - word)));
    subject.id = slash + 1;
    if (subject.kind == REGISTRY_KINDS || subject.kind > REGISTRY_BUNDLE_KEY)
        return registry_fields_wrong(reading, "\"%.60s\": FOLDER/ID of an operator or a thing", word);
    if (!registry_fields_is_over(reading) && !registry_fields_purposes(reading, &subject.purposes))
        return false;
    return registry_fields_keep(reading, &reading->r->subjects, &case_of(reading)->subjects, &subject);
}

/* [first, end] of enum registry_step_kind belong to the kind of file. */
static bool read_step_of(struct registry_reading *reading, enum registry_step_kind first, enum registry_step_kind last)
{
    struct registry_step step = {.text = "", .line = reading->statement.line};
    unsigned i = first;
    while (i <= last && !registry_fields_is(reading, registry_step_name((enum registry_step_kind)i)))
        i++;
    step.step = (enum registry_step_kind)i;
    if (i > last || !registry_fields_day(reading, &step.at_s) || !registry_fields_text(reading, REGISTRY_TEXT_MAX, &step.text))
        return false;
    return registry_fields_keep(reading, &reading->r->steps, &case_of(reading)->steps, &step);
}

static bool read_step(struct registry_reading *reading)
{
    return reading->head->kind == REGISTRY_APPLICATION
               ? read_step_of(reading, REGISTRY_STEP_RECEIVED, REGISTRY_STEP_WITHDRAWN)
               : read_step_of(reading, REGISTRY_STEP_OPENED, REGISTRY_STEP_CLOSED);
}

static bool read_document(struct registry_reading *reading)
{
    static const char *const names[] = {"form", "cp", "cps", "licence", "audit", "aatl", "other", NULL};
    struct registry_document document = {.line = reading->statement.line};
    size_t kind;
    if (!registry_fields_choice(reading, names, &kind) || !registry_fields_day(reading, &document.at_s) ||
        !registry_fields_text(reading, TRUST_BUNDLE_TEXT_MAX, &document.where))
        return false;
    document.kind = (enum registry_document_kind)kind;
    return registry_fields_keep(reading, &reading->r->documents, &case_of(reading)->documents, &document);
}

static bool read_signed_document(struct registry_reading *reading)
{
    struct registry_document document = {.kind = REGISTRY_DOCUMENT_OTHER, .line = reading->statement.line};
    const char *purpose;
    if (!registry_fields_word(reading, &purpose))
        return false;
    document.purpose = trust_bundle_purpose_by_name(bytes_of_text(purpose));
    return document.purpose != 0 && registry_fields_day(reading, &document.at_s) &&
           registry_fields_text(reading, TRUST_BUNDLE_TEXT_MAX, &document.where) &&
           registry_fields_keep(reading, &reading->r->documents, &case_of(reading)->documents, &document);
}

static bool read_test_site(struct registry_reading *reading)
{
    static const char *const names[] = {"good", "expired", "revoked", NULL};
    struct registry_test_site site = {.line = reading->statement.line};
    size_t kind;
    if (!registry_fields_choice(reading, names, &kind) || !registry_fields_id(reading, &site.thing_id) ||
        !registry_fields_url(reading, &site.url))
        return false;
    site.kind = (enum registry_test_site_kind)kind;
    return registry_fields_keep(reading, &reading->r->test_sites, &case_of(reading)->test_sites, &site);
}

static bool read_visit(struct registry_reading *reading)
{
    struct registry_visit visit = {.line = reading->statement.line};
    if (!registry_fields_day(reading, &visit.at_s))
        return false;
    visit.is_passed = registry_fields_is(reading, "passed");
    if ((!visit.is_passed && !registry_fields_is(reading, "failed")) || !registry_fields_url(reading, &visit.url) ||
        !registry_fields_text(reading, REGISTRY_TEXT_MAX, &visit.text))
        return false;
    return registry_fields_keep(reading, &reading->r->visits, &case_of(reading)->visits, &visit);
}

static bool read_exception(struct registry_reading *reading)
{
    return registry_read_exception(reading, &case_of(reading)->exceptions);
}

#define APPLICATION REGISTRY_BIT(REGISTRY_APPLICATION)
#define BOTH (APPLICATION | REGISTRY_BIT(REGISTRY_INCIDENT))
static const struct registry_row rows[] = {
    {"title", BOTH, true, true, read_title, "\"TITLE\""},
    {"operator", BOTH, true, true, read_operator, "OPERATOR"},
    {"subject", BOTH, false, false, read_subject, "FOLDER/ID [PURPOSE[,PURPOSE]]"},
    {"step", APPLICATION, false, true, read_step, "received|reviewing|discussion|accepted|refused|withdrawn DAY \"TEXT\""},
    {"step", REGISTRY_BIT(REGISTRY_INCIDENT), false, true, read_step, "opened|report|update|closed DAY \"TEXT\""},
    {"document", BOTH, false, false, read_document, "form|cp|cps|licence|audit|aatl|other DAY URL-OR-FILE"},
    {"signed-document", APPLICATION, false, false, read_signed_document, "PURPOSE DAY FILE"},
    {"test-site", APPLICATION, false, false, read_test_site, "good|expired|revoked ID URL"},
    {"visit", APPLICATION, false, false, read_visit, "DAY passed|failed URL \"TEXT\""},
    {"exception", BOTH, false, false, read_exception, "FINDING from DAY until DAY \"REASON\""},
    {NULL, 0, false, false, NULL, NULL},
};

enum status registry_read_case(struct registry *r, const struct registry_head *head, struct error *err)
{
    struct registry_case c = {.head = *head, .title = "", .operator_id = ""};
    struct registry_reading reading = {.r = r, .head = head, .object = &c};
    struct array *out = head->kind == REGISTRY_APPLICATION ? &r->applications : &r->incidents;
    enum status s = registry_fields_read(&reading, (const struct registry_row *const[]){rows, NULL}, err);
    return s == STATUS_OK ? array_insert(out, out->count, &c, "applications or incidents", err) : s;
}
