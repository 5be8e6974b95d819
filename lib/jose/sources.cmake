cathaya_package(JANSSON "jansson>=2.13" libjansson-dev)
cathaya_layer(jose jwk.c jws.c)
target_link_libraries(layer_jose PUBLIC PkgConfig::JANSSON)
