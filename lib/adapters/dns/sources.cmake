# Not by pkg-config: Debian's libunbound.pc asks for libevent.pc, whose package is not needed.
find_path(UNBOUND_INCLUDE unbound.h)
find_library(UNBOUND_LIBRARY unbound)
if(NOT UNBOUND_INCLUDE OR NOT UNBOUND_LIBRARY)
  message(FATAL_ERROR "libunbound is missing: install libunbound-dev (on Debian), or run scripts/get-packages build")
endif()
cathaya_layer(adapters/dns unbound_config.c unbound_resolver.c)
target_include_directories(layer_adapters_dns SYSTEM PRIVATE "${UNBOUND_INCLUDE}")
target_link_libraries(layer_adapters_dns PRIVATE "${UNBOUND_LIBRARY}")
