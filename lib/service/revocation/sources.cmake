cathaya_layer(service/revocation crl_shards.c revocations_file.c)
