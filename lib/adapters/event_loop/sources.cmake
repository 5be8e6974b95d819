cathaya_package(LIBUV libuv libuv1-dev)
cathaya_layer(adapters/event_loop event_loop.c event_posts.c event_timers.c serial_worker.c)
target_link_libraries(layer_adapters_event_loop PUBLIC PkgConfig::LIBUV)
