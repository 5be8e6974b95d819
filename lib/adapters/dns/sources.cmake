# Not by pkg-config: Debian's libunbound.pc asks for libevent.pc, whose package is not needed.
find_path(UNBOUND_INCLUDE unbound.h REQUIRED)
find_library(UNBOUND_LIBRARY unbound REQUIRED)
cathaya_layer(adapters/dns unbound_config.c unbound_resolver.c)
target_include_directories(layer_adapters_dns SYSTEM PRIVATE "${UNBOUND_INCLUDE}")
target_link_libraries(layer_adapters_dns PRIVATE "${UNBOUND_LIBRARY}")
