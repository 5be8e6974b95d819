cathaya_layer(registry registry.c registry_bundle.c registry_bundle_things.c registry_check.c registry_edit.c registry_fields.c registry_names.c
  registry_read.c registry_read_case.c registry_read_operator.c registry_read_thing.c registry_words.c)
