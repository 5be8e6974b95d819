# The codecs of texts and small structures; lib/CMakeLists.txt adds them to the layer.
set(codec_text_sources
  landmarks/landmarks.c
  note/checkpoint.c
  note/timestamped_signature.c
  note/note.c
  note/note_key.c
  note/vkey.c
  note/utf8.c
  pem/pem.c
  properties/properties.c
  tai/tai.c
  tai/tai_pattern.c
  tiles/entry_bundle.c)
