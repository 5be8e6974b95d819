#include "judging/public_names.h"

#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#include "rules/special_address.h"

struct public_names {
    psl_ctx_t *list;
    const char *const *extra;
    size_t extra_count;
};

enum status public_names_new(const char *public_suffix_file, const char *const *extra, size_t extra_count,
                             struct public_names **out, struct error *err)
{
    *out = NULL;
    struct public_names *names = calloc(1, sizeof *names);
    if (names == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    names->extra = extra;
    names->extra_count = extra_count;
    names->list = public_suffix_file != NULL ? psl_load_file(public_suffix_file) : (psl_ctx_t *)(uintptr_t)psl_builtin();
    if (names->list == NULL) {
        public_names_free(names);
        return error_set(err, STATUS_USAGE, "%s: no public suffix list can be read; the package publicsuffix has one",
                         public_suffix_file != NULL ? public_suffix_file : "libpsl");
    }
    *out = names;
    return STATUS_OK;
}

void public_names_free(struct public_names *names)
{
    if (names == NULL)
        return;
    psl_free(names->list); /* leaves the built-in one alone */
    free(names);
}

/* [BR 3.2.2.6] means the section of registries, not the private one. */
static bool is_suffix(const struct public_names *names, const char *name)
{
    return psl_is_public_suffix2(names->list, name, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
}

static bool is_extra(const struct public_names *names, const char *label)
{
    for (size_t i = 0; i < names->extra_count; i++)
        if (strcmp(label, names->extra[i]) == 0)
            return true;
    return false;
}

bool public_names_is_suffix(void *context, const char *name)
{
    const struct public_names *names = context;
    return is_suffix(names, name) || is_extra(names, name);
}

bool public_names_is_internal(void *context, const char *name)
{
    const struct public_names *names = context;
    const char *dot = strrchr(name, '.');
    return dot == NULL || (!is_suffix(names, dot + 1) && !is_extra(names, dot + 1));
}

bool public_names_is_reserved(struct bytes address)
{
    const char *why;
    return special_address_is_reserved(address.data, address.len, &why);
}
