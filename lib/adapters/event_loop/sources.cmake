find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBUV REQUIRED IMPORTED_TARGET libuv)
cathaya_layer(adapters/event_loop event_loop.c event_timers.c serial_worker.c)
target_link_libraries(layer_adapters_event_loop PUBLIC PkgConfig::LIBUV)
