# The shipped policies are built in: the files are the one source.
function(cathaya_embed_policy file function)
  set(out "${PROJECT_BINARY_DIR}/generated/${function}.c")
  add_custom_command(OUTPUT "${out}"
    COMMAND ${CMAKE_COMMAND} -E make_directory "${PROJECT_BINARY_DIR}/generated"
    COMMAND ${CMAKE_COMMAND} -DTEXT=${PROJECT_SOURCE_DIR}/policies/${file} -DNAME=${function} -DHEADER=policy/policy_set.h -DOUT=${out}
      -P "${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake"
    DEPENDS "${PROJECT_SOURCE_DIR}/policies/${file}" "${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake" VERBATIM)
  target_sources(layer_policy PRIVATE "${out}")
endfunction()
cathaya_embed_policy(root-program.conf policy_set_default_text)
cathaya_embed_policy(ct-policy.conf policy_set_default_ct_text)
