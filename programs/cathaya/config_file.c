#include "config_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"

/* Sixty-four cosigners and as many algorithms with their comments are 32 KiB. */
#define CONFIG_SIZE_MAX ((size_t)1 << 20)

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

static enum status parse_text(const char *path, const struct builder *text, cfg_t *cfg, struct error *err)
{
    struct error first = {.status = STATUS_OK};
    cfg->filename = strdup(path); /* for the complaints; cfg_free frees it */
    FILE *file = fmemopen(text->data, text->len, "r");
    if (cfg->filename == NULL || file == NULL) {
        if (file != NULL)
            (void)fclose(file);
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    complaint = &first;
    int result = cfg_parse_fp(cfg, file);
    complaint = NULL;
    (void)fclose(file);
    if (result == CFG_SUCCESS)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%s", first.status != STATUS_OK ? first.text : "bad configuration");
}

/* The file is read here: libconfuse would end the program when it cannot (a directory), never end
 * when there is no end (a device), and put the home directory for a ~. */
enum status config_file_parse(const char *path, cfg_opt_t *options, cfg_t **out, struct error *err)
{
    struct builder text;
    builder_init(&text, CONFIG_SIZE_MAX + 1);
    *out = NULL;
    enum status s = input_read(path, CONFIG_SIZE_MAX, &text, err);
    if (s == STATUS_OK && text.len > 0 && memchr(text.data, '\0', text.len) != NULL)
        s = error_set(err, STATUS_USAGE, "%s: a NUL character: this is no configuration", path);
    if (text.len == 0)
        builder_u8(&text, '\n'); /* fmemopen wants a byte */
    if (s == STATUS_OK)
        s = builder_status(&text, path, err);
    if (s == STATUS_OK && (*out = cfg_init(options, CFGF_NONE)) == NULL)
        s = error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK) {
        (void)cfg_set_error_function(*out, take_complaint);
        s = parse_text(path, &text, *out, err);
    }
    builder_clear(&text);
    return s;
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
