# libcurl over GnuTLS: the OpenSSL of the system stays out of the process.
cathaya_package(CURL libcurl libcurl4-gnutls-dev)
cathaya_layer(adapters/http_client curl_fetch.c curl_loop.c curl_request.c)
target_link_libraries(layer_adapters_http_client PRIVATE PkgConfig::CURL)
