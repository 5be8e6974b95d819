#include "registry_page/page_parts.h"

struct words {
    const char *zh, *en;
};

void page_words_purpose(struct builder *b, uint16_t purpose)
{
    static const struct words names[] = {
        [TRUST_BUNDLE_TLS] = {"公网网站", "TLS"},           [TRUST_BUNDLE_TLS_INTRANET] = {"内网网站", "intranet TLS"},
        [TRUST_BUNDLE_TLS_CLIENT] = {"客户端", "TLS client"}, [TRUST_BUNDLE_EMAIL] = {"电子邮件", "e-mail"},
        [TRUST_BUNDLE_CODE] = {"代码签名", "code signing"},   [TRUST_BUNDLE_TIMESTAMP] = {"时间戳", "time stamping"},
        [TRUST_BUNDLE_DOCUMENT] = {"文档签名", "document signing"}, [TRUST_BUNDLE_E_INVOICE] = {"电子发票", "e-invoice"},
    };
    if (purpose != REGISTRY_ITSELF && purpose < sizeof names / sizeof names[0] && names[purpose].zh != NULL)
        page_html_both(b, names[purpose].zh, names[purpose].en);
}

static void write_state(struct builder *b, const char *word, struct words names)
{
    builder_printf(b, "<span class=\"state %s\">", word);
    page_html_both(b, names.zh, names.en);
    page_html_raw(b, "</span>");
}

void page_words_state(struct builder *b, enum registry_state_kind state)
{
    static const struct words names[] = {
        [REGISTRY_NO_STATE] = {"无", "none"},           [REGISTRY_APPLIED] = {"申请中", "applied"},
        [REGISTRY_ACCEPTED] = {"已接受", "accepted"},   [REGISTRY_RESTRICTED] = {"受限制", "restricted"},
        [REGISTRY_REFUSED] = {"已拒绝", "refused"},     [REGISTRY_REMOVED] = {"已移除", "removed"},
    };
    write_state(b, registry_state_name(state), names[state]);
}

void page_words_log_state(struct builder *b, enum log_list_state state)
{
    static const struct words names[LOG_LIST_STATES] = {
        [LOG_LIST_UNKNOWN] = {"未知", "unknown"},       [LOG_LIST_PENDING] = {"待审核", "pending"},
        [LOG_LIST_QUALIFIED] = {"合格", "qualified"},   [LOG_LIST_USABLE] = {"可用", "usable"},
        [LOG_LIST_READONLY] = {"只读", "read-only"},    [LOG_LIST_RETIRED] = {"已退役", "retired"},
        [LOG_LIST_REJECTED] = {"已拒绝", "rejected"},
    };
    write_state(b, log_list_state_name(state), names[state]);
}
