cathaya_layer(service/classic_issuer acme_classic_issuer.c ca_certificate.c leaf.c sign_tbs.c)
