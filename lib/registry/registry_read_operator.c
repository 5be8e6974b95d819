/* registry.conf and operators/ID.conf, and the statements that they share with others. */
#include "registry/registry_parts.h"

#include <string.h>

/* A country of ISO 3166: two capital letters. */
static bool is_country(const char *text)
{
    return strlen(text) == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z';
}

/* ---- shared ---- */

bool registry_read_contact(struct registry_reading *reading, struct registry_run *run)
{
    struct registry_contact contact = {.name = "", .line = reading->statement.line};
    if (!registry_fields_text(reading, TRUST_BUNDLE_TEXT_MAX, &contact.email))
        return false;
    if (strchr(contact.email, '@') == NULL || strchr(contact.email, ' ') != NULL)
        return registry_fields_wrong(reading, "\"%.60s\" is no mail address", contact.email);
    if (!registry_fields_is_over(reading) && !registry_fields_text(reading, TRUST_BUNDLE_TEXT_MAX, &contact.name))
        return false;
    return registry_fields_keep(reading, &reading->r->contacts, run, &contact);
}

bool registry_read_control(struct registry_reading *reading, struct registry_run *run)
{
    struct registry_control control = {.noticed_s = INT64_MAX, .line = reading->statement.line};
    if (!registry_fields_is(reading, "noticed"))
        return false;
    if (!registry_fields_is(reading, "never") && !registry_fields_day(reading, &control.noticed_s))
        return false;
    if (!registry_fields_is(reading, "effective") || !registry_fields_day(reading, &control.effective_s) ||
        !registry_fields_text(reading, REGISTRY_TEXT_MAX, &control.text))
        return false;
    return registry_fields_keep(reading, &reading->r->controls, run, &control);
}

bool registry_read_exception(struct registry_reading *reading, struct registry_run *run)
{
    struct registry_exception exception = {.line = reading->statement.line};
    return registry_fields_id(reading, &exception.finding) &&
           registry_fields_period(reading, &exception.from_s, &exception.until_s) &&
           registry_fields_text(reading, REGISTRY_TEXT_MAX, &exception.reason) &&
           registry_fields_keep(reading, &reading->r->exceptions, run, &exception);
}

bool registry_read_inclusion(struct registry_reading *reading, struct registry_run *run)
{
    static const char *const names[] = {"microsoft", "mozilla", "google", "apple", "aatl", NULL};
    struct registry_inclusion inclusion = {.until_s = INT64_MAX, .line = reading->statement.line};
    size_t program;
    if (!registry_fields_choice(reading, names, &program) || !registry_fields_is(reading, "from") ||
        !registry_fields_day(reading, &inclusion.from_s))
        return false;
    if (registry_fields_is(reading, "until") && !registry_fields_through(reading, &inclusion.until_s))
        return false;
    inclusion.program = (enum registry_program_kind)program;
    return registry_fields_url(reading, &inclusion.url) &&
           registry_fields_keep(reading, &reading->r->inclusions, run, &inclusion);
}

/* ---- the program ---- */

/* The numbers where a registry says none. */
#define SETTING_DAYS_MAX 3660
#define SETTING_UPTIME_MAX 10000 /* hundredths of a percent */
#define SETTING_HOURS_MAX (24 * SETTING_DAYS_MAX)

static const struct {
    const char *name;
    size_t offset;
    unsigned value, max;
} settings[] = {
    /* "at least once a year" (seed 002 section 1.1), and a leap day */
    {"audit-period-days", offsetof(struct registry_program, audit_period_days), 366, SETTING_DAYS_MAX},
    /* three months from a period's end to its statement [CABF BR 8.6], the longest three */
    {"audit-report-days", offsetof(struct registry_program, audit_report_days), 92, SETTING_DAYS_MAX},
    /* a quarter, in which a new licence or audit can be asked for */
    {"warn-days", offsetof(struct registry_program, warn_days), 90, SETTING_DAYS_MAX},
    /* as the large programs ask: two weeks */
    {"report-days", offsetof(struct registry_program, report_days), 14, SETTING_DAYS_MAX},
    /* yearly, with the audit */
    {"disclosure-days", offsetof(struct registry_program, disclosure_days), 366, SETTING_DAYS_MAX},
    /* nine of ten of the monitor's 90 days: who looked at fewer cannot say how it was */
    {"log-observed-days", offsetof(struct registry_program, log_observed_days), 81, SETTING_DAYS_MAX},
    /* 99 % for each endpoint [Chrome CT Log Policy] */
    {"log-uptime", offsetof(struct registry_program, log_uptime), 9900, SETTING_UPTIME_MAX},
    /* after two weeks away a log is removed [Chrome CT Log Policy] */
    {"log-outage-hours", offsetof(struct registry_program, log_outage_hours), 336, SETTING_HOURS_MAX},
    /* an admission is decided in the week of its report */
    {"log-report-days", offsetof(struct registry_program, log_report_days), 7, SETTING_DAYS_MAX},
};
#define SETTINGS (sizeof settings / sizeof settings[0])

static bool read_format(struct registry_reading *reading)
{
    return registry_fields_is(reading, "1") || registry_fields_wrong(reading, "this program reads format 1");
}

static bool read_program_name(struct registry_reading *reading)
{
    struct registry_program *p = reading->object;
    const char **out = registry_fields_is(reading, "zh") ? &p->name_zh : registry_fields_is(reading, "en") ? &p->name_en : NULL;
    return out != NULL && ((*out)[0] == '\0' || registry_fields_wrong(reading, "it is there twice")) &&
           registry_fields_text(reading, TRUST_BUNDLE_TEXT_MAX, out);
}

static bool read_program_website(struct registry_reading *reading)
{
    return registry_fields_url(reading, &((struct registry_program *)reading->object)->website);
}

static bool read_program_contact(struct registry_reading *reading)
{
    return registry_read_contact(reading, &((struct registry_program *)reading->object)->contacts);
}

static bool read_setting(struct registry_reading *reading)
{
    uint64_t value;
    for (size_t i = 0; i < SETTINGS; i++) {
        if (!registry_fields_is(reading, settings[i].name))
            continue;
        if (!registry_fields_number(reading, settings[i].max, &value))
            return false;
        *(unsigned *)((char *)reading->object + settings[i].offset) = (unsigned)value;
        return true;
    }
    return false;
}

#define PROGRAM REGISTRY_BIT(REGISTRY_PROGRAM)
static const struct registry_row program_rows[] = {
    {"registry-format", PROGRAM, true, true, read_format, "1"},
    {"name", PROGRAM, false, true, read_program_name, "en|zh \"NAME\""},
    {"website", PROGRAM, true, false, read_program_website, "URL"},
    {"contact", PROGRAM, false, true, read_program_contact, "EMAIL [\"NAME\"]"},
    {"setting", PROGRAM, false, false, read_setting,
     "audit-period-days|audit-report-days|warn-days|report-days|disclosure-days DAYS, log-observed-days|log-report-days DAYS, log-uptime 9900, log-outage-hours HOURS"},
    {NULL, 0, false, false, NULL, NULL},
};

enum status registry_read_program(struct registry *r, const struct registry_head *head, struct error *err)
{
    r->program = (struct registry_program){.head = *head, .name_en = "", .name_zh = "", .website = ""};
    for (size_t i = 0; i < SETTINGS; i++)
        *(unsigned *)((char *)&r->program + settings[i].offset) = settings[i].value;
    struct registry_reading reading = {.r = r, .head = head, .object = &r->program};
    enum status s = registry_fields_read(&reading, (const struct registry_row *const[]){program_rows, NULL}, err);
    if (s == STATUS_OK && r->program.name_en[0] == '\0')
        s = error_set(err, STATUS_USAGE, "%s: no statement: name en \"NAME\"", head->file);
    return s;
}

/* ---- operators ---- */

static bool read_name(struct registry_reading *reading)
{
    struct registry_operator *o = reading->object;
    const char **out = registry_fields_is(reading, "zh") ? &o->name_zh : registry_fields_is(reading, "en") ? &o->name_en : NULL;
    return out != NULL && ((*out)[0] == '\0' || registry_fields_wrong(reading, "it is there twice")) &&
           registry_fields_text(reading, TRUST_BUNDLE_TEXT_MAX, out);
}

static bool read_country(struct registry_reading *reading)
{
    const char **out = &((struct registry_operator *)reading->object)->country;
    return registry_fields_word(reading, out) && is_country(*out);
}

static bool read_website(struct registry_reading *reading)
{
    return registry_fields_url(reading, &((struct registry_operator *)reading->object)->website);
}

static bool read_contact(struct registry_reading *reading)
{
    return registry_read_contact(reading, &((struct registry_operator *)reading->object)->contacts);
}

static bool read_licence(struct registry_reading *reading)
{
    static const char *const names[] = {"miit", "sca", NULL};
    struct registry_operator *o = reading->object;
    struct registry_licence licence = {.line = reading->statement.line};
    size_t kind;
    if (!registry_fields_choice(reading, names, &kind) ||
        !registry_fields_text(reading, TRUST_BUNDLE_TEXT_MAX, &licence.number) ||
        !registry_fields_period(reading, &licence.from_s, &licence.until_s))
        return false;
    licence.kind = (enum registry_licence_kind)kind;
    return registry_fields_keep(reading, &reading->r->licences, &o->licences, &licence);
}

static bool read_inclusion(struct registry_reading *reading)
{
    return registry_read_inclusion(reading, &((struct registry_operator *)reading->object)->inclusions);
}

static bool read_control(struct registry_reading *reading)
{
    return registry_read_control(reading, &((struct registry_operator *)reading->object)->controls);
}

static bool read_exception(struct registry_reading *reading)
{
    return registry_read_exception(reading, &((struct registry_operator *)reading->object)->exceptions);
}

#define OPERATOR REGISTRY_BIT(REGISTRY_OPERATOR)
static const struct registry_row operator_rows[] = {
    {"name", OPERATOR, false, true, read_name, "en|zh \"NAME\""},
    {"country", OPERATOR, true, false, read_country, "CN (two capital letters)"},
    {"website", OPERATOR, true, false, read_website, "URL"},
    {"contact", OPERATOR, false, false, read_contact, "EMAIL [\"NAME\"]"},
    {"licence", OPERATOR, false, false, read_licence, "miit|sca \"NUMBER\" from DAY until DAY"},
    {"included", OPERATOR, false, false, read_inclusion, "microsoft|mozilla|google|apple|aatl from DAY [until DAY] URL"},
    {"control", OPERATOR, false, false, read_control, "noticed DAY|never effective DAY \"WHAT\""},
    {"exception", OPERATOR, false, false, read_exception, "FINDING from DAY until DAY \"REASON\""},
    {NULL, 0, false, false, NULL, NULL},
};

enum status registry_read_operator(struct registry *r, const struct registry_head *head, struct error *err)
{
    struct registry_operator o = {.head = *head, .name_en = "", .name_zh = "", .country = "", .website = ""};
    struct registry_reading reading = {.r = r, .head = head, .object = &o};
    enum status s = registry_fields_read(&reading, (const struct registry_row *const[]){operator_rows, NULL}, err);
    if (s == STATUS_OK && o.name_en[0] == '\0')
        s = error_set(err, STATUS_USAGE, "%s: no statement: name en \"NAME\"", head->file);
    return s == STATUS_OK ? array_insert(&r->operators, r->operators.count, &o, "operators", err) : s;
}
