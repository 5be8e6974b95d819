cathaya_unit_test(tls openssl_facts)
