cathaya_unit_test(tls openssl_facts)
cathaya_unit_test(tls peer_path)
