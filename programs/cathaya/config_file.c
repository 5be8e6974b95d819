#include "config_file.h"

#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "input.h"

/* Sixty-four cosigners and as many algorithms with their comments are 32 KiB. */
#define CONFIG_SIZE_MAX ((size_t)1 << 20)

cfg_opt_t config_file_algorithm_options[] = {
    CFG_STR("oid", NULL, CFGF_NODEFAULT),
    CFG_STR("evp", NULL, CFGF_NODEFAULT),
    CFG_STR("provider", "", CFGF_NONE),
    CFG_END(),
};

/* libconfuse gives its complaints to a function without a context, and forgets the file's name in sections. */
static struct error *complaint;
static const char *complaint_path;

static void take_complaint(cfg_t *cfg, const char *format, va_list values)
    __attribute__((format(printf, 2, 0)));

static void take_complaint(cfg_t *cfg, const char *format, va_list values)
{
    char text[ERROR_TEXT_MAX];
    (void)vsnprintf(text, sizeof text, format, values);
    /* The first one is the cause. */
    if (complaint != NULL && complaint->status == STATUS_OK)
        (void)error_set(complaint, STATUS_USAGE, "%s:%d: %s", complaint_path, cfg->line, text);
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
    complaint_path = path;
    int result = cfg_parse_fp(cfg, file);
    complaint = NULL;
    (void)fclose(file);
    if (result == CFG_SUCCESS)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%s", first.status != STATUS_OK ? first.text : "bad configuration");
}

/* ---- lines ---- */

/* libconfuse forgets where a setting stood: it is kept in the place for annotations, which nothing else uses. */
static int remember_line(cfg_t *cfg, cfg_opt_t *opt)
{
    char line[16];
    (void)snprintf(line, sizeof line, "%d", cfg->line);
    if (cfg_opt_getcomment(opt) == NULL)
        (void)cfg_opt_setcomment(opt, line);
    return 0;
}

/* Sections that may come several times get copies of the options when they are read, others have theirs already. */
static void watch_options(cfg_opt_t *opts)
{
    for (cfg_opt_t *opt = opts; opt != NULL && opt->name != NULL; opt++) {
        if (opt->type == CFGT_SEC) {
            watch_options(opt->subopts);
            for (unsigned i = 0; i < opt->nvalues; i++)
                watch_options(opt->values[i]->section->opts);
        } else if (opt->type != CFGT_FUNC) {
            opt->validcb = remember_line;
        }
    }
}

static int line_of(const cfg_opt_t *opt)
{
    uint64_t line = 0;
    return opt->comment != NULL && text_parse_u64(bytes_of_text(opt->comment), INT_MAX, &line) ? (int)line : 0;
}

/* Of the first setting in it: the section itself knows only where it ended. */
static int line_of_section(const cfg_t *section)
{
    int first = 0;
    for (const cfg_opt_t *opt = section->opts; opt->name != NULL; opt++)
        if (opt->type != CFGT_SEC && line_of(opt) > 0 && (first == 0 || line_of(opt) < first))
            first = line_of(opt);
    return first > 0 ? first : section->line;
}

static const cfg_opt_t *find_option(const cfg_t *section, const char *name, size_t len)
{
    for (const cfg_opt_t *opt = section->opts; opt->name != NULL; opt++)
        if (strlen(opt->name) == len && memcmp(opt->name, name, len) == 0)
            return opt;
    return NULL;
}

static const cfg_t *find_section(const cfg_opt_t *opt, const char *title, size_t len)
{
    for (unsigned i = 0; i < opt->nvalues; i++) {
        const char *name = opt->values[i]->section->title;
        if (len == 0 || (name != NULL && strlen(name) == len && memcmp(name, title, len) == 0))
            return opt->values[i]->section;
    }
    return NULL;
}

/* `profile "gm-mtc": lifetime: 1 to 5` goes down as far as the names are known. */
static int find_line(const cfg_t *section, const char *text, int line)
{
    size_t len = strcspn(text, ": ");
    const cfg_opt_t *opt = find_option(section, text, len);
    if (opt == NULL || opt->type != CFGT_SEC)
        return opt != NULL && line_of(opt) > 0 ? line_of(opt) : line;
    const char *title = text + len;
    size_t title_len = 0;
    if (strncmp(title, " \"", 2) == 0) {
        title += 2;
        title_len = strcspn(title, "\"");
    }
    const cfg_t *inner = find_section(opt, title, title_len);
    const char *rest = title + title_len + (title_len > 0);
    if (inner == NULL)
        return line;
    return strncmp(rest, ": ", 2) == 0 ? find_line(inner, rest + 2, line_of_section(inner)) : line_of_section(inner);
}

enum status config_file_locate(const char *path, cfg_t *cfg, enum status status, struct error *err)
{
    if (status == STATUS_OK || err == NULL)
        return status;
    int line = cfg != NULL ? find_line(cfg, err->text, 0) : 0;
    /* A setting of a section without a title may be spoken of without the section. */
    for (const cfg_opt_t *opt = cfg != NULL ? cfg->opts : NULL; line == 0 && opt != NULL && opt->name != NULL; opt++)
        if (opt->type == CFGT_SEC && (opt->flags & CFGF_MULTI) == 0 && opt->nvalues > 0)
            line = find_line(opt->values[0]->section, err->text, 0);
    return line > 0 ? error_prefix(err, status, "%s:%d", path, line) : error_prefix(err, status, "%s", path);
}

/* ---- paths ---- */

static enum status check_length(const char *path, int len, size_t size, struct error *err)
{
    return len >= 0 && (size_t)len < size ? STATUS_OK : error_set(err, STATUS_USAGE, "%.80s...: path too long", path);
}

enum status config_file_base(const char *path, char *out, size_t size, struct error *err)
{
    enum status s = check_length(path, snprintf(out, size, "%s", path), size, err);
    if (s != STATUS_OK)
        return s;
    const char *base = dirname(out); /* in out, or a text of its own */
    memmove(out, base, strlen(base) + 1);
    return STATUS_OK;
}

enum status config_file_path(const char *base, const char *value, char *out, size_t size, struct error *err)
{
    bool is_relative = value[0] != '\0' && value[0] != '/';
    int len = snprintf(out, size, "%s%s%s", is_relative ? base : "", is_relative ? "/" : "", value);
    return check_length(value, len, size, err);
}

/* ---- comments ---- */

static size_t end_of_string(const uint8_t *text, size_t len, size_t at)
{
    uint8_t quote = text[at++];
    while (at < len && text[at] != quote)
        at += text[at] == '\\' ? 2 : 1;
    return at + 1;
}

static size_t end_of_comment(const uint8_t *text, size_t len, size_t at)
{
    if (text[at] == '#' || text[at + 1] == '/') {
        const uint8_t *line_end = memchr(text + at, '\n', len - at);
        return line_end != NULL ? (size_t)(line_end - text) : len;
    }
    for (at += 2; at + 1 < len; at++)
        if (text[at] == '*' && text[at + 1] == '/')
            return at + 2;
    return len;
}

static void blank(uint8_t *text, size_t begin, size_t end)
{
    for (size_t at = begin; at < end; at++)
        if (text[at] != '\n')
            text[at] = ' ';
}

/* libconfuse counts up to three lines for a comment, and all that it complains about would stand further down: comments
 * become blanks before it reads them. Only where a word cannot go on: `a#b` is its own to read. */
static void blank_comments(uint8_t *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        bool is_start = at == 0 || strchr(" \t\r\n{}(),=\"'", text[at - 1]) != NULL;
        bool has_slash = text[at] == '/' && at + 1 < len && (text[at + 1] == '/' || text[at + 1] == '*');
        size_t end = at + 1;
        if (text[at] == '"' || text[at] == '\'') {
            end = end_of_string(text, len, at);
        } else if (is_start && (text[at] == '#' || has_slash)) {
            end = end_of_comment(text, len, at);
            blank(text, at, end);
        }
        at = end;
    }
}

/* ---- reading ---- */

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
    if (s == STATUS_OK)
        blank_comments(text.data, text.len);
    if (text.len == 0)
        builder_u8(&text, '\n'); /* fmemopen wants a byte */
    if (s == STATUS_OK)
        s = builder_status(&text, path, err);
    if (s == STATUS_OK && (*out = cfg_init(options, CFGF_NONE)) == NULL)
        s = error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK) {
        (void)cfg_set_error_function(*out, take_complaint);
        watch_options((*out)->opts);
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
