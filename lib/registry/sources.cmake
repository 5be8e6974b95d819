cathaya_layer(registry registry.c registry_bundle.c registry_bundle_things.c registry_check.c registry_diff.c registry_edit.c
  registry_fields.c registry_lint.c registry_lint_audit.c registry_lint_cases.c registry_lint_certificate.c registry_lint_rows.c
  registry_lint_things.c registry_names.c registry_read.c registry_read_case.c registry_read_operator.c registry_read_thing.c
  registry_thing_ct_log.c registry_thing_mtc.c registry_words.c)
