find_package(PkgConfig REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)
pkg_check_modules(PSL REQUIRED IMPORTED_TARGET libpsl)
# The frame: who asks, and what for. Then what leads from an order to its certificate.
set(acme_frame acme.c acme_account.c acme_binding.c acme_counters.c acme_directory.c acme_key_change.c
  acme_keys.c acme_limits.c acme_nonces.c acme_post.c acme_problem.c acme_reply.c acme_route.c)
file(GLOB acme_orders RELATIVE "${CMAKE_CURRENT_LIST_DIR}" CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/acme_*.c")
list(REMOVE_ITEM acme_orders ${acme_frame})
cathaya_layer(service/acme ${acme_frame} ${acme_orders})
target_link_libraries(layer_service_acme PUBLIC PkgConfig::JANSSON PRIVATE PkgConfig::PSL)
