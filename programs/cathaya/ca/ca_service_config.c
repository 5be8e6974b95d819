#include "ca/ca_service_config.h"

static const char head[] =
    "# Configuration of the service: cathaya ca run --config FILE. It works as it is, for this machine alone;\n"
    "# what a public CA has to change is marked with (!). --check-config says what is wrong with it. Relative\n"
    "# paths begin at the directory of this file. Every setting: cathaya-ca-run(1) and examples/ca-run.conf.\n\n"
    "# (!) The URL that ACME clients know this server by. The directory is BASE/directory, and that of a profile\n"
    "# BASE/profile/NAME/directory; certificates and accounts are bound to it, so choose one to keep.\n"
    "base-url = \"http://127.0.0.1:8555\"\n\n"
    "# Plain HTTP on loopback, for a proxy in front that speaks https. (!) To do without one, listen on every\n"
    "# address and name a TLS certificate of the ordinary kind:\n"
    "#     listen = {\"0.0.0.0:443\", \"[::]:443\"}\n"
    "#     tls-certificate = \"tls/acme.pem\"\n"
    "#     tls-key = \"tls/acme.key\"\n"
    "listen = {\"127.0.0.1:8555\"}\n\n"
    "# /metrics, /healthz and /readyz; keep it inside.\n"
    "admin-listen = \"127.0.0.1:9180\"\n"
    "# `cathaya ca revoke` talks to the service here.\n"
    "admin-socket = \"admin.sock\"\n"
    "# Accounts, orders, authorizations, certificates.\n"
    "database = \"acme.db\"\n\n";

static const char mirrors[] =
    "    # (!) Mirrors cosign the log, so that nobody has to take this CA's word for it: a C2SP policy file names\n"
    "    # them, and how many must sign.\n"
    "    #     witness first VKEY https://mirror.example       (VKEY: a line of mirror.vkeys of `cathaya mirror init`)\n"
    "    #     quorum first\n"
    "    # policy = \"mirrors.policy\"\n"
    "    # Where the log is served from, when that is not BASE/log/NAME.\n"
    "    # prefix-url = \"https://log.ca.example\"\n"
    "    # Seconds between landmarks.\n"
    "    landmark-interval = 3600\n"
    "}\n\n";

static const char profile_end[] =
    "    # (!) How many mirrors a certificate must carry at least. 0 is for a private hierarchy: no root program\n"
    "    # takes it. Without this line it is 1.\n"
    "    mirrors = 0\n"
    "}\n\n";

static const char more[] =
    "# A second CA in the same process shares accounts and authorizations, so that a certificate of each kind\n"
    "# needs one validation:\n"
    "#     ca \"%s\" { directory = \"/path/of/another/ca/init\" }\n"
    "#     profile \"%s-mtc\" { ca = \"%s\" }\n"
    "# Certificates that are signed directly, for clients of today (`cathaya ca classic init` makes the directory):\n"
    "#     classic \"%s-r1\" { directory = \"/path/of/ca/classic/init\" }\n"
    "#     profile \"%s-classic\" { ca = \"%s-r1\" }\n\n";

static const char validation[] =
    "validation {\n"
    "    # (!) The names that domain owners write into CAA records to allow this CA.\n"
    "    caa-identities = {\"ca.example\"}\n"
    "    # (!) Names are looked at from this machine alone. No public CA may do that: the Baseline Requirements\n"
    "    # ask for several perspectives (BR 3.2.2.9). With `perspective` blocks as below, say quorum = \"br\".\n"
    "    quorum = \"relaxed\"\n"
    "    quorum-remote = 0\n"
    "    quorum-failures = 0\n"
    "    # To try it out with names below localhost, and http-01 on port 8080, take away the marks #try:\n"
    "    #try reach = {\"127.0.0.0/8\"}\n"
    "    #try public-labels = {\"localhost\"}\n"
    "    #try http-port = 8080\n"
    "}\n\n"
    "# `cathaya perspective run` at another place; the secret is the same in its configuration.\n"
    "#     perspective \"fra\" {\n"
    "#         url = \"https://perspective-fra.example\"\n"
    "#         region = \"RIPE\"\n"
    "#         secret-file = \"secrets/fra\"\n"
    "#     }\n\n"
    "# Lookups are recursive and validated with DNSSEC.\n"
    "dns {\n"
    "    trust-anchor = \"/usr/share/dns/root.key\"\n"
    "}\n\n";

static const char rest[] =
    "    # Accounts must agree to it.\n"
    "    # terms-of-service = \"https://ca.example/terms\"\n"
    "    # Accounts must bring a key that was handed out (`eab` blocks).\n"
    "    # external-account-required = true\n"
    "}\n\n"
    "# Limits of accounts, orders and certificates have defaults (examples/ca-run.conf).\n"
    "limits {\n"
    "    # Behind a proxy all clients have its address. (!) Without one, take this line away.\n"
    "    accounts-per-address = {none}\n"
    "    public-suffix-file = \"/usr/share/publicsuffix/public_suffix_list.dat\"\n"
    "}\n";

void ca_service_config_write(const struct ca_config *config, struct builder *out)
{
    bool is_gm = config->draft == &draft_gm;
    const char *own = is_gm ? "gm" : "intl", *other = is_gm ? "intl" : "gm";
    builder_text(out, head);
    builder_printf(out, "ca \"%s\" {\n    directory = \".\"\n", own);
    builder_text(out, mirrors);
    builder_printf(out, "# What clients may order. The lifetime is in seconds.\nprofile \"%s-mtc\" {\n    ca = \"%s\"\n"
                        "    lifetime = %lld\n    backdate = %lld\n    client-auth = %s\n    policy-oid = \"%s\"\n",
                   own, own, (long long)config->lifetime_s, (long long)config->backdate_s,
                   config->has_client_auth ? "true" : "false", config->policy_oid);
    builder_text(out, profile_end);
    builder_printf(out, more, other, other, other, own, own, own);
    builder_text(out, validation);
    builder_printf(out, "acme {\n    # What an order gets that names no profile.\n    default-profile = \"%s-mtc\"\n", own);
    builder_text(out, rest);
}
