/* The kinds of certificates, by name. */
#include <string.h>

#include "service/site_certificates/site_certificates.h"

static const char *const names[SITE_KINDS] = {"gm-mtc", "gm-classic", "intl-mtc", "intl-classic"};

const char *site_kind_name(enum site_kind kind)
{
    return names[kind];
}

bool site_kind_parse(const char *name, enum site_kind *out)
{
    for (unsigned i = 0; i < SITE_KINDS; i++) {
        if (strcmp(names[i], name) != 0)
            continue;
        *out = (enum site_kind)i;
        return true;
    }
    return false;
}
