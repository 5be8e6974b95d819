/* cathaya trust page - the public pages of a root program. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "algorithms_file.h"
#include "command.h"
#include "input.h"
#include "output.h"
#include "page/page_published.h"
#include "registry/registry_directory.h"

#define PATH_SIZE 4096

static enum status write_page(const struct registry_page_input *input, const char *dir, size_t i, struct error *err)
{
    char path[PATH_SIZE];
    struct builder page;
    if (snprintf(path, sizeof path, "%s/%s", dir, registry_page_name(i)) >= (int)sizeof path)
        return error_set(err, STATUS_USAGE, "--out: too long a path");
    builder_init(&page, REGISTRY_PAGE_SIZE_MAX);
    enum status s = registry_page_write(input, i, &page, err);
    if (s == STATUS_OK)
        s = input_write_file(path, builder_view(&page), 0644, err);
    builder_clear(&page);
    return s;
}

static enum status write_pages(const struct registry_page_input *input, const char *dir, struct error *err)
{
    if (mkdir(dir, 0755) != 0 && errno != EEXIST)
        return error_set(err, STATUS_IO, "%s: %s", dir, strerror(errno));
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < REGISTRY_PAGES; i++)
        s = write_page(input, dir, i, err);
    return s;
}

/* The policy of the registry is shown as far as this program can read it: another one's texts are the file itself. */
static enum status read_policy(const struct registry *registry, struct policy_set **out, struct error *err)
{
    *out = NULL;
    if (registry->policy_text.len == 0)
        return STATUS_OK;
    enum status s = policy_set_read(registry->policy_text, registry->ct_policy_text, POLICY_FROM_AUTHOR, out, err);
    return error_prefix(err, s, "policies");
}

static int run(const struct options *options)
{
    struct algorithms *algorithms = NULL;
    struct registry_directory *directory = NULL;
    struct policy_set *policy = NULL;
    struct page_published published = {.newest = {.version = 0}};
    struct registry_page_input input = {.at_s = (int64_t)time(NULL)};
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    enum status s = options_time(options, "at", &input.at_s, &err);
    if (s == STATUS_OK)
        s = algorithms_file_open(options_value(options, "algorithms"), &algorithms, &err);
    if (s == STATUS_OK)
        s = registry_directory_open(options_value(options, "registry"), algorithms, false, &directory, &err);
    if (s == STATUS_OK)
        s = read_policy(registry_directory_registry(directory), &policy, &err);
    if (s == STATUS_OK && options_has(options, "published"))
        s = page_published_read(options_value(options, "published"), &published, &err);
    if (s != STATUS_OK) {
        exit_status = output_failure(ROLE_NEEDED, &err);
    } else {
        input.registry = registry_directory_registry(directory);
        input.policy = policy;
        input.bundle = published.newest.version > 0 ? &published.newest : NULL;
        input.versions = (const struct registry_page_version *)published.versions.items;
        input.version_count = published.versions.count;
        if (write_pages(&input, options_value(options, "out"), &err) != STATUS_OK)
            exit_status = output_failure(ROLE_STATE, &err);
    }
    page_published_clear(&published);
    policy_set_free(policy);
    registry_directory_close(directory);
    algorithms_free(algorithms);
    return exit_status;
}

static const struct option_row rows[] = {
    {.name = "registry", .metavar = "DIR", .is_required = true, .help = "the registry of the root program"},
    {.name = "out", .metavar = "DIR", .is_required = true, .help = "where the pages go; it is made"},
    {.name = "published", .metavar = "DIR", .help = "the distributor's folder, for versions of the bundle and landmarks"},
    {.name = "at", .metavar = "TIME", .help = "as of this time, RFC 3339 or seconds; now"},
    {.name = NULL},
};

const struct command command_trust_page = {
    .name = "trust page",
    .arguments = "",
    .summary = "write the public pages of a root program",
    .details = "Static HTML in Chinese and English, without scripts: roots, intermediates, CT logs, Merkle Tree CAs, identity signers,\n"
               "the policy, operators, applications, incidents, versions of the bundle.\n",
    .options = rows,
    .run = run,
};
