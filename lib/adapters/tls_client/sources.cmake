cathaya_layer(adapters/tls_client tls_prober.c)
