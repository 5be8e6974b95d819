cathaya_layer(service/classic_issuer ca_certificate.c leaf.c sign_tbs.c)
