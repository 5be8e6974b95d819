# The engine of a root program: one file a line.
set(policy_sources
  policy_words.c
)
