# Certificate Transparency.
foreach(name ct_leaf tree_head)
  cathaya_unit_test(codec ${name})
endforeach()
