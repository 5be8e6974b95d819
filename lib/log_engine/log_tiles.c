/* The public objects of the tree, and how much of them is not durable yet. */
#include "log_engine/log_internal.h"
#include "tiled_tree/tree_write.h"

enum status log_put_tree(struct log_engine *log, uint64_t old_size, bool is_recovery,
                         struct error *err)
{
    struct tree_write w = {.store = &log->config.public_store,
                           .format = log->config.leaf_format,
                           .scratch = &log->scratch,
                           .is_replacing = is_recovery};
    enum status status = tree_write_growth(&w, &log->growth, log->edge, old_size, err);
    log->unsettled_bytes += w.put_bytes;
    return status;
}

enum status log_drop_partials(struct log_engine *log, uint64_t old_size, uint64_t kept_size,
                              struct error *err)
{
    return tree_write_drop_partials(&log->config.public_store, log->config.leaf_format, old_size,
                                    log_size(log), kept_size, err);
}
