cathaya_layer(service/classic_issuer acme_classic_issuer.c ca_certificate.c classic_objects.c classic_order.c classic_publish.c classic_revoke.c
  classic_steps.c leaf.c sign_tbs.c)
