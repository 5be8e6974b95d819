#include "judging/judging_basis.h"

#include <stdlib.h>

#include "algorithms_file.h"
#include "judging/policy_files.h"
#include "log_list_file.h"

enum status judging_basis_new(const char *algorithms_file, struct judging_basis **out, struct error *err)
{
    *out = NULL;
    struct judging_basis *basis = calloc(1, sizeof *basis);
    if (basis == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = algorithms_file_open(algorithms_file, &basis->algorithms, err);
    if (s == STATUS_OK)
        s = trust_store_new(basis->algorithms, &basis->store, err);
    if (s == STATUS_OK)
        s = peer_trust_new(basis->store, &basis->peer, err);
    if (s == STATUS_OK)
        *out = basis;
    else
        judging_basis_free(basis);
    return s;
}

void judging_basis_free(struct judging_basis *basis)
{
    if (basis == NULL)
        return;
    policy_set_free(basis->set);
    public_names_free(basis->public_names);
    peer_trust_free(basis->peer);
    trust_store_free(basis->store);
    trust_directory_free(basis->directory);
    algorithms_free(basis->algorithms);
    free(basis);
}

enum status judging_basis_take_directory(struct judging_basis *basis, const char *path, int64_t at_s, uint16_t purpose,
                                         struct error *err)
{
    const struct trust_contents_settings settings = {.now_s = at_s, .purpose = purpose};
    enum status s = trust_directory_load(path, basis->algorithms, &settings, &basis->directory, err);
    if (s != STATUS_OK)
        return s;
    const struct trust_contents *contents = trust_directory_contents(basis->directory);
    peer_trust_set_store(basis->peer, contents->store);
    basis->has_trust = true;
    return peer_trust_add_contents(basis->peer, contents, err);
}

enum status judging_basis_take_log_list(struct judging_basis *basis, const char *path, struct error *err)
{
    struct log_list list;
    enum status s = log_list_file_read(path, &list, err);
    if (s != STATUS_OK)
        return s;
    s = peer_trust_set_logs(basis->peer, &list, basis->algorithms, err);
    log_list_clear(&list);
    return s;
}

/* ---- the policy ---- */

enum status judging_basis_take_policy(struct judging_basis *basis, const char *path, const char *ct_path, struct error *err)
{
    if (path != NULL)
        return policy_files_read(path, ct_path, &basis->set, err);
    const struct trust_bundle *bundle = basis->directory != NULL ? trust_directory_bundle(basis->directory) : NULL;
    if (bundle != NULL && bundle->policy.policy.len > 0) {
        enum status s = policy_set_read(bundle->policy.policy, bundle->policy.ct_policies, POLICY_FROM_BUNDLE, &basis->set, err);
        return error_prefix(err, s, "the policy of the trust bundle");
    }
    basis->is_built_in = true;
    return policy_set_default(&basis->set, err);
}

/* ---- names ---- */

enum status judging_basis_take_names(struct judging_basis *basis, const char *const *labels, size_t count, struct error *err)
{
    enum status s = public_names_new(NULL, labels, count, &basis->public_names, err);
    basis->names = (struct policy_names){.is_public_suffix = public_names_is_suffix, .is_internal_name = public_names_is_internal,
                                         .context = basis->public_names};
    return s;
}

enum status judging_basis_take_options(struct judging_basis *basis, const struct options *options, struct error *err)
{
    size_t count;
    enum status s = judging_labels_read(options, basis->labels, &count, err);
    return s == STATUS_OK ? judging_basis_take_names(basis, basis->labels, count, err) : s;
}
