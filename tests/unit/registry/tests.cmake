foreach(name bundle diff edit lint read)
  cathaya_unit_test(registry registry_${name})
endforeach()
