#include "ca_run/run_lint.h"

#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#include "rules/special_address.h"

struct run_lint {
    psl_ctx_t *list;
    const char *const *extra;
    size_t extra_count;
};

enum status run_lint_new(const char *public_suffix_file, const char *const *extra, size_t extra_count,
                         struct run_lint **out, struct error *err)
{
    struct run_lint *lint = calloc(1, sizeof *lint);
    if (lint == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    lint->extra = extra;
    lint->extra_count = extra_count;
    lint->list = public_suffix_file != NULL ? psl_load_file(public_suffix_file) : (psl_ctx_t *)(uintptr_t)psl_builtin();
    if (lint->list == NULL) {
        run_lint_free(lint);
        return error_set(err, STATUS_USAGE, "%s: no public suffix list can be read; the package publicsuffix has one",
                         public_suffix_file != NULL ? public_suffix_file : "libpsl");
    }
    *out = lint;
    return STATUS_OK;
}

void run_lint_free(struct run_lint *lint)
{
    if (lint == NULL)
        return;
    psl_free(lint->list); /* leaves the built-in one alone */
    free(lint);
}

/* [BR 3.2.2.6] means the section of registries, not the private one. */
static bool is_suffix(const struct run_lint *lint, const char *name)
{
    return psl_is_public_suffix2(lint->list, name, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
}

static bool is_extra(const struct run_lint *lint, const char *label)
{
    for (size_t i = 0; i < lint->extra_count; i++)
        if (strcmp(label, lint->extra[i]) == 0)
            return true;
    return false;
}

static bool is_public_suffix(void *context, const char *name)
{
    const struct run_lint *lint = context;
    return is_suffix(lint, name) || is_extra(lint, name);
}

static bool is_internal_name(void *context, const char *name)
{
    const struct run_lint *lint = context;
    const char *dot = strrchr(name, '.');
    return dot == NULL || (!is_suffix(lint, dot + 1) && !is_extra(lint, dot + 1));
}

static bool is_reserved_address(struct bytes address)
{
    const char *why;
    return special_address_is_reserved(address.data, address.len, &why);
}

void run_lint_fill(const struct run_lint *lint, struct lint_subject *out)
{
    if (lint == NULL)
        return;
    out->is_public_suffix = is_public_suffix;
    out->is_internal_name = is_internal_name;
    out->is_reserved_address = is_reserved_address;
    out->context = (void *)(uintptr_t)lint;
}
