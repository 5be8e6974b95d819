foreach(name trust_contents bundle_signature)
  cathaya_unit_test(rules ${name} mtc_maker)
endforeach()
