# The committed vectors of the GM profile, docs/vectors/gm: included by tests/vectors/CMakeLists.txt.
add_test(NAME vectors/gm COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_gm.py")
set_tests_properties(vectors/gm PROPERTIES LABELS vectors ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>")

# Appendix A.2 of the profile shows what the files hold.
add_test(NAME vectors/gm_profile COMMAND python3 -B "${PROJECT_SOURCE_DIR}/scripts/profile-vectors" --check)
set_tests_properties(vectors/gm_profile PROPERTIES LABELS vectors)
