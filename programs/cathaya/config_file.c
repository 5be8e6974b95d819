#include "config_file.h"

#include <stdarg.h>
#include <stdio.h>

cfg_opt_t config_file_algorithm_options[] = {
    CFG_STR("oid", NULL, CFGF_NODEFAULT),
    CFG_STR("evp", NULL, CFGF_NODEFAULT),
    CFG_STR("provider", "", CFGF_NONE),
    CFG_END(),
};

/* libconfuse gives its complaints to a function without a context. */
static struct error *complaint;

static void take_complaint(cfg_t *cfg, const char *format, va_list values)
    __attribute__((format(printf, 2, 0)));

static void take_complaint(cfg_t *cfg, const char *format, va_list values)
{
    char text[ERROR_TEXT_MAX];
    (void)vsnprintf(text, sizeof text, format, values);
    /* The first one is the cause. */
    if (complaint != NULL && complaint->status == STATUS_OK)
        (void)error_set(complaint, STATUS_USAGE, "%s:%d: %s", cfg->filename, cfg->line, text);
}

enum status config_file_parse(const char *path, cfg_opt_t *options, cfg_t **out, struct error *err)
{
    struct error first = {.status = STATUS_OK};
    *out = cfg_init(options, CFGF_NONE);
    if (*out == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    (void)cfg_set_error_function(*out, take_complaint);
    complaint = &first;
    int result = cfg_parse(*out, path);
    complaint = NULL;
    if (result == CFG_FILE_ERROR)
        return error_set(err, STATUS_USAGE, "%s: cannot read the file", path);
    if (result == CFG_SUCCESS)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%s", first.status != STATUS_OK ? first.text : "bad configuration");
}

static enum status add_block(const char *path, cfg_t *block, algorithms_file_add *add,
                             void *context, struct error *err)
{
    const char *oid = cfg_getstr(block, "oid"), *evp = cfg_getstr(block, "evp");
    const char *provider = cfg_getstr(block, "provider");
    if (oid == NULL || evp == NULL)
        return error_set(err, STATUS_USAGE, "%s:%d: algorithm \"%s\" lacks %s", path, block->line,
                         cfg_title(block), oid == NULL ? "oid" : "evp");
    enum status s = add(context, cfg_title(block), oid, evp, provider, err);
    return s == STATUS_OK ? s : error_prefix(err, STATUS_USAGE, "%s:%d", path, block->line);
}

enum status config_file_add_algorithms(const char *path, cfg_t *cfg, algorithms_file_add *add,
                                       void *context, struct error *err)
{
    enum status s = STATUS_OK;
    for (unsigned i = 0; s == STATUS_OK && i < cfg_size(cfg, "algorithm"); i++)
        s = add_block(path, cfg_getnsec(cfg, "algorithm", i), add, context, err);
    return s;
}
