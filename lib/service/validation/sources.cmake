cathaya_package(JANSSON jansson libjansson-dev)
cathaya_layer(service/validation addresses.c attempt.c caa_walk.c dns_methods.c http_01.c http_url.c lookup.c
  mpic_validator.c perspective_client.c perspective_json.c perspective_server.c request_check.c
  tls_alpn_01.c validation.c)
target_link_libraries(layer_service_validation PUBLIC PkgConfig::JANSSON)
