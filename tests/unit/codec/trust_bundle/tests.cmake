foreach(name trust_bundle trust_delta trust_ct_logs)
  cathaya_unit_test(codec ${name} mtc_maker)
endforeach()
