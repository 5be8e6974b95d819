# Policies, and whole certificates against a fixed world.
cathaya_fuzz_target(policy_text layer_rules)
cathaya_fuzz_target(verify layer_api)
# Makes that world and the seeds: build it, run it when a format changes, and commit what it writes.
add_executable(make_verify_world "${PROJECT_SOURCE_DIR}/tests/fuzz/make_verify_world.c")
target_link_libraries(make_verify_world PRIVATE mtc_maker layer_codec)
