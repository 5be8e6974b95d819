/* The statements that only CT logs have. */
#include "base/text.h"
#include "registry/registry_parts.h"

static struct registry_thing *thing_of(struct registry_reading *reading)
{
    return reading->object;
}

static bool read_suite(struct registry_reading *reading)
{
    const char *word;
    struct registry_thing *thing = thing_of(reading);
    if (!registry_fields_word(reading, &word))
        return false;
    thing->suite = ct_suite_by_name(bytes_of_text(word));
    return thing->suite != NULL;
}

static bool read_interface(struct registry_reading *reading)
{
    thing_of(reading)->is_tiled = registry_fields_is(reading, "static");
    return thing_of(reading)->is_tiled || registry_fields_is(reading, "rfc6962");
}

static bool read_test(struct registry_reading *reading)
{
    thing_of(reading)->is_test = true;
    return true;
}

static bool read_submission_url(struct registry_reading *reading)
{
    return registry_fields_url(reading, &thing_of(reading)->submission_url);
}

static bool read_monitoring_url(struct registry_reading *reading)
{
    return registry_fields_url(reading, &thing_of(reading)->monitoring_url);
}

static bool read_mmd(struct registry_reading *reading)
{
    uint64_t seconds;
    /* A day is what all logs have; a month is no promise. */
    if (!registry_fields_number(reading, UINT64_C(31) * 86400, &seconds))
        return false;
    thing_of(reading)->mmd_s = (int64_t)seconds;
    return true;
}

static bool read_interval(struct registry_reading *reading)
{
    struct registry_thing *thing = thing_of(reading);
    thing->has_interval = true;
    return registry_fields_is(reading, "from") && registry_fields_day(reading, &thing->interval_start_s) &&
           registry_fields_is(reading, "before") && registry_fields_day(reading, &thing->interval_end_s) &&
           thing->interval_start_s < thing->interval_end_s;
}

static bool read_final_tree_head(struct registry_reading *reading)
{
    struct registry_thing *thing = thing_of(reading);
    const char *root;
    thing->has_final_tree_head = true;
    return registry_fields_number(reading, TRUST_BUNDLE_U48_MAX, &thing->final_size) && registry_fields_word(reading, &root) &&
           text_parse_hex(bytes_of_text(root), thing->final_root, HASH_SIZE);
}

static bool read_previous_operator(struct registry_reading *reading)
{
    struct registry_thing *thing = thing_of(reading);
    struct registry_previous previous = {.line = reading->statement.line};
    if (!registry_fields_id(reading, &previous.operator_id) || !registry_fields_is(reading, "before") ||
        !registry_fields_day(reading, &previous.until_s))
        return false;
    if (thing->previous.count == LOG_LIST_PREVIOUS_MAX)
        return registry_fields_wrong(reading, "more than %d of them", LOG_LIST_PREVIOUS_MAX);
    if (thing->previous.count > 0 &&
        REGISTRY_PART(reading->r, previous, previous, thing->previous, thing->previous.count - 1)->until_s >= previous.until_s)
        return registry_fields_wrong(reading, "they stand in order of time");
    return registry_fields_keep(reading, &reading->r->previous, &thing->previous, &previous);
}

#define CT_LOG REGISTRY_BIT(REGISTRY_CT_LOG)
const struct registry_row registry_thing_ct_log_rows[] = {
    {"suite", CT_LOG, true, true, read_suite, "gm|intl"},
    {"interface", CT_LOG, true, true, read_interface, "rfc6962|static"},
    {"test", CT_LOG, true, false, read_test, ""},
    {"submission-url", CT_LOG, true, true, read_submission_url, "URL"},
    {"monitoring-url", CT_LOG, true, false, read_monitoring_url, "URL"},
    {"mmd", CT_LOG, true, true, read_mmd, "SECONDS"},
    {"interval", CT_LOG, true, false, read_interval, "from TIME before TIME"},
    {"final-tree-head", CT_LOG, true, false, read_final_tree_head, "SIZE ROOT (hex)"},
    {"previous-operator", CT_LOG, false, false, read_previous_operator, "OPERATOR before TIME"},
    {NULL, 0, false, false, NULL, NULL},
};
