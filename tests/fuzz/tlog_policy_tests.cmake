# Witness policies and the verifier keys in them.
cathaya_fuzz_target(tlog_policy layer_rules)
