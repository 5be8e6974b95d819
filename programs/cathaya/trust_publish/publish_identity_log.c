#include "trust_publish/publish_identity_log.h"

#include "identity/identity_file.h"
#include "page/page_published.h"

static enum status check_section(struct bytes data, struct identity_log *log, struct error *err)
{
    struct website_identity_section section;
    struct error unread;
    enum status s = STATUS_OK;
    website_identity_section_init(&section);
    bool is_read = website_identity_section_parse(data, &section, &unread) == STATUS_OK;
    if (is_read && log != NULL)
        s = identity_log_check_section(log, &section, err);
    else if (is_read && section.log_size > 0)
        s = error_set(err, STATUS_REFUSED, "it is not there");
    website_identity_section_clear(&section);
    return s;
}

enum status publish_identity_log_check(const char *published, struct identity_log *log, struct error *err)
{
    struct page_published folder = {.newest = {.version = 0}};
    struct error unread;
    enum status s = STATUS_OK;
    if (page_published_read(published, &folder, &unread) == STATUS_OK && folder.newest.identities.len > 0)
        s = error_prefix(err, check_section(folder.newest.identities, log, err),
                         IDENTITY_FILE_LOG " of the registry does not have what version %llu has: bring it back",
                         (unsigned long long)folder.newest.version);
    page_published_clear(&folder);
    return s;
}
