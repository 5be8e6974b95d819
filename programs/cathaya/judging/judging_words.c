#include "judging/judging_words.h"

#include <string.h>

typedef const char *word_pair[POLICY_LANGUAGES];

const char *judging_word(enum judging_word word, enum policy_language language)
{
    static const word_pair words[JUDGING_WORDS] = {
        [WORD_VERDICT] = {"verdict", "结论"},
        [WORD_LEVEL] = {"level", "认证级别"},
        [WORD_ORGANISATION] = {"organisation", "单位"},
        [WORD_POLICY] = {"policy", "策略"},
        [WORD_SCTS] = {"SCTs", "SCT"},
        [WORD_COSIGNERS] = {"cosigners", "联署方"},
        [WORD_RULES] = {"rules", "规则"},
        [WORD_BUILT_IN] = {"built in", "内置"},
        [WORD_VERSION] = {"version", "版本"},
        [WORD_GOOD] = {"good", "有效"},
        [WORD_BAD] = {"not good", "无效"},
        [WORD_NONE] = {"none", "无"},
        [WORD_FIX] = {"to do", "处理"},
        [WORD_WHY_NOT_HIGHER] = {"not higher", "未更高"},
        [WORD_INTRANET] = {"intranet", "内网"},
        [WORD_OF] = {"of", "/"},
        [WORD_UNKNOWN_LOG] = {"a log that the list does not have", "列表中没有的日志"},
        [WORD_ADDRESS] = {"address", "地址"},
        [WORD_PROTOCOL] = {"protocol", "协议"},
        [WORD_GROUP] = {"group", "密钥交换组"},
        [WORD_SUITE] = {"suite", "密码套件"},
        [WORD_SIGNATURE] = {"signature", "签名"},
        [WORD_CERTIFICATE] = {"certificate", "证书"},
        [WORD_BYTES] = {"bytes", "字节数"},
        [WORD_ANCHORS_SENT] = {"anchors sent", "已发送信任锚"},
        [WORD_SERVER_HAS] = {"server has", "服务器现有"},
        [WORD_RETRIED] = {"retried", "重试"},
        [WORD_BY_LANDMARK] = {"none needed: good by a landmark that is held", "无需：由已持有的里程碑验证"},
    };
    return words[word][language];
}

const char *judging_verdict(enum policy_verdict verdict, enum policy_language language)
{
    static const word_pair words[POLICY_VERDICTS] = {
        [POLICY_VERDICT_SECURE] = {"secure", "安全"},
        [POLICY_VERDICT_NOT_TRANSPARENT] = {"not transparent", "证书不透明"},
        [POLICY_VERDICT_NOT_SECURE] = {"not secure", "不安全"},
        [POLICY_VERDICT_UNTRUSTED] = {"untrusted", "不受信任"},
    };
    return words[verdict][language];
}

const char *judging_result(enum policy_result result, enum policy_language language)
{
    static const word_pair words[] = {
        [POLICY_PASS] = {"pass", "符合"},
        [POLICY_FAIL] = {"FAIL", "不符合"},
        [POLICY_WARNING] = {"warning", "警告"},
        [POLICY_NOTE] = {"note", "提示"},
        [POLICY_NOT_LOOKED_AT] = {"not looked at", "未检查"},
        [POLICY_NOT_APPLICABLE] = {"not for this", "不适用"},
    };
    return words[result][language];
}

const char *judging_effect(enum policy_effect effect, enum policy_language language)
{
    static const word_pair words[] = {
        [POLICY_OFF] = {"", ""},
        [POLICY_INFO] = {"it is only said", "仅提示"},
        [POLICY_WARN] = {"it is a warning", "仅警告"},
        [POLICY_LEVEL_T1] = {"it is shown as T1", "按 T1 显示"},
        [POLICY_NOT_TRANSPARENT] = {"this makes it not transparent", "致使结论为“证书不透明”"},
        [POLICY_NOT_SECURE] = {"this makes it not secure", "致使结论为“不安全”"},
        [POLICY_UNTRUSTED] = {"this makes it untrusted", "致使结论为“不受信任”"},
    };
    return words[effect][language];
}

/* ---- how an SCT came, who cosigned ---- */

struct named {
    const char *name;
    word_pair words;
};

static const struct named *delivery_of(unsigned delivery)
{
    static const struct named rows[] = {
        {"certificate", {"in the certificate", "证书内"}},
        {"tls", {"in TLS", "TLS 扩展"}},
        {"ocsp", {"in OCSP", "OCSP 响应"}},
        {"property", {"beside the certificate", "证书属性"}},
    };
    return &rows[delivery == CT_POLICY_TLS ? 1 : delivery == CT_POLICY_OCSP ? 2 : delivery == CT_POLICY_PROPERTY ? 3 : 0];
}

static const struct named *role_of(enum policy_cosigner_role role)
{
    static const struct named rows[] = {
        [POLICY_COSIGNER_CA] = {"ca", {"CA", "CA 联署方"}},
        [POLICY_COSIGNER_CERTIFYING] = {"certifying", {"second CA cosigner", "CA 第二联署方"}},
        [POLICY_COSIGNER_WITNESS] = {"witness", {"witness", "见证方"}},
        [POLICY_COSIGNER_MIRROR] = {"mirror", {"mirror", "镜像方"}},
        [POLICY_COSIGNER_UNKNOWN] = {"unknown", {"unknown", "未知"}},
    };
    return &rows[role];
}

const char *judging_delivery(unsigned delivery, enum policy_language language)
{
    return delivery_of(delivery)->words[language];
}

const char *judging_role(enum policy_cosigner_role role, enum policy_language language)
{
    return role_of(role)->words[language];
}

const char *judging_delivery_name(unsigned delivery)
{
    return delivery_of(delivery)->name;
}

const char *judging_role_name(enum policy_cosigner_role role)
{
    return role_of(role)->name;
}

enum status judging_language_parse(const char *text, enum policy_language *out, struct error *err)
{
    *out = POLICY_EN;
    if (text == NULL || strcmp(text, "en") == 0)
        return STATUS_OK;
    if (strcmp(text, "zh") != 0)
        return error_set(err, STATUS_USAGE, "--lang %.20s: en or zh", text);
    *out = POLICY_ZH;
    return STATUS_OK;
}
