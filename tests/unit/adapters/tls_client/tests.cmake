# fake_loopback_server is made beside the tests of adapters/http_client.
cathaya_unit_test(adapters/tls_client tls_prober fake_loopback_server)
