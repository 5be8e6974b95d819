#include "judging/policy_files.h"

#include "input.h"

static enum status read_text(const char *path, size_t size_max, struct bytes built_in, struct builder *memory, struct bytes *out,
                             struct error *err)
{
    *out = built_in;
    if (path == NULL)
        return STATUS_OK;
    enum status s = input_read(path, size_max, memory, err);
    *out = builder_view(memory);
    return s == STATUS_IO ? error_prefix(err, STATUS_USAGE, "policy") : s; /* a directory, say: a wrong argument */
}

enum status policy_files_read(const char *path, const char *ct_path, struct policy_set **out, struct error *err)
{
    struct builder memory, ct_memory;
    struct bytes text, ct_text;
    builder_init(&memory, POLICY_TEXT_MAX);
    builder_init(&ct_memory, CT_POLICY_TEXT_MAX);
    enum status s = read_text(path, POLICY_TEXT_MAX, policy_set_default_text(), &memory, &text, err);
    if (s == STATUS_OK)
        s = read_text(ct_path, CT_POLICY_TEXT_MAX, policy_set_default_ct_text(), &ct_memory, &ct_text, err);
    if (s == STATUS_OK) {
        s = policy_set_read(text, ct_text, POLICY_FROM_AUTHOR, out, err);
        s = error_prefix(err, s, "%s%s%s", path != NULL ? path : "(built in)", ct_path != NULL ? " with " : "", ct_path != NULL ? ct_path : "");
    }
    builder_clear(&ct_memory);
    builder_clear(&memory);
    return s;
}
