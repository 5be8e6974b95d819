cathaya_layer(service/trust_publisher publisher_files.c publisher_keys.c publisher_prune.c publisher_release.c publisher_round.c publisher_versions.c
  trust_assembly.c trust_publisher.c trust_state.c)
