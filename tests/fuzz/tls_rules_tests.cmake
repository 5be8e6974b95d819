# What TLS clients send, and what comes with certificates.
cathaya_fuzz_target(trust_anchor_list layer_codec)
cathaya_fuzz_target(sct_list layer_codec)
cathaya_fuzz_target(client_hello layer_rules)
