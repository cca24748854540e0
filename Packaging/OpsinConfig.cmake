# find_package(Opsin) gives the target Opsin::opsin: opsin.h, opsin.hpp and the shared library. Found from this file's own place, so the folder may be moved.
get_filename_component(_opsin_root "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET Opsin::opsin)
  add_library(Opsin::opsin SHARED IMPORTED)
  set_target_properties(
    Opsin::opsin
    PROPERTIES IMPORTED_LOCATION "${_opsin_root}/lib/libopsin.so.@VERSION@"
               IMPORTED_SONAME "libopsin.so.@MAJOR@"
               INTERFACE_INCLUDE_DIRECTORIES "${_opsin_root}/include")
endif()

set(Opsin_VERSION "@VERSION@")
set(Opsin_MODELS "${_opsin_root}/share/opsin/models")
unset(_opsin_root)
