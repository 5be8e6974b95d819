foreach(name edit lint)
  cathaya_unit_test(registry registry_${name})
endforeach()
