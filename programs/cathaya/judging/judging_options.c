#include "judging/judging_options.h"

#include <string.h>

enum status judging_check_read(const struct options *options, enum judging_check *out, struct error *err)
{
    static const char *const names[] = {[JUDGING_REFUSE] = "refuse", [JUDGING_WARN] = "warn", [JUDGING_OFF] = "off"};
    const char *text = options_value(options, "policy-check");
    *out = JUDGING_REFUSE;
    if (text == NULL)
        return STATUS_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], text) == 0) {
            *out = (enum judging_check)i;
            return STATUS_OK;
        }
    return error_set(err, STATUS_USAGE, "--policy-check %.20s: refuse, warn or off", text);
}

enum status judging_labels_read(const struct options *options, const char *labels[JUDGING_LABELS_MAX], size_t *count, struct error *err)
{
    size_t at = 0;
    const char *label;
    *count = 0;
    while ((label = options_next(options, "public-label", &at)) != NULL) {
        if (*count == JUDGING_LABELS_MAX)
            return error_set(err, STATUS_USAGE, "--public-label: more than %d of them", JUDGING_LABELS_MAX);
        labels[(*count)++] = label;
    }
    return STATUS_OK;
}
