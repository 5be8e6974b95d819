cathaya_layer(service/site_certificates site_kind.c)
