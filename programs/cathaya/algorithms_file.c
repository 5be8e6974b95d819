#include "algorithms_file.h"

#include "config_file.h"

enum status algorithms_file_read(const char *path, algorithms_file_add *add, void *context,
                                 struct error *err)
{
    cfg_opt_t options[] = {CONFIG_FILE_ALGORITHMS, CFG_END()};
    cfg_t *cfg;
    if (path == NULL)
        return STATUS_OK;
    enum status s = config_file_parse(path, options, &cfg, err);
    if (s == STATUS_OK)
        s = config_file_add_algorithms(path, cfg, add, context, err);
    if (cfg != NULL)
        (void)cfg_free(cfg);
    return s;
}

enum status algorithms_file_add_to_table(void *context, const char *name, const char *oid,
                                         const char *evp_name, const char *provider,
                                         struct error *err)
{
    struct algorithms *algorithms = context;
    return algorithms_add(algorithms, name, oid, evp_name, provider, err);
}

enum status algorithms_file_open(const char *path, struct algorithms **out, struct error *err)
{
    enum status s = algorithms_new(out, err);
    return s == STATUS_OK ? algorithms_file_read(path, algorithms_file_add_to_table, *out, err) : s;
}
