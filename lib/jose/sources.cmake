find_package(PkgConfig REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)
cathaya_layer(jose jwk.c jws.c)
target_link_libraries(layer_jose PUBLIC PkgConfig::JANSSON)
