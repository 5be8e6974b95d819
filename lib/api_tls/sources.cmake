# libcathaya-tls: libcathaya and TLS for clients and servers, OpenSSL hidden inside. A program links it or libcathaya.
set(api_tls_sources tls_answer.c tls_choose.c tls_client.c tls_policy.c tls_report.c tls_server.c tls_sites.c tls_trust.c)
cathaya_layer(api_tls ${api_tls_sources})

list(TRANSFORM api_tls_sources PREPEND "${CMAKE_CURRENT_LIST_DIR}/")
add_library(cathaya-tls SHARED "${PROJECT_SOURCE_DIR}/lib/api/verify.c" ${api_tls_sources})
target_compile_definitions(cathaya-tls PRIVATE CATHAYA_VERSION="${PROJECT_VERSION}")
target_link_libraries(cathaya-tls PRIVATE cathaya_flags layer_tls)
target_include_directories(cathaya-tls PUBLIC "${PROJECT_SOURCE_DIR}/include")
set_target_properties(cathaya-tls PROPERTIES VERSION "${PROJECT_VERSION}" SOVERSION 0
  LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
install(TARGETS cathaya-tls LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
