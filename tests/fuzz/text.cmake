# The text formats and the small structures that stand beside them.
foreach(name checkpoint entry_bundle landmarks note pem properties tai)
  cathaya_fuzz_target(${name} layer_codec)
endforeach()
