cathaya_package(SECCOMP libseccomp libseccomp-dev)
file(GLOB gateway_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/*.c")
target_sources(cathaya_program PRIVATE ${gateway_sources})
target_link_libraries(cathaya_program PRIVATE layer_service_site_certificates layer_service_acme_client
  layer_adapters_proxy layer_adapters_http_client layer_adapters_http_server layer_adapters_posix PkgConfig::SECCOMP)
