# Names are relative to lib/adapters/posix.
set(posix_sources directory.c posix_clock.c posix_object_store.c posix_record_store.c unsynced.c)
