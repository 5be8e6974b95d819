cathaya_package(JANSSON "jansson>=2.13" libjansson-dev)
cathaya_package(PSL libpsl libpsl-dev)
cathaya_package(IDN2 libidn2 libidn2-dev)
# The frame: who asks, and what for. Then what leads from an order to its certificate.
set(acme_frame acme.c acme_account.c acme_binding.c acme_config.c acme_counters.c acme_directory.c
  acme_key_change.c acme_keys.c acme_limits.c acme_nonces.c acme_post.c acme_problem.c acme_reply.c acme_route.c
  acme_url.c)
set(acme_orders acme_authz.c acme_certificate.c acme_challenge.c acme_choice.c acme_finalize.c acme_flight.c
  acme_issuance.c acme_names.c acme_new_order.c acme_order.c acme_order_text.c acme_orders.c acme_records.c acme_renewal.c
  acme_revoke.c acme_sweep.c acme_view.c)
cathaya_layer(service/acme ${acme_frame} ${acme_orders})
target_link_libraries(layer_service_acme PUBLIC PkgConfig::JANSSON PRIVATE PkgConfig::PSL PkgConfig::IDN2)
