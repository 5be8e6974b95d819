cathaya_unit_test(tls openssl_facts)
cathaya_unit_test(tls peer_path)
cathaya_unit_test(tls policy_kinds mtc_maker)
cathaya_unit_test(tls policy_mtc mtc_maker)
