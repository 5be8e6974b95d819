include("${PROJECT_SOURCE_DIR}/cmake/Llhttp.cmake")
cathaya_layer(adapters/http1 chunked_body.c head_lines.c request_head.c request_parser.c response_parser.c status_phrase.c)
target_link_libraries(layer_adapters_http1 PUBLIC llhttp)
