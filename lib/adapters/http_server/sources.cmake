find_package(ZLIB REQUIRED)
cathaya_layer(adapters/http_server address_table.c body_inflate.c connection.c connection_body.c
  connection_io.c connection_response.c connection_wait.c
  http_server.c listener.c static_files.c)
target_link_libraries(layer_adapters_http_server PUBLIC ZLIB::ZLIB)
