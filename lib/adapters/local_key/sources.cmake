# Names are relative to lib/adapters/local_key.
set(local_key_sources local_key.c)
